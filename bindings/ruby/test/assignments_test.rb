# frozen_string_literal: true

require "support"

class AssignmentsTest < Minitest::Test
  include Support

  RECORD = { "splits" => { "colours" => { "variation" => "green", "version" => 1 } } }.freeze
  Assignments = Flagstay::Assignments

  def stored(**more)
    { %w[user-1 button-colour] => RECORD, **more }
  end

  def test_what_the_store_holds_for_a_user_is_loaded_once_for_all_flags
    [HashStore, CompleteStore].each do |kind|
      asked = []
      store = kind.new(stored(%w[user-1 dark] => { "a" => [1, nil] }, %w[user-2 dark] => {}))
      store.define_singleton_method(:get) { |unit, flag| (asked << flag) && super(unit, flag) }
      client = client(store:)
      assignments = client.load_assignments(user)
      assert_equal([{ "button-colour" => RECORD, "dark" => { "a" => [1, nil] } }, nil],
                   [assignments.to_h, assignments.error])
      count = asked.size
      client.evaluate("page-size", user, assignments:)
      assert_equal(count, asked.size)
    end
  end

  def test_a_loaded_snapshot_outlives_the_client_and_does_not_change
    store = CompleteStore.new(stored)
    client = client(store:)
    assignments = client.load_assignments("user-1", "userID")
    client.forget("user-1")
    client.close
    client = nil # rubocop:disable Lint/UselessAssignment
    GC.start
    assert_equal({ "button-colour" => RECORD }, assignments.to_h)
    assert_predicate(assignments, :frozen?)
    assert_predicate(assignments.to_h, :frozen?)
  end

  def test_a_user_without_such_an_id_has_no_assignments
    client = client(store: HashStore.new(stored))
    assert_nil(client.load_assignments(nil))
    assert_nil(client.load_assignments({}))
    assert_equal(:fallthrough, client.evaluate("page-size", user, assignments: nil).reason)
  end

  def test_without_a_store_nothing_is_held
    assert_equal([{}, nil], client.load_assignments(user).then { |assignments| [assignments.to_h, assignments.error] })
  end

  def test_a_store_that_fails_fails_no_call_and_says_why
    store = CompleteStore.new
    store.define_singleton_method(:load) { |_unit| raise IOError, "unplugged: ключ" }
    client = client(store:)
    assignments = client.load_assignments(user)
    assert_includes(assignments.error, "IOError: unplugged: ключ")
    assert_equal({}, assignments.to_h)
    assert_instance_of(IOError, client.last_store_exception)
    assert_includes(assignments.inspect, "unplugged")
    assert_equal(20, client.evaluate("page-size", user, assignments:).value)
  end

  def test_before_there_is_a_ruleset_nobody_knows_what_is_held
    client = Flagstay::Client.new(store: HashStore.new(stored))
    assert_includes(client.load_assignments(user).error, "ruleset")
  end

  def test_an_interrupt_inside_the_store_is_raised_again
    store = CompleteStore.new
    store.define_singleton_method(:load) { |_unit| raise Interrupt, "stop" }
    assert_raises(Interrupt) { client(store:).load_assignments(user) }
  end

  def test_a_closed_client_loads_nothing
    client = client(store: "memory:")
    client.close
    assert_raises(Flagstay::ClosedError) { client.load_assignments(user) }
  end

  def test_assignments_may_come_from_anywhere_as_a_hash_or_json_text
    records = { "price_test" => { value: true, "list" => [1, nil] }, layer: "garbage", "none" => nil }
    expected = { "price_test" => { "value" => true, "list" => [1, nil] }, "layer" => "garbage", "none" => nil }
    assert_equal(expected, Assignments.new(records).to_h)
    assert_equal(expected, Assignments.new(JSON.generate(records)).to_h)
    assert_equal([{}, nil], Assignments.new({}).then { |empty| [empty.to_h, empty.error] })
  end

  def test_what_is_no_object_of_records_is_an_error
    [nil, 5, [], :text].each do |wrong|
      assert_raises(Flagstay::InvalidArgumentError, wrong.inspect) { Assignments.new(wrong) }
    end
    ["", "["].each { |wrong| assert_raises(Flagstay::InvalidJsonError, wrong) { Assignments.new(wrong) } }
    ["[]", "5"].each { |wrong| assert_raises(Flagstay::InvalidArgumentError, wrong) { Assignments.new(wrong) } }
    error = assert_raises(Flagstay::InvalidArgumentError) { Assignments.new({ a: { at: Time.now } }) }
    assert_includes(error.message, "assignments.a.at")
  end

  def test_only_assignments_are_taken_for_assignments
    [{}, "text", user.flagstay_address, Flagstay::User.new("u")].each do |wrong|
      error = assert_raises(TypeError, wrong.class.name) { client.evaluate("dark", user, assignments: wrong) }
      assert_includes(error.message, "assignments")
      assert_raises(TypeError) { client.evaluate_all(user, assignments: wrong) }
    end
    assert_raises(TypeError) { client.load_assignments(user, 5) }
  end

  def test_loading_from_disk_lets_other_threads_run_and_answers_the_same
    folder do |folder|
      client = client(store: "sqlite:#{folder}/flags.db")
      client.text("button-colour", user)
      record = client.peek("user-1", "button-colour")
      threads = Array.new(8) { Thread.new { Array.new(50) { client.load_assignments("user-1").to_h } } }
      loaded = threads.flat_map(&:value)
      assert_equal([{ "button-colour" => record }], loaded.uniq)
    end
  end

  def test_what_it_shows_of_itself_names_no_records
    assert_equal("#<Flagstay::Assignments of 1 flags>", Assignments.new({ "secret" => {} }).inspect)
  end
end
