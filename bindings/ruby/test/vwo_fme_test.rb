# frozen_string_literal: true

require "support"
require "connector_store"

class VwoFmeTest < Minitest::Test
  include Support

  # What the vendor's documentation has connectors keep, and what is written today.
  EIGHT = { "featureKey" => "basket", "userId" => "ada", "rolloutId" => 71, "rolloutKey" => "basket_everybody",
            "rolloutVariationId" => 1, "experimentId" => 72, "experimentKey" => "basket_looks",
            "experimentVariationId" => 2 }.freeze
  TEN = EIGHT.merge("isInHoldoutId" => nil, "notInHoldoutId" => []).freeze
  # As the Ruby SDK writes it.
  SNAKE = EIGHT.transform_keys { |name| name.gsub(/[A-Z]/) { |letter| "_#{letter.downcase}" }.to_sym }.freeze

  # A storage connector as an application has it, with the vendor's two methods.
  class Connector
    attr_reader :table

    def initialize(table = {}) = @table = table
    def get(feature_key, user_id) = @table[[feature_key, user_id]]
    def set(data) = @table[[data.fetch("featureKey"), data.fetch("userId")]] = data
  end

  # A settings document: everybody is in the rollout, the experiment has this traffic and these weights.
  def settings(traffic, plain, bold)
    rules = [{ type: "FLAG_ROLLOUT", ruleKey: "everybody", campaignId: 71 },
             { type: "FLAG_TESTING", ruleKey: "looks", campaignId: 72 }]
    feature = { id: 3, key: "basket", name: "Basket", type: "FEATURE_FLAG", status: "ON", metrics: [], rules: }
    variations = [variation(1, "Plain", plain, title: "Basket"),
                  variation(2, "Bold", bold, title: "YOUR BASKET", price: 12.5, columns: 3, gift: true, sale: false,
                                             layout: { wide: true })]
    { version: 1, accountId: 880_077, sdkKey: "abc", features: [feature],
      campaigns: [campaign(71, "everybody", "FLAG_ROLLOUT", variations: [variation(1, "Rollout", 100)]),
                  campaign(72, "looks", "FLAG_TESTING", percentTraffic: traffic, variations:)] }
  end

  def campaign(id, rule, type, **members)
    { id:, key: "basket_#{rule}", name: rule, type:, status: "RUNNING", segments: {}, **members }
  end

  def variation(id, name, weight, **values)
    variables = values.map.with_index { |(key, value), at| { id: at, key:, type: "string", value: } }
    { id:, name:, weight:, segments: {}, variables: }
  end

  def fme(settings, connector)
    Flagstay::Client.new(dialect: "vwo-fme", ruleset: settings, store: ConnectorStore.new(connector))
  end

  def bold = @bold ||= fme(settings(100, 0, 100), Connector.new).evaluate("basket", user)

  def test_a_user_of_a_vwo_store_keeps_the_stored_variation
    [EIGHT, TEN, SNAKE].each do |record|
      client = fme(settings(100, 100, 0), Connector.new({ %w[basket ada] => record }))
      [settings(100, 100, 0), settings(0, 0, 100), settings(0, 100, 0)].each do |changed|
        client.update(changed)
        decision = client.evaluate("basket", "ada")
        assert_equal(["Bold", true, nil], [decision.variation, decision.sticky?, decision.store_error], record.inspect)
      end
      # Without a record the same rules say otherwise.
      other = client.evaluate("basket", "grace")
      assert_equal(["Rollout", false, nil], [other.variation, other.sticky?, other.store_error])
    end
  end

  def test_a_new_user_is_written_in_vwos_shape_and_stays
    connector = Connector.new
    client = fme(settings(100, 0, 100), connector)
    first = client.evaluate("basket", "new")
    assert_equal(["Bold", false, nil], [first.variation, first.sticky?, first.store_error])
    assert_equal([%w[basket new]], connector.table.keys)
    record = connector.table.fetch(%w[basket new])
    assert_equal(TEN.keys.sort, record.keys.sort)
    assert_equal([72, "basket_looks", 2], record.values_at("experimentId", "experimentKey", "experimentVariationId"))
    client.update(settings(0, 100, 0))
    again = client.evaluate("basket", "new")
    assert_equal(["Bold", true], [again.variation, again.sticky?])
  end

  def test_a_variable_is_a_member_of_the_value
    assert_equal(["YOUR BASKET", 12.5, 3, true, { "wide" => true }],
                 %w[title price columns gift layout].map { |name| bold.variable(name) })
    assert_equal(["YOUR BASKET", 12.5, 3, true, false],
                 [bold.variable(:title, "none"), bold.variable("price", 1), bold.variable("columns", 1.5),
                  bold.variable("gift", false), bold.variable("sale", true)])
    assert_equal({ "wide" => true }, bold.variable("layout", {}))
  end

  def test_a_variable_that_is_missing_or_of_another_type_is_the_default
    missing = Object.new
    assert_same(missing, bold.variable("colour", missing))
    assert_equal("YOUR BASKET", bold.variable("title", missing))
    assert_nil(bold.variable("colour"))
    assert_equal([9, "none", [1], 9.5, true, "own"],
                 [bold.variable("title", 9), bold.variable("price", "none"), bold.variable("layout", [1]),
                  bold.variable("gift", 9.5), bold.variable("Gift", true), bold.variable("gift", "own")])
  end

  def test_without_an_object_a_variable_is_the_default
    client = fme(settings(100, 0, 100), Connector.new)
    assert_equal([nil, 3], [client.evaluate("nowhere", "ada").variable("a"),
                            client.evaluate("nowhere", "ada").variable("a", 3)])
    text = Flagstay::Client.new(ruleset: RULES).evaluate("button-colour", user, default: "grey")
    assert_equal("own", text.variable("0", "own"))
    [{ columns: 5, sale: nil }, { "columns" => 5, "sale" => nil }].each do |default|
      own = client.evaluate("nowhere", "ada", default:)
      assert_equal([5, 5, nil, 7, 1], [own.variable("columns"), own.variable(:columns, 2), own.variable("sale"),
                                       own.variable("sale", 7), own.variable("rows", 1)])
    end
  end

  def test_the_adapter_of_the_page_is_the_one_that_is_tested
    source = File.read(File.join(__dir__, "connector_store.rb"))
    adapter = source[source.index("# A flagstay store over")..]
    assert_includes(File.read(File.join(__dir__, "../COMING-FROM-VWO-FME.md")), "```ruby\n#{adapter}```\n")
  end
end
