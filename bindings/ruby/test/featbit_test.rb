# frozen_string_literal: true

require "support"
require "featbit_service"
require "socket"

class FeatBitTest < Minitest::Test
  include Support

  # The platform's service: answers the given bodies one after the other, and keeps what it is asked.
  class Service
    attr_reader :asked

    def initialize(*answers)
      @answers = answers
      @asked = []
      @server = TCPServer.new("127.0.0.1", 0)
      @thread = Thread.new { loop { serve(@server.accept) } }
      @thread.report_on_exception = false
    end

    def url = "http://127.0.0.1:#{@server.addr[1]}/"

    def stop
      @thread.kill.join
      @server.close
    end

    private

    def serve(socket)
      line = socket.gets
      headers = {}
      while (header = socket.gets&.chomp) && !header.empty?
        name, value = header.split(": ", 2)
        headers[name.downcase] = value
      end
      @asked << [line.split.first(2), headers, socket.read(headers["content-length"].to_i)]
      status, body = @answers.shift || [200, ""]
      socket.write("HTTP/1.1 #{status} x\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
    ensure
      socket.close
    end
  end

  VARIATIONS = [{ id: "on", value: "true" }, { id: "off", value: "false" }].freeze

  def flag(key, type = "boolean", variations: VARIATIONS, at: "2026-01-01T00:00:00Z", **more)
    { id: key, key:, name: key, variationType: type, variations:, isEnabled: true, disabledVariationId: "off",
      targetUsers: [], rules: [], exptIncludeAllTargets: false, isArchived: false, updatedAt: at,
      fallthrough: { includedInExpt: true, variations: [everybody(variations.first[:id])] }, **more }
  end

  def everybody(id) = { id:, rollout: [0, 1], exptRollout: 1 }

  def data_sync(*flags, type: "full")
    { messageType: "data-sync", data: { eventType: type, featureFlags: flags, segments: [] } }
  end

  SIZE = [{ id: "a", value: "25" }].freeze
  LAYOUT = [{ id: "l", value: '{"columns": 3}' }].freeze

  def featbit(**options)
    flags = [flag("one-click"), flag("size", "number", variations: SIZE), flag("layout", "json", variations: LAYOUT),
             flag("gone", isArchived: true)]
    Flagstay::Client.new(dialect: "featbit", ruleset: data_sync(*flags), **options)
  end

  def ann(key = "ann", **attributes)
    Flagstay::User.new(key, attributes: { name: "Ann", **attributes })
  end

  def test_values_come_as_the_platform_casts_them
    client = featbit
    assert_equal([true, 25, 25, { "columns" => 3 }],
                 [client.enabled?("one-click", ann), client.number("size", ann), client.value("size", ann, default: 1),
                  client.value("layout", ann, default: {})])
    decision = client.evaluate("layout", ann)
    assert_equal([3, "l", :fallthrough, nil, false],
                 [decision.variable("columns", 1), decision.variation_id, decision.reason, decision.kind,
                  decision.sticky?])
    assert_equal(:invalid_context, client.evaluate("one-click", "ann").error)
    assert_equal([:flag_not_found, "mine"],
                 client.evaluate("gone", ann, default: "mine").then { |gone| [gone.error, gone.value] })
  end

  def test_defaults_of_the_configuration_go_before_those_of_the_call
    client = Flagstay::Client.new(dialect: "featbit", options: { defaults: { "size" => 7, "on" => true } })
    decision = client.evaluate("size", ann, default: 1)
    assert_equal([7, :provider_not_ready], [decision.value, decision.error])
    assert_equal([7, true, "INITIALIZING"],
                 [client.number("size", ann, default: 1), client.enabled?("on", ann), client.status["state"]])
    assert_equal([1, "mine"], [client.number("layout", ann, default: 1), client.text("size", ann, default: "mine")])
  end

  def test_a_patch_changes_what_it_names_and_an_old_message_changes_nothing
    client = featbit
    larger = flag("size", "number", variations: [{ id: "b", value: "50" }], at: "2026-01-02T00:00:00Z")
    client.update(data_sync(larger, type: "patch"))
    assert_equal([50, true], [client.number("size", ann), client.enabled?("one-click", ann)])
    client.update(data_sync(flag("size", "number", variations: SIZE)))
    assert_equal([50, 1], [client.number("size", ann), client.status.dig("updates", "unchanged")])
    assert_raises(Flagstay::Error) { client.update({ messageType: "data-sync", data: 5 }) }
    assert_equal(50, client.number("size", ann))
  end

  def test_all_flags_expose_what_is_looked_at_and_nothing_else
    client = featbit(events: { exposures: true })
    all = client.evaluate_all(ann)
    assert_equal([%w[one-click size layout], nil], [all.map(&:flag), all.error])
    assert_equal([25, nil], [all.peek("size").value, all.peek("gone")])
    assert_empty(client.drain_events)
    2.times { assert_equal(25, all["size"].value) }
    keys = client.drain_events.flat_map { |event| event["variations"].map { |each| each["featureFlagKey"] } }
    assert_equal(%w[size size], keys)
    assert_equal([:invalid_context, []], client.evaluate_all("ann").then { |none| [none.error, none.to_a] })
  end

  def test_metrics_are_queued_and_a_user_is_made_known
    client = featbit
    assert_equal([true, true, true, false],
                 [client.track("bought", ann), client.track("bought", ann, value: -2.5),
                  client.track("$identify", ann), client.track("", ann)])
    assert_equal([1.0, -2.5], client.drain_events.filter_map { |event| event.dig("metrics", 0, "numericValue") })
  end

  def test_rules_are_fetched_and_events_are_posted
    service = Service.new([200, JSON.generate(data_sync(flag("one-click")))], [500, ""], [200, ""], [200, ""],
                          [403, "no"])
    client = Flagstay::Client.new(dialect: "featbit", events: { exposures: true })
    featbit = FeatBitService.new(client, service.url, "secret")
    featbit.pull
    60.times { |n| client.enabled?("one-click", ann("user-#{n}")) }
    featbit.push
    assert_includes(assert_raises(IOError) { featbit.pull }.message, "403")
    assert_equal([%w[GET /api/public/sdk/server/latest-all]] + ([%w[POST /api/public/insight/track]] * 3) +
                 [%w[GET /api/public/sdk/server/latest-all]], service.asked.map(&:first))
    assert_equal(["secret"], service.asked.map { |_, headers, _| headers["authorization"] }.uniq)
    bodies = service.asked[1, 3].map { |_, _, body| JSON.parse(body) }
    assert_equal([50, 50, 10], bodies.map(&:size))
    assert_equal(bodies[0], bodies[1])
    assert_equal("user-59", bodies.last.last.dig("user", "keyId"))
  ensure
    service&.stop
  end

  def test_a_service_that_is_not_there_loses_events_and_nothing_else
    client = featbit
    client.track("bought", ann)
    service = Service.new
    url = service.url
    service.stop
    FeatBitService.new(client, url, "secret").push
    assert_empty(client.drain_events)
    assert_equal(true, client.enabled?("one-click", ann))
  end

  def test_the_adapter_of_the_page_is_the_one_that_is_tested
    source = File.read(File.join(__dir__, "featbit_service.rb"))
    adapter = source[source.index("# Fetches rules")..]
    page = File.read(File.join(__dir__, "../COMING-FROM-FEATBIT.md"))
    assert_includes(page, "```ruby\nrequire \"json\"\nrequire \"net/http\"\n\n#{adapter}```\n")
  end
end
