# frozen_string_literal: true

# What a decision costs from Ruby: one line for each row of `benches/README.md`, separated by tabs.
#
#     ruby bench.rb [FOLDER_OF_RULESETS]
#
# `FLAGSTAY_BENCH_MS` is how many milliseconds to spend on a row (default 500).

$LOAD_PATH.unshift(File.expand_path("lib", __dir__))
require "flagstay"

# Measures in rounds, and takes the median of them. What is counted is the processor time of this process, which other
# programs on the machine do not lengthen, less that of an empty loop; for two threads it is the time on the wall.
class Bench
  ROUNDS = 11
  BUDGET = Integer(ENV.fetch("FLAGSTAY_BENCH_MS", "500")) / 1000.0
  ATTRIBUTES = { country: "DE", plan: "pro", age: 34, version: "2.4.1" }.freeze

  def initialize(folder)
    @folder = folder
    @user = user
  end

  def run
    empty_call
    switch
    splits
    per_call
    many
    two_threads
  end

  private

  def user
    Flagstay::User.new("user-42", attributes: ATTRIBUTES)
  end

  def client(name, **options)
    Flagstay::Client.new(ruleset_file: File.join(@folder, name), **options)
  end

  def empty_call
    @empty, allocated = measure { Flagstay::Native.abi_version }
    row("empty foreign call", @empty, allocated)
  end

  def switch
    client = client("boolean.json")
    decision = client.evaluate("rollout", @user)
    expect(decision.error.nil? && [true, false].include?(decision.value), decision)
    row("boolean 50% rollout", *measure { client.enabled?("rollout", @user) })
    prepared = client.prepare_switch("rollout")
    expect(prepared.on?(@user) == decision.value, decision)
    row("same, prepared switch", *measure { prepared.on?(@user) })
  end

  def splits
    client = client("three-rules.json")
    decision = client.evaluate("experiment", @user)
    expect(decision.reason == :rule_match, decision)
    row("three rules then three-way split", *measure { client.text("experiment", @user) })

    sticky = client("sticky.json", store: "memory:")
    sticky.evaluate("experiment", @user)
    decision = sticky.evaluate("experiment", @user)
    expect(decision.sticky?, decision)
    row("same, warm memory store (sticky)", *measure { sticky.text("experiment", @user) })
  end

  def per_call
    client = client("three-rules.json")
    row("user built per call", *measure { client.text("experiment", user) })
  end

  def many
    { "1,000 flags" => 1000, "10,000 flags" => 10_000 }.each do |name, count|
      client = client("flags-#{count}.json")
      keys = Array.new(count) { |n| "flag-#{n}" }
      client.evaluate(keys.last, @user).then { |decision| expect(decision.reason == :rule_match, decision) }
      at = 0
      row(name, *measure { client.evaluate(keys[at = (at + 1) % count], @user) })
    end
  end

  def two_threads
    client = client("three-rules.json")
    work = proc { client.text("experiment", @user) }
    count = [(BUDGET / measure(&work).first * 1e9 / 2).to_i, 1].max
    one = on_threads(1, count * 2, &work)
    both = on_threads(2, count, &work)
    puts "ruby\ttwo threads\t#{both.round(1)}\t-\t#{(one / both).round(2)}"
  end

  # @return [Array<Float>] nanoseconds and allocated objects for each run of the block
  def measure(&)
    count = 64
    count *= 2 while seconds { repeat(count, &) } < BUDGET / ROUNDS / 2
    times = Array.new(ROUNDS) { seconds { repeat(count, &) } - seconds { repeat(count) { nil } } }
    before = GC.stat(:total_allocated_objects)
    repeat(count, &)
    [times.sort[ROUNDS / 2] / count * 1e9, (GC.stat(:total_allocated_objects) - before) / count.to_f]
  end

  def repeat(count)
    n = 0
    while n < count
      yield
      n += 1
    end
  end

  # @return [Float] nanoseconds on the wall for each run, all threads together
  def on_threads(threads, count, &)
    took = seconds(Process::CLOCK_MONOTONIC) do
      Array.new(threads) { Thread.new { repeat(count, &) } }.each(&:join)
    end
    took / (threads * count) * 1e9
  end

  def seconds(clock = Process::CLOCK_PROCESS_CPUTIME_ID)
    start = Process.clock_gettime(clock)
    yield
    Process.clock_gettime(clock) - start
  end

  def expect(condition, decision)
    abort "bench.rb: this is not the decision to be measured: #{decision.inspect}" unless condition
  end

  def row(name, nanoseconds, allocated)
    puts format("ruby\t%<name>s\t%<ns>.1f\t%<allocated>.2f\t%<ratio>.2f",
                name:, ns: nanoseconds, allocated:, ratio: nanoseconds / @empty)
  end
end

Bench.new(ARGV.fetch(0) { File.expand_path("../../benches/rulesets", __dir__) }).run if $PROGRAM_NAME == __FILE__
