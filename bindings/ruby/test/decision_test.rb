# frozen_string_literal: true

require "support"

class DecisionTest < Minitest::Test
  include Support

  def test_a_decision_says_what_was_answered_and_why
    decision = client(store: "memory:").evaluate("button-colour", user)
    assert_equal("button-colour", decision.flag)
    assert_includes(%w[blue green], decision.value)
    assert_equal(decision.value, decision.variation)
    assert_equal([:fallthrough, :text, "colours"], [decision.reason, decision.type, decision.rule_id])
    assert_equal([true, true, false, false],
                 [decision.found?, decision.enabled?, decision.sticky?, decision.default?])
    assert_nil(decision.error)
    assert_nil(decision.store_error)
  end

  def test_every_reason_has_its_name
    client = client()
    assert_equal(:off, client.evaluate("dark", user).reason)
    assert_equal(:rule_match, client.evaluate("page-size", user(plan: "pro")).reason)
    decision = client.evaluate("missing", user)
    assert_equal(%i[error flag_not_found], [decision.reason, decision.error])
    assert_predicate(decision, :default?)
    refute_predicate(decision, :found?)
  end

  def test_a_broken_flag_fails_alone_and_names_the_place
    broken = JSON.parse(JSON.generate(rules))
    broken["flags"]["dark"]["default"] = "nowhere"
    client = Flagstay::Client.new(ruleset: broken)
    decision = client.evaluate("dark", user, default: "mine")
    assert_equal([:general, "mine"], [decision.error, decision.value])
    assert_includes(decision.message, "flags.dark.default")
    assert_equal(true, client.enabled?("new-checkout", user))
  end

  def test_a_value_of_every_type_has_its_type
    client = client()
    types = [client.evaluate("new-checkout", user), client.evaluate("page-size", user),
             client.evaluate("button-colour", user), client.evaluate("layout", user(plan: "pro")),
             client.evaluate("layout", user), client.evaluate("layout", user(plan: "null")),
             client.evaluate("missing", user)].map(&:type)
    assert_equal(%i[boolean number text list object null none], types)
  end

  def test_a_decision_is_frozen_through_and_through
    decision = client.evaluate("layout", user(plan: "pro"))
    assert_predicate(decision, :frozen?)
    assert_predicate(decision.value, :frozen?)
    assert_predicate(decision.value[1], :frozen?)
    assert_predicate(decision.flag, :frozen?)
    assert_raises(FrozenError) { decision.value << 1 }
  end

  def test_a_decision_does_not_change_with_the_text_that_it_was_asked_with
    flag = +"page-size"
    decision = client.evaluate(flag, user)
    flag << "!"
    assert_equal("page-size", decision.flag)
  end

  def test_decisions_are_values
    client = client()
    one = client.evaluate("page-size", user)
    two = client.evaluate("page-size", user)
    assert_equal(one, two)
    assert_equal(1, [one, two].uniq.size)
    refute_equal(one, client.evaluate("page-size", user(plan: "pro")))
  end

  def test_a_decision_outlives_its_client
    decision = client.evaluate("layout", user)
    GC.start
    assert_equal({ "columns" => 3, "naïve" => "ü\u0000" }, decision.value)
  end

  def test_a_decision_can_be_matched_and_shown
    case client.evaluate("page-size", user(plan: "pro"))
    in { value: Float => size, rule_id: "half", sticky: false } then assert_equal(0.5, size)
    end
    assert_includes(client.evaluate("page-size", user).inspect, 'flag="page-size" value=20')
  end

  def test_text_comes_back_as_utf8_with_its_nul
    decision = client.evaluate("flag\u0000ü", user)
    assert_equal(["flag\u0000ü", Encoding::UTF_8], [decision.flag, decision.flag.encoding])
    assert_predicate(decision, :enabled?)
  end

  def test_a_decision_that_could_not_be_begun_is_the_default_and_a_message
    decision = Flagstay::Decision.failed("checkout", "mine", "a bug: ü")
    assert_equal(["checkout", "mine", :error, :general, "a bug: ü", nil, false],
                 [decision.flag, decision.value, decision.reason, decision.error, decision.message, decision.rule_id,
                  decision.found?])
  end

  def test_a_default_that_json_has_no_form_for_is_an_error
    error = assert_raises(Flagstay::InvalidArgumentError) { client.evaluate("missing", user, default: Object.new) }
    assert_includes(error.message, "default")
  end

  def test_a_slot_that_was_used_for_a_large_decision_shows_nothing_of_it_afterwards
    client = client()
    client.evaluate("layout", user)
    decision = client.evaluate("dark", user)
    assert_equal([false, nil, "off"], [decision.value, decision.rule_id, decision.variation])
  end
end
