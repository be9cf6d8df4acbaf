# frozen_string_literal: true

require "support"
require "timeout"

class StoreTest < Minitest::Test
  include Support

  RECORD = { "splits" => { "colours" => { "variation" => "green", "version" => 1 } } }.freeze
  KEY = %w[user-1 button-colour].freeze

  # A store whose `get` is the block.
  class Asking < HashStore
    def initialize(&block)
      super()
      @block = block
    end

    def get(unit, flag) = @block.call(unit, flag)
  end

  def colour(store, **options)
    client(store:, **options).evaluate("button-colour", user, default: "grey")
  end

  def decided_in_spite_of(store)
    decision = colour(store)
    assert_includes(%w[blue green], decision.value)
    assert_equal([false, nil], [decision.sticky?, decision.error])
    refute_nil(decision.store_error, decision.inspect)
    decision.store_error
  end

  def test_a_draw_is_stored_as_a_hash_and_answers_from_then_on
    store = HashStore.new
    client = client(store:)
    drawn = client.evaluate("button-colour", user)
    assert_equal({ KEY => { "splits" => { "colours" => { "variation" => drawn.value, "version" => 1 } } } },
                 store.records)
    assert_nil(drawn.store_error)
    assert_equal([drawn.value, true], client.evaluate("button-colour", user).then { |d| [d.value, d.sticky?] })
    assert_equal("host", client.status.dig("store", "kind"))
  end

  def test_a_record_may_be_a_hash_with_strings_or_symbols_or_json_text
    [RECORD, JSON.parse(JSON.generate(RECORD), symbolize_names: true), JSON.generate(RECORD)].each do |record|
      decision = colour(HashStore.new(KEY => record))
      assert_equal(["green", true, nil], [decision.value, decision.sticky?, decision.store_error])
    end
  end

  def test_with_set_if_absent_the_first_writer_wins
    store = CompleteStore.new
    blue = (1..).lazy.map { |n| "user-#{n}" }.find { |key| client.text("button-colour", key) == "blue" }
    store.define_singleton_method(:set_if_absent) { |_unit, _flag, _record| RECORD }
    decision = client(store:).evaluate("button-colour", blue)
    assert_equal(["green", true, nil], [decision.value, decision.sticky?, decision.store_error])
  end

  def test_units_and_flags_arrive_as_utf8_with_their_nul
    seen = []
    client = client(store: Asking.new { |*texts| (seen << texts) && nil })
    client.peek("ключ\u0000", "flag\u0000ü")
    client.peek("", "")
    assert_equal([["ключ\u0000", "flag\u0000ü"], ["", ""]], seen)
    assert_equal([Encoding::UTF_8], seen.flatten.map(&:encoding).uniq)
  end

  def test_peek_and_forget_ask_the_store
    store = HashStore.new(KEY => RECORD)
    client = client(store:)
    assert_equal(RECORD, client.peek(*KEY))
    assert_nil(client.peek("user-2", "button-colour"))
    assert_equal(1, client.forget("user-1"))
    assert_empty(store.records)
  end

  def test_forget_removes_what_load_lists_and_nothing_of_others
    store = CompleteStore.new(KEY => RECORD, %w[user-1 retired] => "{}", ["user-1", "ü\u0000"] => { a: 1 },
                              %w[user-2 button-colour] => RECORD)
    assert_equal(3, client(store:).forget("user-1"))
    assert_equal([%w[user-2 button-colour]], store.records.keys)
  end

  def test_a_store_that_raises_does_not_fail_the_decision_and_the_exception_is_kept
    failure = IOError.new("unplugged: ключ\xff")
    client = client(store: Asking.new { raise failure })
    decision = client.evaluate("button-colour", user)
    assert_includes(%w[blue green], decision.value)
    assert_includes(decision.store_error, "IOError: unplugged: ключ")
    assert_same(failure, client.last_store_exception)
    assert_equal(1, client.status.dig("store", "failures"))
    error = assert_raises(Flagstay::StoreError) { client.peek(*KEY) }
    assert_includes(error.message, "unplugged")
  end

  def test_a_draw_made_blind_is_not_written
    store = Asking.new { raise IOError }
    colour(store)
    assert_empty(store.records)
  end

  def test_a_store_that_cannot_write_does_not_fail_the_decision
    store = HashStore.new
    store.define_singleton_method(:set) { |*| raise IOError, "read-only" }
    assert_includes(decided_in_spite_of(store), "read-only")
  end

  def test_a_store_that_throws_or_breaks_does_not_unwind_the_library
    thrown = catch(:out) do
      assert_includes(decided_in_spite_of(Asking.new { throw :out, :thrown }), "throw")
      :not_thrown
    end
    assert_equal(:not_thrown, thrown)
    assert_includes(decided_in_spite_of(Asking.new { throw :nobody }), "UncaughtThrowError")
  end

  def test_garbage_is_not_taken_for_a_record
    ["not JSON", "", "[", "\xff", "5", "null", "[]", JSON.generate("text"), '{"splits": 1}', [1], 5, true,
     { "splits" => [] }].each do |garbage|
      decided_in_spite_of(HashStore.new(KEY => garbage))
    end
  end

  def test_an_answer_that_json_has_no_form_for_is_a_failure
    [Object.new, Time.now, Float::NAN, { "splits" => Object.new }].each do |answer|
      assert_includes(decided_in_spite_of(HashStore.new(KEY => answer)), "the answer of get")
    end
  end

  def test_an_answer_of_set_if_absent_that_is_nothing_is_a_failure
    store = CompleteStore.new
    store.define_singleton_method(:set_if_absent) { |*| nil }
    decided_in_spite_of(store)
  end

  def test_load_must_answer_a_hash
    store = CompleteStore.new
    store.define_singleton_method(:load) { |_unit| [RECORD] }
    assert_includes(assert_raises(Flagstay::StoreError) { client(store:).forget("u") }.message, "load")
  end

  def test_a_slow_store_is_waited_for_and_counted
    client = client(store: Asking.new { sleep(0.08) })
    assert_includes(%w[blue green], client.text("button-colour", user))
    assert_operator(client.status.dig("store", "slow"), :>=, 1)
  end

  def test_a_store_may_call_the_client_back
    client = nil
    answers = []
    depth = 0
    store = Asking.new do |_unit, _flag|
      depth += 1
      if depth < 5
        answers << client.enabled?("new-checkout", "user-1") << client.number("page-size", user) <<
          client.evaluate("layout", user).value << client.evaluate("button-colour", "user-#{depth}").flag
        client.status
        client.evaluate_all(user).peek("dark").value
      end
      nil
    end
    client = client(store:)
    decision = client.evaluate("button-colour", user("user-3"), default: "grey")
    assert_equal("button-colour", decision.flag)
    assert_nil(decision.store_error)
    assert_equal("user-3", store.records.keys.map(&:first).find { |unit| unit == "user-3" })
    assert_equal([true, 20, { "columns" => 3, "naïve" => "ü\u0000" }], answers.first(3))
    assert_equal(%w[button-colour] * 4, answers.grep(/button/))
    client(store:).enabled?("new-checkout", user).then { |on| assert_equal(true, on) }
  end

  def test_a_store_may_close_the_client_that_asks_it
    client = nil
    client = client(store: Asking.new { client.close })
    assert_includes(%w[blue green], client.text("button-colour", user))
    assert_equal(:provider_not_ready, client.evaluate("button-colour", user).error)
  end

  def test_an_interrupt_in_a_store_goes_on_when_the_decision_is_made
    [Interrupt, SystemExit, NoMemoryError].each do |kind|
      client = client(store: Asking.new { raise kind })
      assert_raises(kind) { client.evaluate("button-colour", user) }
      assert_raises(kind) { client.peek(*KEY) }
      assert_equal(true, client.enabled?("new-checkout", user))
    end
  end

  def test_a_thread_that_is_killed_in_a_store_ends_when_the_decision_is_made
    [Thread.method(:exit), -> { sleep }].each do |body|
      asked = Queue.new
      client = client(store: Asking.new { asked.push(true) && body.call })
      went_on = false
      cleaned = false
      thread = Thread.new do
        client.evaluate("button-colour", user)
        went_on = true
      ensure
        cleaned = true
      end
      asked.pop
      thread.kill
      assert_raises(Flagstay::ThreadKilled) { thread.join(5) || flunk("the thread lives on") }
      assert_equal([false, true], [went_on, cleaned])
      assert_equal(true, client.enabled?("new-checkout", user))
    end
  end

  def test_a_deadline_ends_the_waiting_of_a_store
    client = client(store: Asking.new { sleep })
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    decision = begin
      Timeout.timeout(0.1) { client.evaluate("button-colour", user) }
    rescue Timeout::Error
      nil
    end
    assert_operator(Process.clock_gettime(Process::CLOCK_MONOTONIC) - began, :<, 5)
    refute_nil(decision&.store_error || client.last_store_exception || client.status.dig("store", "last_error"))
  end

  def test_an_object_that_is_no_store_is_refused_and_says_what_it_lacks
    error = assert_raises(Flagstay::InvalidConfigError) { Flagstay::Client.new(store: Object.new) }
    assert_includes(error.message, "Object has no get and no set")
    narrow = Class.new { define_method(:get) { |key| key } && define_method(:set) { |key, value| [key, value] } }.new
    error = assert_raises(Flagstay::InvalidConfigError) { Flagstay::Client.new(store: narrow) }
    assert_includes(error.message, "must take 2 arguments")
  end

  def test_a_store_with_optional_or_rest_arguments_is_a_store
    wide = Class.new do
      def get(*) = nil
      def set(unit, flag, record, ttl = 60) = [unit, flag, record, ttl]
    end
    assert_nil(client(store: wide.new).evaluate("button-colour", user).store_error)
  end

  def test_a_store_without_remove_says_so_when_it_is_needed
    bare = Class.new do
      def get(_unit, _flag) = { "splits" => {} }
      def set(_unit, _flag, _record) = nil
    end
    assert_raises(Flagstay::StoreError) { client(store: bare.new).forget("u") }
  end

  def test_collecting_garbage_at_every_turn_changes_nothing
    out = script(<<~'RUBY', seconds: 120)
      require "flagstay"
      store = Class.new do
        def initialize = @records = {}
        def get(unit, flag) = @records[[unit, flag]]
        def set(unit, flag, record) = @records[[unit, flag]] = record
        def remove(unit, flag) = @records.delete([unit, flag])
      end.new
      rules = { format: 1, flags: { colour: { on: true, variations: { blue: "blue" }, off: "blue", default: {
        id: "colours", split: { weights: [{ variation: "blue", percent: 100 }], sticky: true } } } } }
      client = Flagstay::Client.new(ruleset: rules, store: store, events: { exposures: true })
      GC.start
      GC.stress = true
      3.times do |n|
        user = Flagstay::User.new("user-#{n}", attributes: { plan: "pro", list: [n, "x"] })
        decision = client.evaluate("colour", user, default: "grey")
        raise decision.inspect unless decision.store_error.nil? && decision.value == "blue"
        raise "not sticky" unless client.evaluate("colour", "user-#{n}").sticky?
        raise "wrong text" unless client.text("colour", user) == "blue"
        client.enabled?("colour", user)
        raise "forgot" unless client.forget("user-#{n}") == 1
      end
      GC.stress = false
      client.drain_events
      client.close
      puts "done"
    RUBY
    assert_includes(out, "done")
  end
end
