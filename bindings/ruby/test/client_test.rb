# frozen_string_literal: true

require "support"

class ClientTest < Minitest::Test
  include Support

  def test_a_client_without_a_ruleset_answers_defaults_and_says_why
    client = Flagstay::Client.new
    assert_equal(true, client.enabled?("new-checkout", user, default: true))
    assert_equal(false, client.enabled?("new-checkout", user))
    assert_equal(:provider_not_ready, client.evaluate("new-checkout", user).error)
    assert_equal("INITIALIZING", client.status["state"])
  end

  def test_a_switch_is_on_for_those_whom_the_split_takes
    assert_equal([true, false], %w[user-1 user-3].map { |key| client.enabled?("new-checkout", user(key)) })
  end

  def test_a_ruleset_may_be_a_hash_json_text_or_a_file
    file = Tempfile.new("rules").tap { |f| f.write(JSON.generate(rules)) && f.flush }
    clients = [Flagstay::Client.new(ruleset: rules), Flagstay::Client.new(ruleset: JSON.generate(rules)),
               Flagstay::Client.new(ruleset_file: file.path)]
    clients.each { |client| assert_equal(true, client.enabled?("new-checkout", "user-1")) }
  end

  def test_flags_may_be_symbols_and_text_in_any_encoding
    client = client()
    assert_equal(true, client.enabled?(:"new-checkout", "user-1"))
    assert_equal(true, client.enabled?("new-checkout".encode("UTF-16LE"), user))
    assert_equal(true, client.enabled?("flag\u0000ü", user))
    assert_equal(true, client.enabled?("flag\u0000ü".encode("ISO-8859-1"), user))
    assert_equal(true, client.enabled?("flag\u0000ü".b, user))
  end

  def test_a_flag_has_the_same_answer_however_often_and_in_whatever_object_it_is_asked
    client = client()
    user = user()
    literal = "new-checkout"
    texts = [literal, +"new-checkout", String.new("new-checkout").freeze, "new-checkout".b.freeze,
             "new-checkout".encode("UTF-16LE").freeze, :"new-checkout", "flag\u0000ü", "flag\u0000ü".b.freeze]
    assert_equal([true], Array.new(3) { texts.map { |text| client.enabled?(text, user) } }.flatten.uniq)
    changing = +"new-checkout"
    assert_equal(true, client.enabled?(changing, user))
    assert_equal(false, client.enabled?(changing.replace("new-check"), user))
  end

  def test_more_flags_than_a_client_keeps_in_mind_are_each_answered
    names = Array.new(5000) { |n| -"flag-#{n}" }
    on = { on: true, variations: { on: true, off: false }, off: "off" }
    flags = names.each_with_index.to_h { |name, n| [name, { **on, default: n.even? ? "on" : "off" }] }
    client = Flagstay::Client.new(ruleset: { format: 1, flags: })
    user = user()
    2.times { assert_equal([true, false] * 2500, names.map { |name| client.enabled?(name, user) }) }
  end

  def test_a_switch_that_is_not_decided_answers_the_default_on_either_road
    client = client()
    people = [user, "user-1", nil]
    people.each do |person|
      2.times do
        assert_equal([true, false], [true, nil].map { |default| client.enabled?("missing", person, default:) })
      end
    end
  end

  def test_a_flag_that_is_no_text_or_not_utf8_raises
    client = client()
    assert_raises(TypeError) { client.enabled?(nil, user) }
    assert_raises(TypeError) { client.evaluate(7, user) }
    assert_raises(Flagstay::InvalidTextError) { client.enabled?("\xff", user) }
    error = assert_raises(Flagstay::InvalidTextError) { client.text("a\xff", user) }
    assert_equal(:invalid_utf8, error.status)
  end

  def test_a_number_is_an_integer_where_it_is_whole_and_a_float_elsewhere
    client = client()
    assert_same(20, client.number("page-size", user))
    assert_equal(0.5, client.number("page-size", user(plan: "pro")))
    assert_instance_of(Float, client.number("page-size", user(plan: "huge")))
    assert_equal((2**53) + 1, client.value("page-size", user(plan: "huge")))
  end

  def test_a_flag_of_another_type_answers_the_default
    client = client()
    assert_equal(:mine, client.number("button-colour", user, default: :mine))
    assert_equal("mine", client.text("page-size", user, default: "mine"))
    assert_nil(client.text("page-size", user))
    assert_equal(true, client.enabled?("page-size", user, default: true))
    assert_equal([], client.value("page-size", user, default: []))
  end

  def test_a_missing_flag_answers_the_very_object_that_is_the_default
    default = { colour: ["grey"] }
    assert_same(default, client.value("missing", user, default:))
    assert_same(default, client.evaluate("missing", user, default:).value)
    text = "grey".dup
    assert_same(text, client.text("missing", user, default: text))
    assert_equal(7, client.number("missing", user, default: 7))
  end

  def test_texts_and_values_of_every_type_come_back_as_they_were_written
    client = client(store: "memory:")
    assert_includes(%w[blue green], client.text("button-colour", user))
    assert_equal({ "columns" => 3, "naïve" => "ü\u0000" }, client.value("layout", user))
    assert_equal([1, { "a" => nil }], client.json("layout", user(plan: "pro")))
    assert_nil(client.value("layout", user(plan: "null")))
    assert_equal(false, client.value("dark", user))
  end

  def test_a_user_may_be_a_key_a_hash_or_nobody
    client = client()
    assert_equal(true, client.enabled?("new-checkout", "user-1"))
    assert_equal(true, client.enabled?("new-checkout", :"user-1"))
    assert_equal(0.5, client.number("page-size", { key: "u", attributes: { plan: "pro" } }))
    assert_equal(:targeting_key_missing, client.evaluate("new-checkout", nil).error)
    assert_raises(TypeError) { client.enabled?("new-checkout", 7) }
    assert_raises(Flagstay::InvalidUserError) { client.enabled?("new-checkout", { keys: "u" }) }
  end

  def test_all_flags_are_decided_in_the_order_of_the_ruleset
    decisions = client.evaluate_all(user)
    assert_nil(decisions.error)
    assert_equal(rules[:flags].keys, decisions.map(&:flag))
    assert_equal(rules[:flags].size, decisions.size)
    assert_equal(20, decisions.peek("page-size").value)
    assert_nil(decisions["missing"])
    assert_equal(decisions.to_a, decisions.each.to_a)
  end

  def test_all_flags_before_the_first_ruleset_are_none_and_say_why
    decisions = Flagstay::Client.new.evaluate_all(user)
    assert_equal([:provider_not_ready, 0, []], [decisions.error, decisions.size, decisions.to_a])
    assert_nil(decisions["new-checkout"])
  end

  def test_only_what_is_looked_at_by_name_is_exposed
    client = client(events: { exposures: true })
    decisions = client.evaluate_all(user)
    decisions.each(&:value)
    decisions.peek("new-checkout")
    assert_empty(client.drain_events)
    decisions["new-checkout"]
    assert_equal(["new-checkout"], client.drain_events.map { |event| event["flag"] })
  end

  def test_read_mode_stores_and_exposes_nothing
    client = client(store: "memory:", events: { exposures: true })
    client.evaluate("button-colour", user, mode: :read)
    assert_nil(client.peek("user-1", "button-colour"))
    assert_empty(client.drain_events)
    assert_raises(ArgumentError) { client.evaluate("button-colour", user, mode: :write) }
  end

  def test_events_are_drained_oldest_first_and_up_to_a_number
    client = client(now_ms: 1_790_000_000_000)
    3.times { |n| assert_equal(true, client.track("bought", user, value: n, properties: { "ü" => [n] })) }
    first = client.drain_events(1)
    assert_equal([[0, { "ü" => [0] }]], first.map { |event| event.values_at("value", "properties") })
    client.close
    assert_equal([1, 2], client.drain_events.map { |event| event["value"] })
    assert_empty(client.drain_events)
  end

  def test_an_event_that_cannot_be_written_is_an_error_that_names_the_place
    error = assert_raises(Flagstay::InvalidArgumentError) { client.track("bought", user, properties: { at: Time.now }) }
    assert_includes(error.message, "track.properties.at")
  end

  def test_an_explanation_has_the_decision_and_its_steps
    explanation = client.explain("new-checkout", user)
    assert_equal("new-checkout", explanation["flag"])
    assert_equal(true, explanation.dig("decision", "value"))
    refute_empty(explanation["steps"])
  end

  def test_the_status_counts_flags_and_updates
    client = client()
    client.update(rules)
    status = client.status
    assert_equal("READY", status["state"])
    assert_equal(rules[:flags].size, status["flags"])
    assert_equal(2, status.dig("updates", "loaded"))
  end

  def test_a_refused_ruleset_changes_nothing
    client = client()
    assert_raises(Flagstay::InvalidJsonError, Flagstay::InvalidRulesetError) { client.update("{") }
    error = assert_raises(Flagstay::InvalidRulesetError) { client.update({ format: 1, flag: {} }) }
    assert_includes(error.message, "flag")
    assert_equal(:invalid_ruleset, error.status)
    assert_equal(true, client.enabled?("new-checkout", user))
    assert_equal(2, client.status.dig("updates", "refused"))
  end

  def test_a_first_ruleset_that_cannot_be_used_makes_no_client
    assert_raises(Flagstay::InvalidRulesetError) { Flagstay::Client.new(ruleset: { format: 99 }) }
    assert_raises(Flagstay::Error) { Flagstay::Client.new(ruleset_file: "/no/such/file.json") }
  end

  def test_a_wrong_option_is_an_error_that_names_it
    { { dialect: "esperanto" } => "esperanto", { store: "floppy:" } => "store",
      { events: { capacity: "many" } } => "events",
      { store: { url: "memory:", slow: 1 } } => "slow", { now_ms: "noon" } => "now_ms",
      { options: { a: Object.new } } => "options.a" }.each do |options, name|
      error = assert_raises(Flagstay::InvalidConfigError, options.inspect) { Flagstay::Client.new(**options) }
      assert_includes(error.message, name)
    end
    assert_raises(Flagstay::InvalidConfigError) { Flagstay::Client.new(ruleset: rules, ruleset_file: "x") }
    assert_raises(ArgumentError) { Flagstay::Client.new(rulesets: rules) }
  end

  def test_a_ruleset_as_text_cannot_smuggle_in_options
    assert_raises(Flagstay::Error) { Flagstay::Client.new(ruleset: '{"format": 1}, "dialect": "flagstay"') }
  end

  def test_a_closed_client_answers_defaults_and_says_so
    client = client(store: "memory:")
    assert_nil(client.close(timeout: 0.5))
    assert_nil(client.close)
    assert_predicate(client, :closed?)
    assert_equal(true, client.enabled?("dark", user, default: true))
    decision = client.evaluate("new-checkout", user, default: "x")
    assert_equal(["x", :provider_not_ready], [decision.value, decision.error])
    assert_equal(:provider_not_ready, client.evaluate_all(user).error)
    assert_equal("OFF", client.status["state"])
    [-> { client.update(rules) }, -> { client.track("e", user) }, -> { client.peek("u", "f") },
     -> { client.forget("u") }, -> { client.load_assignments(user) },
     -> { client.resolve_countries(nil) }].each do |call|
      assert_equal(:closed, assert_raises(Flagstay::ClosedError, &call).status)
    end
  end

  def test_a_block_closes_the_client_whatever_happens
    kept = nil
    answer = Flagstay::Client.open(ruleset: rules) { |client| (kept = client).enabled?("new-checkout", "user-1") }
    assert_equal([true, true], [answer, kept.closed?])
    assert_raises(KeyError) do
      Flagstay::Client.open { |client| (kept = client) && raise(KeyError) }
    end
    assert_predicate(kept, :closed?)
    refute_predicate(Flagstay::Client.open, :closed?)
  end

  def test_a_stored_variation_survives_a_changed_percentage
    client = client(store: "memory:")
    drawn = client.text("button-colour", user)
    other = (%w[blue green] - [drawn]).first
    changed = JSON.parse(JSON.generate(rules))
    changed["flags"]["button-colour"]["default"]["split"]["weights"] = [{ variation: other, percent: 100 }]
    client.update(changed)
    decision = client.evaluate("button-colour", user)
    assert_equal([drawn, true, :sticky], [decision.value, decision.sticky?, decision.reason])
    assert_equal({ "splits" => { "colours" => { "variation" => drawn, "version" => 1 } } },
                 client.peek("user-1", "button-colour"))
    assert_equal(1, client.forget("user-1"))
    assert_nil(client.peek("user-1", "button-colour"))
    assert_equal(other, client.text("button-colour", user))
  end

  def test_an_assignment_in_a_file_survives_the_client
    folder do |folder|
      url = "sqlite:#{folder}/flags.db"
      drawn = Flagstay::Client.open(ruleset: rules, store: url) { |client| client.text("button-colour", user) }
      Flagstay::Client.open(ruleset: rules, store: { url:, busy_timeout_ms: 100 }) do |client|
        decision = client.evaluate("button-colour", user)
        assert_equal([drawn, true], [decision.value, decision.sticky?])
        assert_equal(true, client.enabled?("new-checkout", user))
        assert_equal(20, client.number("page-size", user))
        assert_equal({ "columns" => 3, "naïve" => "ü\u0000" }, client.value("layout", user))
        assert_equal("STICKY", client.explain("button-colour", "user-1").dig("decision", "reason"))
        assert_equal(drawn, client.evaluate_all(user).peek("button-colour").value)
        assert_equal(drawn, client.peek("user-1", "button-colour").dig("splits", "colours", "variation"))
        assert_equal(true, client.track("bought", user))
        assert_equal(1, client.forget("user-1"))
      end
    end
  end

  def test_text_that_other_threads_may_change_is_read_as_it_was
    folder do |folder|
      client = client(store: "sqlite:#{folder}/flags.db")
      flag = +"page-size"
      changing = Thread.new { 2000.times { flag.replace("x" * rand(200)) && flag.replace("page-size") && Thread.pass } }
      answers = Array.new(2000) { client.evaluate(flag, user).then { |decision| decision.value || decision.error } }
      changing.join
      assert_empty(answers.uniq - [20, :flag_not_found])
      assert_equal("page-size", client.evaluate(flag, user).flag)
    end
  end

  def test_a_thread_that_is_killed_while_it_waits_for_the_disk_leaves_a_client_that_works
    folder do |folder|
      client = client(store: "sqlite:#{folder}/flags.db")
      20.times do |n|
        thread = Thread.new { loop { client.text("button-colour", "user-#{rand(1000)}") } }
        sleep(0.005)
        thread.kill.join
        assert_equal(true, client.enabled?("new-checkout", "user-1"), n.to_s)
      end
    end
  end

  def test_a_client_without_a_store_says_that_it_has_none
    error = assert_raises(Flagstay::NoStoreError) { client.peek("user-1", "button-colour") }
    assert_kind_of(Flagstay::StoreError, error)
    assert_raises(Flagstay::NoStoreError) { client.forget("user-1") }
  end

  def test_what_a_client_shows_of_itself_is_short
    client = client()
    assert_equal("#<Flagstay::Client>", client.inspect)
    client.close
    assert_equal("#<Flagstay::Client closed>", client.inspect)
  end
end
