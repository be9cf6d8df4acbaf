# frozen_string_literal: true

require "support"

class MemoryTest < Minitest::Test
  include Support

  # Kilobytes that a process may grow by while it does the same again and again. Half a kilobyte lost in each of ten
  # thousand rounds is more than that, and so is half a byte in each of ten million.
  ALLOWED = 4096

  # Runs a block in rounds; what the process holds afterwards is compared with what it held after the first ones.
  GROWTH = <<~'RUBY'
    require "flagstay"
    require "json"
    require "fixtures"

    def resident = Integer(File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1])

    def settled
      4.times { GC.start }
      resident
    end

    def growth(rounds, warm_up: rounds / 5)
      warm_up.times { |n| yield n }
      before = settled
      rounds.times { |n| yield n }
      puts settled - before
    end
  RUBY

  def grown(source, seconds: 90)
    Integer(script(GROWTH + source, seconds:).lines.last)
  end

  def test_ten_thousand_clients_leave_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      rules = JSON.generate(Fixtures::RULES)
      growth(10_000) do |n|
        client = Flagstay::Client.new(ruleset: rules, store: "memory:", events: { exposures: true })
        client.text("button-colour", "user-\#{n}")
        client.close if n.even?
        GC.start if (n % 500).zero?
      end
    RUBY
  end

  def test_clients_with_stores_of_ruby_code_leave_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      rules = JSON.generate(Fixtures::RULES)
      growth(3_000) do |n|
        client = Flagstay::Client.new(ruleset: rules, store: Fixtures::CompleteStore.new)
        client.text("button-colour", "user-\#{n}")
        GC.start if (n % 200).zero?
      end
    RUBY
  end

  def test_clients_with_country_resolvers_leave_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      rules = JSON.generate(Fixtures::RULES)
      growth(3_000) do |n|
        client = Flagstay::Client.new(ruleset: rules, countries: ->(_) { "DE" })
        3.times { client.resolve_countries { "FR" } }
        client.enabled?("new-checkout", "user-\#{n}")
        GC.start if (n % 200).zero?
      end
    RUBY
  end

  def test_switches_that_are_made_and_dropped_leave_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      client = Flagstay::Client.new(ruleset: Fixtures::RULES)
      user = Flagstay::User.new("user-1")
      growth(50_000) do |n|
        switch = client.prepare_switch(n.even? ? "new-checkout" : "switch-\#{n}", default: true)
        raise "wrong" unless switch.on?(user)
        begin
          client.prepare_switch("\\xff")
        rescue Flagstay::InvalidTextError
          nil
        end
        GC.start if (n % 2000).zero?
      end
    RUBY
  end

  def test_flags_of_all_names_leave_nothing_behind_beyond_those_that_a_client_prepares
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      client = Flagstay::Client.new(ruleset: Fixtures::RULES)
      user = Flagstay::User.new("user-1")
      growth(100_000) do |n|
        client.enabled?("switch-\#{n}", user)
        client.enabled?(-"literal-\#{n}", user)
      end
    RUBY
  end

  def test_clients_with_the_switches_of_many_flags_leave_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      rules = JSON.generate(Fixtures::RULES)
      user = Flagstay::User.new("user-1")
      growth(500) do |n|
        client = Flagstay::Client.new(ruleset: rules)
        100.times { |flag| client.enabled?("flag-\#{flag}", user) }
        GC.start if (n % 20).zero?
      end
    RUBY
  end

  def test_ten_million_decisions_leave_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      client = Flagstay::Client.new(ruleset: Fixtures::RULES)
      user = Flagstay::User.new("user-1", attributes: { plan: "pro" })
      switch = client.prepare_switch("new-checkout")
      growth(100) do
        n = 0
        client.enabled?("new-checkout", user) && switch.on?(user) while (n += 1) <= 50_000
      end
    RUBY
  end

  def test_everything_else_that_a_client_does_leaves_nothing_behind
    assert_operator(grown(<<~RUBY), :<, ALLOWED)
      client = Flagstay::Client.new(ruleset: Fixtures::RULES, store: "memory:", events: { exposures: true })
      raising = Class.new(Fixtures::HashStore) { def get(*) = raise(IOError, "unplugged") }.new
      failing = Flagstay::Client.new(ruleset: Fixtures::RULES, store: raising)
      growth(10_000) do |n|
        user = Flagstay::User.new("user-1", attributes: { plan: "pro", list: [n, "x" * 1000] }, targeting: {})
        client.evaluate("layout", user, default: { "a" => n })
        client.evaluate("button-colour", { key: "user-2", attributes: { n: n } })
        client.value("page-size", "user-1", default: 5)
        client.text("missing", user, default: "x" * 1000)
        client.evaluate_all(user)["button-colour"]
        client.load_assignments(user).to_h
        failing.load_assignments(user).error
        client.evaluate("layout", user, assignments: Flagstay::Assignments.new({ a: "x" * 1000 }), details: true)
        client.explain("button-colour", user)
        client.peek("user-1", "button-colour")
        client.track("bought", user, value: n)
        client.drain_events
        client.status
        client.forget("user-1")
        failing.evaluate("button-colour", user)
        begin
          client.update("{")
        rescue Flagstay::Error
          nil
        end
        begin
          Flagstay::User.from_json({ nobody: 1 })
        rescue Flagstay::Error
          nil
        end
      end
    RUBY
  end

  def test_a_boolean_decision_allocates_nothing
    client = client()
    user = user()
    switch = client.prepare_switch("new-checkout")
    [-> { client.enabled?("new-checkout", user) }, -> { client.enabled?(:"new-checkout", user) },
     -> { client.enabled?("missing", user, default: true) }, -> { switch.on?(user) }].each do |ask|
      ask.call
      before = GC.stat(:total_allocated_objects)
      1000.times { ask.call }
      assert_operator(GC.stat(:total_allocated_objects) - before, :<, 10)
    end
  end
end
