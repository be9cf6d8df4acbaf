# frozen_string_literal: true

require "support"

class UserTest < Minitest::Test
  include Support

  # A ruleset with one flag, whose value is on where a condition holds.
  def holds?(condition, user)
    flag = { on: true, variations: { on: true, off: false }, off: "off", rules: [{ if: condition, serve: "on" }],
             default: "off" }
    decision = Flagstay::Client.new(ruleset: { format: 1, flags: { f: flag } }).evaluate("f", user)
    assert_nil(decision.error, decision.inspect)
    decision.value
  end

  def test_values_of_every_kind_arrive_as_they_are
    { text: "pro", unicode: "ü\u0000ü", empty: "", whole: -5, large: (2**53) + 1, huge: (2**63) - 1, number: 2.5,
      yes: true, no: false }.each do |name, value|
      user = Flagstay::User.new("u", attributes: { name => value })
      assert(holds?({ attribute: name, equals: value }, user), name.to_s)
      assert(holds?({ attribute: name, equals: value },
                    Flagstay::User.from_json({ key: "u", attributes: { name => value } })), name.to_s)
    end
  end

  def test_whole_numbers_are_exact_beyond_what_a_float_holds
    user = Flagstay::User.new("u", attributes: { n: (2**53) + 1 })
    refute(holds?({ attribute: "n", equals: 2**53 }, user))
    assert(holds?({ attribute: "n", greater_than: 2**53 }, user))
  end

  def test_lists_hashes_and_nil_are_values_too
    user = Flagstay::User.new("u", attributes: { list: ["a", :b, 1], object: { a: [nil, { b: 1.5 }] }, nothing: nil })
    assert(holds?({ attribute: "list", contains: "b" }, user))
    assert(holds?({ attribute: "object", equals: { a: [nil, { b: 1.5 }] } }, user))
    assert(holds?({ attribute: "nothing", present: false }, user))
  end

  def test_symbols_are_texts
    assert(holds?({ attribute: "plan", equals: "pro" }, Flagstay::User.new(:u, attributes: { "plan" => :pro })))
  end

  def test_private_attributes_and_ids_have_their_places
    user = Flagstay::User.new("u", private_attributes: { email: "a@example.com" }, ids: { company: "c-9" })
    assert(holds?({ attribute: "email", ends_with: "@example.com" }, user))
    assert(holds?({ id: "company", one_of: ["c-9"] }, user))
  end

  def test_every_part_is_accepted_empty_or_not
    Flagstay::User::PARTS.each do |part|
      assert_equal("u", Flagstay::User.new("u", part => {}).key)
      assert_equal("u", Flagstay::User.new("u", part => { a: 1 }).key)
      [[1], false, "a"].each do |wrong|
        error = assert_raises(Flagstay::InvalidUserError) { Flagstay::User.new("u", part => wrong) }
        assert_includes(error.message, part.to_s)
      end
    end
  end

  def test_what_json_has_no_form_for_is_an_error_that_names_the_place
    { Float::NAN => "attributes.x", -Float::INFINITY => "attributes.x", Time.now => "attributes.x",
      Object.new => "attributes.x", [1, { "a" => Float::NAN }] => "attributes.x[1].a",
      { 1 => 2 } => "attributes.x", { a: 1, "a" => 2 } => "attributes.x.a", "\xff" => "attributes.x" }
      .each do |value, place|
      error = assert_raises(Flagstay::InvalidUserError, Flagstay::InvalidTextError, value.inspect) do
        Flagstay::User.new("u", attributes: { x: value })
      end
      assert_includes(error.message, place)
    end
    assert_raises(Flagstay::InvalidUserError) { Flagstay::User.new("u", attributes: { 7 => 1 }) }
  end

  def test_a_hash_that_holds_itself_is_an_error
    cycle = {}
    cycle[:again] = cycle
    error = assert_raises(Flagstay::InvalidUserError) { Flagstay::User.new("u", attributes: cycle) }
    assert_includes(error.message, "nested")
  end

  def test_a_key_is_text
    [nil, 7, ["u"], { key: "u" }].each { |key| assert_raises(TypeError) { Flagstay::User.new(key) } }
    assert_raises(Flagstay::InvalidTextError) { Flagstay::User.new("\xff") }
    assert_equal("é", Flagstay::User.new("é".encode("ISO-8859-1")).key)
    assert_equal("é", Flagstay::User.new("é".b).key)
  end

  def test_keys_may_be_empty_or_contain_nul_and_stay_apart
    client = client(store: "memory:")
    ["a\u0000b", "a\u0000c", "a", "ключ"].each { |key| client.text("button-colour", Flagstay::User.new(key)) }
    assert_equal(4, client.status.dig("store", "writes"))
    assert(client.peek("a\u0000b", "button-colour"))
    assert_equal("", Flagstay::User.new("").key)
    assert_equal(false, client.evaluate("dark", "").value)
  end

  def test_large_attributes_are_taken_whole
    text = "x" * 5_000_000
    assert(holds?({ attribute: "text", ends_with: "xyz" }, Flagstay::User.new("u", attributes: { text: "#{text}xyz" })))
    many = (0...5_000).to_h { |n| ["attribute-#{n}", n] }
    assert(holds?({ attribute: "attribute-4999", equals: 4999 }, Flagstay::User.new("u", attributes: many)))
  end

  def test_a_user_from_json_is_the_same_user
    json = '{"key": "user-1", "attributes": {"plan": "pro"}}'
    client = client()
    [json, JSON.parse(json), JSON.parse(json, symbolize_names: true)].each do |document|
      user = Flagstay::User.from_json(document)
      assert_equal(["user-1", 0.5], [user.key, client.number("page-size", user)])
    end
  end

  def test_a_user_from_json_may_lack_a_key_or_be_nobody
    client = client()
    assert_nil(Flagstay::User.from_json("{}").key)
    assert_nil(Flagstay::User.from_json("null").key)
    assert_nil(Flagstay::User.from_json(nil).key)
    assert_nil(Flagstay::User.from_json({ key: 5 }).key)
    assert_equal(:targeting_key_missing, client.evaluate("new-checkout", Flagstay::User.from_json("null")).error)
    assert_equal(20, client.number("page-size", Flagstay::User.from_json("{}")))
  end

  def test_a_document_that_is_no_user_is_an_error_that_says_what_is_wrong
    error = assert_raises(Flagstay::InvalidUserError) { Flagstay::User.from_json('{"key": "u", "attribute": {}}') }
    assert_includes(error.message, "attribute")
    assert_equal(:invalid_user, error.status)
    assert_raises(Flagstay::InvalidUserError) { Flagstay::User.from_json("[]") }
    assert_raises(Flagstay::InvalidUserError, Flagstay::InvalidJsonError) { Flagstay::User.from_json("{") }
  end

  def test_a_user_cannot_change_and_does_not_tell_its_attributes
    key = +"user-1"
    user = Flagstay::User.new(key, private_attributes: { email: "secret@example.com" })
    key << "x"
    assert_equal("user-1", user.key)
    assert_predicate(user, :frozen?)
    refute_includes(user.inspect, "secret")
  end

  def test_a_copy_of_a_user_is_the_user
    user = user()
    assert_same(user, user.dup)
    assert_same(user, user.clone)
    copies = Array.new(3) { Kernel.instance_method(:dup).bind_call(Flagstay::User.new("copied")) }
    assert_equal(["copied"], copies.map(&:key).uniq)
    copies.clear
    4.times { GC.start }
    assert_equal(true, client.enabled?("new-checkout", user))
  end

  def test_a_user_cannot_leave_the_process
    [-> { Marshal.dump(user) }, -> { user.encode_with(nil) }].each do |call|
      assert_includes(assert_raises(TypeError, &call).message, "cannot be dumped")
    end
    assert_raises(TypeError) { client.enabled?("new-checkout", Flagstay::User.allocate) }
  end

  def test_whole_numbers_of_any_size_are_attributes
    [0, -1, (2**62), (2**63) - 1, -(2**63), 2**63, -(2**63) - 1, 2**70].each do |number|
      rules = { format: 1, flags: { "f" => { on: true, variations: { yes: true, no: false }, off: "no", default: "no",
                                             rules: [{ if: { attribute: "n", equals: number }, serve: "yes" }] } } }
      client = Flagstay::Client.new(ruleset: rules)
      assert_equal(true, client.enabled?("f", user("u", n: number)), number.to_s)
      assert_equal(false, client.enabled?("f", user("u", n: number - 1025)), number.to_s) if number.abs < 2**53
    end
  end
end
