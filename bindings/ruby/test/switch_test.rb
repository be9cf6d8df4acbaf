# frozen_string_literal: true

require "statsig_rules"
require "support"

# A switch that is prepared, and the call that prepares one by itself.
class SwitchTest < Minitest::Test
  include Support

  # A switch that keeps its answers, beside one that does not.
  STICKY = { "kept" => { on: true, variations: { on: true, off: false }, off: "off",
                         default: { id: "draw", **Fixtures.split("on", "off", sticky: true) } },
             "plain" => Fixtures::RULES[:flags]["new-checkout"] }.freeze

  def sticky(**options)
    Flagstay::Client.new(ruleset: { format: 1, flags: STICKY }, **options)
  end

  def percent(on)
    { format: 1, flags: { "rollout" => {
      on: true, variations: { on: true, off: false }, off: "off",
      default: { split: { weights: [{ variation: "on", percent: on }, { variation: "off", percent: 100 - on }] } }
    } } }
  end

  # Whoever a decision may be made for.
  def people
    keys = Array.new(30) { |n| "user-#{n}" }
    [*keys.map { |key| user(key) }, user("pro", plan: "pro"), *keys.first(5), :"user-1", nil,
     { key: "user-3", attributes: { plan: "pro" } }, Flagstay::User.from_json("{}"), Flagstay::User.from_json("null")]
  end

  def test_it_answers_what_the_ordinary_call_answers
    client = client()
    ["new-checkout", :"new-checkout", "dark", "page-size", "layout", "flag\u0000ü", "flag\u0000ü".b, "missing",
     "dark".encode("UTF-16LE")].product([false, true, nil, "yes"]) do |flag, default|
      switch = client.prepare_switch(flag, default:)
      fallback = default ? true : false
      people.each do |person|
        decided = client.evaluate(flag, person, default: fallback).value
        expected = [true, false].include?(decided) ? decided : fallback
        2.times do
          answers = [switch.on?(person), client.enabled?(flag, person, default:)]
          assert_equal([expected] * 2, answers, [flag, person, default].inspect)
        end
      end
    end
  end

  def test_it_knows_its_flag_and_its_default
    switch = client.prepare_switch(:dark, default: "yes")
    assert_equal(["dark", true, false], [switch.flag, switch.default?, client.prepare_switch("dark").default?])
    assert_equal('#<Flagstay::Switch "dark">', switch.inspect)
    assert_predicate(switch, :frozen?)
    flag = +"dark"
    switch = client.prepare_switch(flag, default: true)
    flag.replace("new-checkout")
    assert_equal(["dark", false], [switch.flag, switch.on?(user)])
  end

  def test_it_follows_the_ruleset_that_its_client_has
    client = Flagstay::Client.new
    switch = client.prepare_switch("rollout", default: true)
    assert_equal([true, true], [switch.on?(user), client.enabled?("rollout", user, default: true)])
    [100, 0, 100].each do |on|
      client.update(percent(on))
      2.times { assert_equal([on == 100] * 2, [switch.on?(user), client.enabled?("rollout", user)]) }
    end
    client.update({ format: 1, flags: {} })
    assert_equal([true, false], [switch.on?(user), client.enabled?("rollout", user)])
  end

  def test_on_a_client_that_is_closed_it_answers_the_default
    client = client()
    switches = [false, true].map { |default| client.prepare_switch("new-checkout", default:) }
    assert_equal([true, true], switches.map { |switch| switch.on?(user) })
    client.close
    assert_equal([false, true], switches.map { |switch| switch.on?(user) })
    assert_equal([false, true], [false, true].map { |default| client.prepare_switch("dark", default:).on?(user) })
  end

  def test_a_flag_that_is_no_text_makes_no_switch
    client = client()
    [nil, 7, ["dark"]].each { |flag| assert_raises(TypeError) { client.prepare_switch(flag) } }
    error = assert_raises(Flagstay::InvalidTextError) { client.prepare_switch("a\xff") }
    assert_includes(error.message, "flag")
  end

  def test_who_is_no_user_is_refused_on_either_road
    [client, sticky(store: HashStore.new)].each do |client|
      switch = client.prepare_switch("new-checkout")
      ask = [->(user) { switch.on?(user) }, ->(user) { client.enabled?("new-checkout", user) }]
      ask.each do |call|
        [7, 7.5, true, ["user-1"], Object.new, Struct.new(:address).new(1), Flagstay::User,
         Flagstay::User.allocate].each do |wrong|
          assert_raises(TypeError, wrong.inspect) { call.call(wrong) }
        end
        assert_raises(Flagstay::InvalidUserError) { call.call({ keys: "user-1" }) }
        assert_raises(Flagstay::InvalidTextError) { call.call("\xff") }
      end
    end
  end

  def test_what_tells_users_from_others_is_seen_by_nobody_else
    [nil, "user-1", Object.new, {}].each do |other|
      refute_respond_to(other, :flagstay_address)
      assert_raises(NoMethodError) { other.flagstay_address }
    end
  end

  def test_a_subclass_of_a_user_is_a_user
    member = Class.new(Flagstay::User).new("user-1")
    client = client()
    assert_equal([true, true], [client.enabled?("new-checkout", member),
                                client.prepare_switch("new-checkout").on?(member)])
  end

  def test_stores_that_wait_and_stores_of_ruby_code_are_asked
    folder do |folder|
      ["memory:", "sqlite:#{folder}/flags.db", HashStore.new, CompleteStore.new].each do |store|
        client = sticky(store:)
        kept = client.prepare_switch("kept")
        drawn = people.first(30).to_h { |person| [person, kept.on?(person)] }
        assert_equal([true, false], drawn.values.uniq.sort_by { |on| on ? 0 : 1 })
        changed = STICKY.merge("kept" => STICKY["kept"].merge(
          default: { id: "draw", split: { weights: [{ variation: "on", percent: 100 }], sticky: true } }
        ))
        client.update({ format: 1, flags: changed })
        drawn.each do |person, on|
          assert_equal([on] * 2, [kept.on?(person), client.enabled?("kept", person.key)], store.inspect)
        end
        assert_equal(30, client.status.dig("store", "writes"))
      end
    end
  end

  def test_a_store_that_fails_fails_no_switch
    failure = IOError.new("unplugged")
    store = HashStore.new
    store.define_singleton_method(:get) { |*| raise failure }
    client = sticky(store:)
    assert_includes([true, false], client.prepare_switch("kept").on?(user))
    assert_same(failure, client.last_store_exception)
  end

  def test_an_interrupt_in_a_store_goes_on_when_the_switch_has_answered
    store = HashStore.new
    store.define_singleton_method(:get) { |*| raise Interrupt }
    client = sticky(store:)
    switch = client.prepare_switch("kept")
    [client, client.dup].each do |asked|
      assert_raises(Interrupt) { asked.enabled?("kept", user) }
      assert_raises(Interrupt) { asked.prepare_switch("kept").on?(user) }
    end
    2.times { assert_raises(Interrupt) { switch.on?(user) } }
    assert_equal(true, client.prepare_switch("plain").on?(user))
  end

  def test_a_switch_goes_through_the_country_resolver_that_comes_after_it
    client = Flagstay::Client.new(dialect: "statsig", ruleset: StatsigRules.document)
    switch = client.prepare_switch("in_germany")
    visitor = Flagstay::User.new("user-1", attributes: { ip: "1.2.3.4" })
    2.times { refute(switch.on?(visitor)) }
    client.resolve_countries { "DE" }
    assert(switch.on?(visitor))
    client.resolve_countries { raise Interrupt }
    2.times { assert_raises(Interrupt) { switch.on?(visitor) } }
  end

  def test_each_answer_is_exposed_once
    client = client(events: { exposures: true })
    [false, true].each do |default|
      switch = client.prepare_switch("new-checkout", default:)
      [user("user-3"), "user-3", user, "user-1"].each do |person|
        2.times { switch.on?(person) & client.enabled?("new-checkout", person, default:) }
      end
    end
    assert_equal([["user-3", 16], ["user-1", 16]], client.drain_events.map { |event| event["user"] }.tally.to_a)
  end

  def test_more_flags_than_a_client_prepares_are_each_answered_on_either_road
    names = Array.new(Flagstay::Switches::KNOWN + 20) { |n| "flag-#{n}" }
    on = { on: true, variations: { on: true, off: false }, off: "off" }
    flags = names.each_with_index.to_h { |name, n| [name, { **on, default: n.even? ? "on" : "off" }] }
    [nil, HashStore.new].each do |store|
      client = Flagstay::Client.new(ruleset: { format: 1, flags: }, store:)
      names.each { |name| client.enabled?(name, user) }
      names.last(20).each_with_index do |name, n|
        [name, name.to_sym, -name, +name].each do |flag|
          assert_equal([n.even?] * 3, [client.enabled?(flag, user), client.enabled?(flag, "user-1"),
                                       client.prepare_switch(flag).on?(user)])
        end
        assert_equal(false, client.enabled?("#{name}-", user))
        assert_equal(true, client.enabled?(:"#{name}-", user, default: 1))
      end
      assert_raises(TypeError) { client.enabled?(nil, user) }
    end
  end

  def test_a_flag_has_one_switch_however_it_is_written
    table = Flagstay::Switches.new(client.instance_variable_get(:@handle)).table
    texts = ["dark", +"dark", :dark, "dark".b, "dark".encode("US-ASCII"), "dark".encode("UTF-16BE"), String.new("dark")]
    assert_equal(1, texts.map { |text| table[text] }.uniq.size)
    assert_equal(1, [table["ü"], table[:ü], table["ü".b], table["ü".encode("ISO-8859-1")]].uniq.size)
    refute_equal(table["ü"], table["Ã¼".encode("ISO-8859-1")])
    assert_equal(3, [table["dark"], table["ü"], table[""]].uniq.size)
  end

  def test_a_text_that_changes_is_another_flag
    client = client()
    flag = +"missing-#{object_id}"
    refute(client.enabled?(flag, user))
    assert_equal([true, false], [client.enabled?(flag.replace("new-checkout"), user),
                                 client.enabled?(flag.replace("dark"), user)])
  end

  def test_a_flag_that_somebody_else_prepares_is_not_waited_for
    switches = Flagstay::Switches.new(client.instance_variable_get(:@handle))
    lock = switches.instance_variable_get(:@lock)
    prepared = switches.table["dark"]
    lock.synchronize do
      met = Thread.new { %w[dark page-size].map { |flag| switches.table[flag] } }
      assert_equal([prepared, Flagstay::Switches::NONE], met.value)
    end
    assert_operator(switches.table["page-size"], :>, 0)
  end

  def test_a_signal_may_ask
    out = script(<<~RUBY)
      require "fixtures"
      client = Flagstay::Client.new(ruleset: Fixtures::RULES)
      Signal.trap("USR1") { puts(client.enabled?("new-checkout", "user-1"), client.prepare_switch("dark").on?(nil)) }
      Process.kill(:USR1, Process.pid)
      sleep(0.01)
    RUBY
    assert_equal("true\nfalse\n", out)
  end

  def test_threads_that_meet_new_flags_together_each_get_their_answer
    names = Array.new(200) { |n| "flag-#{n}" }
    on = { on: true, variations: { on: true, off: false }, off: "off" }
    flags = names.each_with_index.to_h { |name, n| [name, { **on, default: n.even? ? "on" : "off" }] }
    client = Flagstay::Client.new(ruleset: { format: 1, flags: })
    prepared = names.map { |name| client.prepare_switch(name) }
    answers = Array.new(16) do |n|
      Thread.new do
        person = user("user-#{n}")
        names.zip(prepared).map do |name, switch|
          Thread.pass
          client.enabled?(name.to_sym, person) & switch.on?(person)
        end
      end
    end
    assert_equal([[true, false] * 100], answers.map(&:value).uniq)
  end

  def test_a_switch_goes_on_in_a_forked_child_which_may_close_it
    folder do |folder|
      [nil, "memory:", "sqlite:#{folder}/flags.db", HashStore.new].each do |store|
        client = sticky(store:)
        switch = client.prepare_switch("kept", default: true)
        drawn = switch.on?(user)
        child = in_a_child do
          client.close if (answer = switch.on?(user)) == drawn
          [answer, switch.on?(user), client.prepare_switch("plain").on?(user)]
        end
        assert_equal([drawn, true, false], child)
        assert_equal([drawn, true], [switch.on?(user), client.enabled?("plain", user)])
      end
    end
  end

  # With FLAGSTAY_CHECK the library knows a handle that has been freed.
  def test_a_switch_keeps_its_client_and_a_client_frees_its_switches
    said = script(<<~'RUBY', seconds: 60, FLAGSTAY_CHECK: "1")
      require "fixtures"
      switches = Array.new(20) { Flagstay::Client.new(ruleset: Fixtures::RULES).prepare_switch("new-checkout") }
      4.times { GC.start }
      user = Flagstay::User.new("user-1")
      GC.stress = true
      raise "wrong" unless switches.all? { |switch| switch.on?(user) && switch.on?("user-1") }
      client = Flagstay::Client.new(ruleset: Fixtures::RULES)
      raise "wrong" unless %w[dark new-checkout].map { |flag| client.enabled?(flag, user) } == [false, true]
      GC.stress = false
      client = switches = nil
      GC.start
      puts "done"
    RUBY
    assert_equal("done\n", said)
  end
end
