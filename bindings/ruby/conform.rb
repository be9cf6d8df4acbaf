# frozen_string_literal: true

# Runs conformance vectors through this binding, as a program would use it.
#
#     ruby conform.rb DIRECTORY_OR_FILE...
#
# One line for each dialect on stdout, `<dialect> ruby <passed> <failed>`, then up to twenty failures. Exit status: 0 if
# everything passed, 1 if something failed or nothing ran, 2 for a wrong call.

$LOAD_PATH.unshift(File.expand_path("lib", __dir__))
require "flagstay"
require "json"

# The conformance runner of this language.
module Conform
  # Said when a step is not the one that it should be.
  class Mismatch < StandardError
  end

  # A store of this language's own kind: a map of JSON text, which can be told to fail.
  class Store
    def initialize(records, fault)
      @records = records.to_h { |record| [record.fetch_values("unit", "flag"), JSON.generate(record.fetch("record"))] }
      @fault = fault
    end

    def get(unit, flag)
      raise IOError, "get is told to fail" if %w[get both].include?(@fault)

      @records[[unit, flag]]
    end

    def set(unit, flag, record)
      raise IOError, "set is told to fail" if %w[set both].include?(@fault)

      @records[[unit, flag]] = JSON.generate(record)
    end

    def remove(unit, flag)
      @records.delete([unit, flag])
    end

    def to_a
      @records.map { |(unit, flag), text| { "unit" => unit, "flag" => flag, "record" => JSON.parse(text) } }
    end
  end

  # One case of a vector file: a fresh client, and its steps.
  class Case
    CONFIG = %w[goal_type_to_track opt_out store_fault environment global_custom_fields env_secret defaults].freeze
    KEYS = %w[name ruleset config storage steps].freeze
    STEPS = {
      "evaluate" => %w[flag user kind default assignments enforce_targeting enforce_overrides exposure expect],
      "evaluate_all" => %w[user expect],
      "track" => %w[event user value properties flags expect],
      "ruleset" => %w[name],
      "events" => %w[expect],
      "storage" => %w[expect]
    }.freeze
    DECISION = {
      "found" => :found?, "enabled" => :enabled?, "value" => :value, "variation" => :variation,
      "variation_id" => :variation_id, "rule_id" => :rule_id, "sticky" => :sticky?
    }.freeze

    def initialize(document, rulesets, dialect, now_ms)
      @document = document
      @rulesets = rulesets
      @dialect = dialect
      @now_ms = now_ms
    end

    # @yield for each step that expects something: the step, its number, and nil or what is wrong
    def run
      steps = @document.fetch("steps")
      client = open
      steps.each_with_index do |step, at|
        trouble = attempt { step(client, step) }
        yield step, at + 1, trouble if trouble || step.key?("expect")
      end
    ensure
      client&.close
    end

    private

    def attempt
      yield
      nil
    rescue Mismatch => e
      e.message
    rescue StandardError => e
      "#{e.class}: #{e.message}"
    end

    def open
      unknown = @document.keys - KEYS
      raise Mismatch, "unknown keys of a case: #{unknown.join(", ")}" unless unknown.empty?

      config = @document["config"] || {}
      unknown = config.keys - CONFIG
      raise Mismatch, "unknown configuration: #{unknown.join(", ")}" unless unknown.empty?

      @store = Store.new(@document["storage"], config["store_fault"]) if @document["storage"]
      exposures = @document["steps"].any? { |step| step["op"] == "events" }
      client = Flagstay::Client.new(dialect: @dialect, now_ms: @now_ms, store: @store,
                                    events: ({ exposures: true } if exposures),
                                    options: config.except("store_fault"))
      load(client, @document["ruleset"]) unless @document["ruleset"].nil?
      client
    end

    # Some documents are there to be refused; what the client answers then is what counts.
    def load(client, name)
      client.update(JSON.generate(@rulesets.fetch(name)))
    rescue Flagstay::Error => e
      @refusal = e.message
    end

    def step(client, step)
      operation = step["op"]
      known = STEPS.fetch(operation) { raise Mismatch, "unknown operation #{operation.inspect}" }
      unknown = step.keys - known - ["op"]
      raise Mismatch, "unknown keys of a step: #{unknown.join(", ")}" unless unknown.empty?

      send(operation, client, step)
    end

    def evaluate(client, step)
      decision = client.evaluate(step.fetch("flag"), user(step), default: step["default"], **options(client, step))
      compare_decision(decision, step.fetch("expect"))
    end

    def options(client, step)
      { mode: step.fetch("exposure", true) ? :expose : :read, kind: step["kind"]&.to_sym,
        assignments: assignments(client, step["assignments"]),
        enforce_targeting: switch(step, "enforce_targeting"), enforce_overrides: switch(step, "enforce_overrides") }
    end

    def switch(step, key)
      on = step.fetch(key, false)
      return on if [true, false].include?(on)

      raise Mismatch, "#{key} is true or false, not #{on.inspect}"
    end

    # What the caller passes along: nothing, what the store holds at this step, or a literal.
    def assignments(client, given)
      case given
      when nil then return
      when Hash
        return Flagstay::Assignments.new(JSON.generate(given["values"])) if given.keys == ["values"]
        return loaded(client, given["load"]) if given.keys == ["load"] && given["load"].is_a?(Hash)
      end
      raise Mismatch, "unknown form of assignments: #{given.inspect}"
    end

    def loaded(client, of)
      unknown = of.keys - %w[user id_type]
      raise Mismatch, "unknown keys of assignments: #{unknown.join(", ")}" unless unknown.empty?

      client.load_assignments(user(of), of.fetch("id_type"))
    end

    def evaluate_all(client, step)
      decisions = client.evaluate_all(user(step)).to_h { |decision| [decision.flag, decision] }
      expected = step.fetch("expect")
      compare("the flags", decisions.keys.sort, expected.keys.sort)
      expected.each { |flag, keys| compare_decision(decisions[flag], keys) }
    end

    def track(client, step)
      accepted = client.track(step.fetch("event"), user(step), value: step["value"], properties: step["properties"],
                                                               flags: step["flags"])
      compare("track", { "accepted" => accepted }, step.fetch("expect"))
    end

    def ruleset(client, step)
      load(client, step.fetch("name"))
    end

    def events(client, step)
      compare("events", untimed(client.drain_events), step.fetch("expect"))
    end

    def storage(_client, step)
      raise Mismatch, "the case has no store" if @store.nil?

      order = proc { |record| record.fetch_values("unit", "flag") }
      compare("storage", @store.to_a.sort_by(&order), step.fetch("expect").sort_by(&order))
    end

    def user(step)
      Flagstay::User.from_json(JSON.generate(step.fetch("user")))
    end

    def compare_decision(decision, expected)
      expected.each do |key, value|
        got = case key
              when "reason" then decision.reason.to_s.upcase
              when "error" then decision.error&.to_s&.upcase
              else decision.public_send(DECISION.fetch(key) { raise Mismatch, "unknown key of a decision: #{key}" })
              end
        next if got == value

        refusal = " (the ruleset was refused: #{@refusal})" if @refusal
        raise Mismatch, "#{key}: expected #{value.inspect}, got #{got.inspect} in #{decision.inspect}#{refusal}"
      end
    end

    # Ruby compares numbers by value and hashes regardless of order, which is what the format asks for.
    def compare(what, got, expected)
      raise Mismatch, "#{what}: expected #{expected.inspect}, got #{got.inspect}" unless got == expected
    end

    def untimed(value)
      case value
      when Hash then value.except("timestamp").transform_values { |item| untimed(item) }
      when Array then value.map { |item| untimed(item) }
      else value
      end
    end
  end

  # All files, and the report on them.
  class Report
    SHOWN = 20

    def initialize
      @counts = Hash.new { |counts, dialect| counts[dialect] = { passed: 0, failed: 0 } }
      @failures = []
    end

    def file(path)
      document = JSON.parse(File.read(path), max_nesting: false)
      return unless document.is_a?(Hash) && document.key?("format") && document.key?("cases")

      rulesets = document["rulesets"].transform_values { |ruleset| resolved(ruleset, path) }
      document["cases"].each { |test| run(test, document, rulesets, path) }
    rescue StandardError => e
      dialect = document.is_a?(Hash) ? document.fetch("dialect", "unknown") : "unknown"
      count(dialect, "#{path}\n  #{e.class}: #{e.message}")
    end

    def print
      @counts.sort.each { |dialect, count| puts "#{dialect} ruby #{count[:passed]} #{count[:failed]}" }
      @failures.first(SHOWN).each { |failure| puts "", failure }
    end

    def success?
      @counts.any? && @counts.values.all? { |count| count[:failed].zero? }
    end

    private

    def resolved(ruleset, path)
      return ruleset unless ruleset.is_a?(Hash) && ruleset.key?("$file")

      JSON.parse(File.read(File.expand_path(ruleset["$file"], File.dirname(path))), max_nesting: false)
    end

    def run(test, document, rulesets, path)
      dialect = document.fetch("dialect")
      Case.new(test, rulesets, dialect, document["now_ms"]).run do |step, number, trouble|
        user = JSON.generate(step["user"])
        count(dialect, trouble && "#{path}\n  case #{test["name"].inspect}, step #{number}: #{step["op"]} " \
                                  "flag=#{step["flag"].inspect} user=#{user}\n  #{trouble}")
      end
    rescue StandardError => e
      count(dialect, "#{path}\n  case #{test["name"].inspect}\n  #{e.class}: #{e.message}")
    end

    def count(dialect, failure)
      @counts[dialect][failure ? :failed : :passed] += 1
      @failures << failure if failure
    end
  end

  def self.files(paths)
    paths.flat_map { |path| File.directory?(path) ? Dir[File.join(path, "**", "*.json")] : path }
  end

  def self.main(paths)
    wrong = paths.reject { |path| File.exist?(path) }
    if paths.empty? || wrong.any?
      warn wrong.empty? ? "usage: conform.rb DIRECTORY_OR_FILE..." : "no such file or directory: #{wrong.join(", ")}"
      return 2
    end

    report = Report.new
    files(paths).each { |path| report.file(path) }
    report.print
    report.success? ? 0 : 1
  end
end

exit Conform.main(ARGV) if $PROGRAM_NAME == __FILE__
