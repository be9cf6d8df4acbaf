# frozen_string_literal: true

require "support"
require "saved_store"
require "statsig_rules"

class StatsigTest < Minitest::Test
  include Support

  # A storage as an application has it, with the platform's three methods.
  class Storage
    attr_reader :records, :calls

    def initialize(records = {})
      @records = records
      @calls = []
    end

    def load(key)
      @calls << [:load, key]
      @records[key]
    end

    def save(key, name, record)
      @calls << [:save, key, name]
      (@records[key] ||= {})[name] = record
    end

    def delete(key, name)
      @calls << [:delete, key, name]
      @records[key]&.delete(name)
    end
  end

  # The same for the Ruby SDK: one text for each key.
  class TextStorage
    attr_reader :texts, :saved

    def initialize(texts = {})
      @texts = texts
      @saved = 0
    end

    def load(key) = @texts[key]

    def save(key, text)
      @saved += 1
      @texts[key] = text
    end
  end

  KEY = "user-1:userID"
  # As the SDKs on the platform's core keep it.
  RECORD = { "value" => true, "json_value" => { "price" => 5 }, "rule_id" => "old", "group_name" => "Cheap",
             "secondary_exposures" => [], "undelegated_secondary_exposures" => nil, "config_delegate" => nil,
             "explicit_parameters" => nil, "time" => 1_789_000_000_000, "config_version" => 2 }.freeze
  # As the Ruby SDK keeps it.
  TEXT_RECORD = { "gate_value" => true, "json_value" => { "price" => 5 }, "rule_id" => "old", "group_name" => "Cheap",
                  "secondary_exposures" => [], "config_sync_time" => 1_789_000_000_000,
                  "init_time" => 1_788_000_000_000, "id_type" => "userID", "target_app_ids" => nil,
                  "override_config_name" => nil }.freeze

  def statsig(ruleset = StatsigRules.document, **options)
    Flagstay::Client.new(dialect: "statsig", ruleset:, **options)
  end

  def price(client, assignments, user = "user-1", **options)
    client.evaluate("price_test", user, kind: :experiment, assignments:, **options)
  end

  def told(decision)
    [decision.value["price"], decision.variation, decision.sticky?, decision.store_error]
  end

  def test_names_that_collide_are_told_apart_by_kind
    client = statsig
    decisions = [:gate, :experiment, nil].to_h { |kind| [kind, client.evaluate("price_test", user, kind:)] }
    assert_equal([true, :gate], decisions[:gate].then { |gate| [gate.value, gate.kind] })
    assert_equal([Hash, :experiment], decisions[:experiment].then { |test| [test.value.class, test.kind] })
    assert_equal(:layer, client.evaluate("checkout", user, kind: :layer).kind)
    assert_nil(client(store: nil).evaluate("dark", user).kind)
    assert_equal(:flag_not_found, client.evaluate("limits", user, kind: :gate).error)
  end

  def test_details_are_there_where_they_are_asked_for
    client = statsig
    assert_nil(price(client, nil).details)
    decision = price(client, nil, details: true)
    assert_equal(["userID", 3], decision.details.values_at("id_type", "version"))
    assert_same(decision.details, decision.details)
    assert_predicate(decision.details, :frozen?)
    assert_equal(decision.details, decision.to_h[:details])
    assert_includes(client.evaluate_all(user, details: true).map { |each| each.details&.fetch("id_type") }, "userID")
    assert_equal([nil], client.evaluate_all(user).map(&:details).uniq)
  end

  def test_a_user_of_a_statsig_store_keeps_the_stored_group
    { Storage.new({ KEY => { "price_test" => RECORD } }) => SavedStore,
      TextStorage.new({ KEY => JSON.generate("price_test" => TEXT_RECORD) }) => SavedTextStore }.each do |storage, kind|
      client = statsig(store: kind.new(storage))
      assignments = client.load_assignments(user)
      [StatsigRules.document, StatsigRules.document(control: 0), StatsigRules.document(control: 1000)].each do |changed|
        client.update(changed)
        assert_equal([5, "Cheap", true, nil], told(price(client, assignments)), kind.name)
      end
      refute_equal(5, price(client, client.load_assignments("user-2"), "user-2").value["price"])
    end
  end

  def test_a_new_user_is_saved_in_the_platforms_shape_and_stays
    [[Storage.new, SavedStore], [TextStorage.new, SavedTextStore]].each do |storage, kind|
      client = statsig(store: kind.new(storage))
      first = price(client, client.load_assignments("new"), "new")
      client.update(StatsigRules.document(control: first.variation == "Control" ? 0 : 1000))
      again = price(client, client.load_assignments("new"), "new")
      assert_equal([first.variation, true, nil], [again.variation, again.sticky?, again.store_error], kind.name)
      assert_equal(RECORD.keys.sort, client.peek("new:userID", "price_test").keys.sort)
      refute_equal(first.variation, price(client, client.load_assignments("other"), "other").variation)
    end
  end

  def test_a_call_without_assignments_removes_what_is_stored
    storage = Storage.new({ KEY => { "price_test" => RECORD, "kept" => RECORD } })
    client = statsig(store: SavedStore.new(storage))
    assert_equal([false, nil], price(client, nil).then { |live| [live.sticky?, live.store_error] })
    assert_equal(["kept"], storage.records[KEY].keys)
    texts = TextStorage.new({ KEY => JSON.generate("price_test" => TEXT_RECORD, "kept" => TEXT_RECORD) })
    client = statsig(store: SavedTextStore.new(texts))
    3.times { price(client, nil) }
    assert_equal([["kept"], 1], [JSON.parse(texts.texts[KEY]).keys, texts.saved])
    assert_equal(1, client.forget(KEY))
  end

  def test_one_load_serves_any_number_of_decisions
    storage = Storage.new({ KEY => { "price_test" => RECORD } })
    client = statsig(store: SavedStore.new(storage))
    assignments = client.load_assignments(user)
    storage.calls.clear
    10.times { assert_predicate(price(client, assignments), :sticky?) }
    assert_empty(storage.calls)
  end

  def test_assignments_of_ones_own_answer_too
    client = statsig(store: SavedStore.new(Storage.new))
    assert_equal([5, "Cheap", true, nil], told(price(client, Flagstay::Assignments.new({ price_test: RECORD }))))
    refute_predicate(price(client, Flagstay::Assignments.new({})), :sticky?)
  end

  def test_without_a_store_assignments_are_ignored
    refute_predicate(price(statsig, Flagstay::Assignments.new({ price_test: RECORD })), :sticky?)
  end

  def test_enforced_targeting_lets_go_of_users_who_are_excluded_today
    client = statsig(store: SavedStore.new(Storage.new))
    assignments = Flagstay::Assignments.new({ price_test: RECORD })
    excluded = user("user-1", plan: "free")
    assert_equal([5, true], price(client, assignments, excluded).then { |kept| [kept.value["price"], kept.sticky?] })
    decision = price(client, assignments, excluded, enforce_targeting: true)
    assert_equal(["inlineTargetingRules", false], [decision.rule_id, decision.sticky?])
    assert_predicate(price(client, assignments, user, enforce_targeting: true, enforce_overrides: true), :sticky?)
  end

  def test_an_inactive_experiment_lets_go_of_everybody
    storage = Storage.new({ KEY => { "price_test" => RECORD } })
    client = statsig(StatsigRules.document(active: false), store: SavedStore.new(storage))
    refute_predicate(price(client, client.load_assignments(user)), :sticky?)
    assert_empty(storage.records[KEY])
  end

  def test_a_storage_that_fails_while_loading_loses_nobody
    storage = Storage.new({ KEY => { "price_test" => RECORD } })
    storage.define_singleton_method(:load) { |_key| raise IOError, "unplugged" }
    client = statsig(store: SavedStore.new(storage))
    assignments = client.load_assignments(user)
    assert_includes(assignments.error, "unplugged")
    decision = price(client, assignments)
    assert_equal([false, nil], [decision.sticky?, decision.error])
    assert_includes(decision.store_error, "unplugged")
    assert_equal({ "price_test" => RECORD }, storage.records[KEY])
  end

  def test_a_user_without_the_id_has_no_assignments_and_no_place_in_the_store
    client = statsig(store: SavedStore.new(Storage.new))
    assert_nil(client.load_assignments(user, "companyID"))
    company = Flagstay::User.new("user-1", ids: { companyID: "c-7" })
    assert_equal({}, client.load_assignments(company, :companyID).to_h)
  end

  def test_an_override_goes_before_everything_else
    client = statsig(store: SavedStore.new(Storage.new))
    assignments = Flagstay::Assignments.new({ price_test: RECORD })
    assert_same(client, client.override(:experiment, "price_test", { price: 1 }))
    client.override(:experiment, "price_test", { price: 2 }, id: "user-2").override(:gate, "nowhere", true)
    assert_equal([1, 2, true, 3], [price(client, assignments).value["price"],
                                   price(client, assignments, "user-2").value["price"],
                                   client.enabled?("nowhere", user), client.status["overrides"]])
    client.remove_override(:experiment, "price_test", id: "user-2")
    assert_equal(1, price(client, nil, "user-2").value["price"])
    client.override_group("price_test", "Test", id: "user-3")
    assert_equal({ "price" => 7, "sale" => true }, price(client, nil, "user-3").value)
    assert_equal({}, client.override_group("price_test", "Nobody").then { price(client, nil).value })
    client.clear_overrides
    assert_equal([5, 0], [price(client, assignments).value["price"], client.status["overrides"]])
  end

  def test_an_override_of_the_empty_id_is_not_one_for_everybody
    client = statsig
    client.override(:gate, "nowhere", true, id: "")
    assert_equal([true, false], [client.enabled?("nowhere", ""), client.enabled?("nowhere", "user-1")])
    client.remove_override(:gate, "nowhere")
    assert_equal([false, 0], [client.enabled?("nowhere", ""), client.status["overrides"]])
  end

  def test_a_closed_client_knows_no_overrides
    client = statsig
    client.close
    [-> { client.override(:gate, "g", true) }, -> { client.override_group("e", "g") },
     -> { client.remove_override(:gate, "g") }, -> { client.clear_overrides }].each do |call|
      assert_raises(Flagstay::ClosedError, &call)
    end
  end

  def german?(client, **attributes)
    client.enabled?("in_germany", user("user-1", **attributes))
  end

  def test_a_resolver_is_asked_for_users_who_come_without_a_country
    asked = []
    client = statsig
    refute(german?(client, ip: "1.2.3.4"))
    client.resolve_countries { |ip| (asked << ip) && "DE" }
    assert(german?(client, ip: "1.2.3.4"))
    refute(german?(client, ip: "1.2.3.4", country: "FR"))
    assert_equal(["1.2.3.4"], asked)
    client.resolve_countries(->(_) { "FR" })
    refute(german?(client, ip: "1.2.3.4"))
    client.resolve_countries(nil)
    refute(german?(client, ip: "1.2.3.4"))
  end

  def test_flags_that_were_asked_before_go_through_the_resolver_that_comes_later
    client = statsig
    user = user("user-1", ip: "1.2.3.4")
    flag = "in_germany"
    2.times { refute(client.enabled?(flag, user)) }
    client.resolve_countries { raise Interrupt }
    assert_raises(Interrupt) { client.enabled?(flag, user) }
  end

  def test_a_resolver_that_raises_leaves_the_country_unknown
    failure = IOError.new("no table")
    [nil, "memory:", HashStore.new].each do |store|
      client = statsig(store:, countries: ->(_) { raise failure })
      refute(german?(client, ip: "1.2.3.4"))
      assert_same(failure, client.last_country_exception)
    end
  end

  def test_what_is_no_standard_error_goes_on_after_the_decision
    folder do |folder|
      [nil, "memory:", "sqlite:#{folder}/flags.db", HashStore.new].each do |store|
        client = statsig(store:, countries: ->(_) { raise SystemExit })
        assert_raises(SystemExit, store.inspect) { german?(client, ip: "1.2.3.4") }
        thrown = catch(:out) do
          client.resolve_countries { throw :out, :thrown }
          refute(german?(client, ip: "1.2.3.4"))
          :not_thrown
        end
        assert_equal(:not_thrown, thrown)
      end
    end
  end

  def test_a_thread_that_is_killed_in_a_resolver_leaves_a_client_that_works
    folder do |folder|
      [nil, "sqlite:#{folder}/flags.db"].each do |store|
        entered = Queue.new
        client = statsig(store:, countries: ->(_) { entered.push(true) && sleep })
        thread = Thread.new { german?(client, ip: "1.2.3.4") }
        entered.pop
        thread.kill
        assert_raises(Flagstay::ThreadKilled) { thread.value }
        client.resolve_countries { "DE" }
        assert(german?(client, ip: "1.2.3.4"))
      end
    end
  end

  def test_a_resolver_may_ask_the_client
    client = statsig
    client.resolve_countries { |_| client.evaluate("limits", "inner").value["max"] == 10 ? "DE" : nil }
    assert(german?(client, ip: "1.2.3.4"))
  end

  def test_threads_each_get_the_country_of_their_own_user
    client = statsig(countries: ->(ip) { Thread.pass || (ip.end_with?(".1") ? "DE" : "FR") })
    wrong = Array.new(16) do |n|
      Thread.new do
        user = user("user-#{n}", ip: "10.0.#{n}.#{n % 2}")
        Array.new(200) { client.enabled?("in_germany", user) }.uniq - [n.odd?]
      end
    end
    assert_empty(wrong.flat_map(&:value))
  end

  def test_resolvers_are_replaced_while_threads_decide
    client = statsig(countries: ->(_) { "DE" })
    done = false
    workers = Array.new(4) { Thread.new { nil until german?(client, ip: "1.2.3.4").nil? || done } }
    200.times do |n|
      client.resolve_countries(n.even? ? ->(_) { "FR" } : ->(_) { "DE" })
      GC.start if (n % 50).zero?
    end
    done = true
    workers.each(&:join)
    assert(german?(client, ip: "1.2.3.4"))
  end

  def test_assignments_overrides_and_countries_work_in_a_forked_child
    client = statsig(store: SavedStore.new(Storage.new({ KEY => { "price_test" => RECORD } })))
    client.resolve_countries { "DE" }
    client.override(:gate, "nowhere", true)
    assignments = client.load_assignments(user)
    child = in_a_child do
      [price(client, assignments).sticky?, price(client, client.load_assignments(user)).sticky?,
       german?(client, ip: "1.2.3.4"), client.enabled?("nowhere", user),
       client.clear_overrides.enabled?("nowhere", user)]
    end
    assert_equal([true, true, true, true, false], child)
    assert(client.enabled?("nowhere", user))
  end

  def test_the_garbage_collector_takes_nothing_that_is_in_use
    client = statsig(store: SavedStore.new(Storage.new({ KEY => { "price_test" => RECORD } })))
    client.resolve_countries { |ip| "D#{ip[0] == "1" ? "E" : "K"}" }
    GC.stress = true
    assert_equal([5, "Cheap", true, nil], told(price(client, client.load_assignments("user-1"), details: true)))
    assert(german?(client, ip: "1.2.3.4"))
    GC.stress = false
  ensure
    GC.stress = false
  end

  def test_a_decision_of_all_flags_is_found_by_name_and_kind
    client = statsig(events: { exposures: true })
    all = client.evaluate_all(user)
    assert_equal([%i[config limits], %i[experiment price_test], %i[gate in_germany], %i[gate price_test],
                  %i[layer checkout]].sort, all.map { |each| [each.kind, each.flag.to_sym] }.sort)
    assert_equal([true, :gate], all.peek("price_test", :gate).then { |gate| [gate.value, gate.kind] })
    assert_equal(:experiment, all.peek("price_test", :experiment).kind)
    assert_nil(all["limits", :gate])
    assert_empty(client.drain_events)
    all["price_test", :experiment]
    assert_equal(1, client.drain_events.size)
  end

  def test_the_adapters_of_the_page_are_the_ones_that_are_tested
    source = File.read(File.join(__dir__, "saved_store.rb"))
    page = File.read(File.join(__dir__, "../COMING-FROM-STATSIG.md"))
    core, text = source[source.index("# A flagstay store over")..].split("\n\n# A flagstay store over")
    assert_includes(page, "```ruby\n#{core}\n```\n")
    assert_includes(page, "```ruby\n# A flagstay store over#{text}```\n")
  end
end
