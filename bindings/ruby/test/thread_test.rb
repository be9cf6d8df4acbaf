# frozen_string_literal: true

require "support"
require "timeout"

class ThreadTest < Minitest::Test
  include Support

  # A ruleset in which each flag answers its own name.
  def echo(count)
    flags = (0...count).to_h do |n|
      ["flag-#{n}", { on: true, variations: { echo: "flag-#{n}", none: "" }, off: "none", default: "echo" }]
    end
    { format: 1, flags: }
  end

  def threads(count, &)
    Array.new(count) { |n| Thread.new(n, &) }.map(&:value)
  end

  def test_sixty_four_threads_each_get_the_answer_to_their_own_question
    [nil, "memory:", HashStore.new].each do |store|
      client = Flagstay::Client.new(ruleset: echo(64), store:)
      wrong = threads(64) do |n|
        Array.new(100) do
          name = "flag-#{n}"
          Thread.pass
          decision = client.evaluate(name, "user-#{n}")
          [decision.flag, decision.value, client.text(name, "user-#{n}")].uniq - [name]
        end.flatten
      end
      assert_empty(wrong.flatten)
    end
  end

  def test_threads_that_meet_a_new_user_on_disk_agree
    folder do |folder|
      client = client(store: "sqlite:#{folder}/flags.db")
      answers = threads(16) { Array.new(20) { |n| client.text("button-colour", "user-#{n}") } }
      assert_equal(1, answers.uniq.size)
    end
  end

  def test_a_client_that_is_closed_during_evaluations_answers_defaults
    folder do |folder|
      ["memory:", "sqlite:#{folder}/flags.db", HashStore.new].each do |store|
        client = client(store:)
        started = Queue.new
        workers = Array.new(8) do |n|
          Thread.new do
            started.push(true)
            1.upto(2000) do |round|
              answer = client.text("button-colour", "user-#{n}-#{round}", default: "mine")
              break answer if answer == "mine"
            end
          end
        end
        8.times { started.pop }
        client.close
        assert_nil(client.close)
        assert_empty(workers.map(&:value).uniq - ["mine", 1])
        assert_equal("mine", client.text("button-colour", user, default: "mine"))
      end
    end
  end

  def test_evaluations_go_on_while_rulesets_are_replaced
    client = Flagstay::Client.new(ruleset: echo(50))
    documents = [JSON.generate(echo(50)), JSON.generate(echo(500))]
    done = false
    updating = Thread.new { documents.cycle { |document| done ? break : client.update(document) } }
    answers = threads(4) { |n| Array.new(2000) { client.text("flag-#{n}", "user-1") }.uniq }
    done = true
    updating.join
    assert_equal((0...4).map { |n| ["flag-#{n}"] }, answers)
  end

  # A thread that holds a lock of its own while it evaluates, and a store that takes that lock: a library that held a
  # lock around the store, or the interpreter lock while it waited, would never come back.
  def test_stores_that_wait_for_each_other_s_threads_do_not_stop_the_process
    out = script(<<~RUBY, seconds: 60)
      require "fixtures"
      store = Class.new(Fixtures::HashStore) do
        attr_accessor :client
        def get(unit, flag)
          Thread.pass
          sleep(0.001)
          client.status
          client.update(Fixtures::RULES) if rand(20).zero?
          client.enabled?("new-checkout", unit)
          super
        end
      end.new
      client = store.client = Flagstay::Client.new(ruleset: Fixtures::RULES, store: store)
      Array.new(4) do |n|
        Thread.new do
          50.times do |round|
            client.evaluate("button-colour", "user-\#{(n + round) % 7}")
            client.peek("user-\#{n}", "button-colour")
            client.forget("user-\#{n}") if round % 10 == 9
          end
        end
      end.each(&:join)
      puts "done"
    RUBY
    assert_includes(out, "done")
  end

  def test_other_threads_run_while_a_store_on_disk_waits
    folder do |folder|
      path = "#{folder}/flags.db"
      out = script(<<~RUBY, seconds: 60)
        require "fixtures"
        client = Flagstay::Client.new(ruleset: Fixtures::RULES, store: { url: "sqlite:#{path}", busy_timeout_ms: 1500 })
        client.text("button-colour", "user-0")
        reader, writer = IO.pipe
        # Another process keeps the file locked for writing.
        pid = spawn("python3", "-c", "import sqlite3, sys; c = sqlite3.connect('#{path}', isolation_level=None); " \\
                                     "c.execute('begin exclusive'); print('locked', flush=True); sys.stdin.read()",
                    in: reader, out: (locked = IO.pipe).last)
        locked.first.gets
        turns = 0
        waiting = Thread.new { client.evaluate("button-colour", "user-1") }
        began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        while waiting.alive? && Process.clock_gettime(Process::CLOCK_MONOTONIC) - began < 20
          sleep(0.01)
          turns += 1
        end
        writer.close
        reader.close
        Process.wait(pid)
        decision = waiting.value
        raise decision.inspect unless decision.store_error && %w[blue green].include?(decision.value)
        raise "only \#{turns} turns" if turns < 30
        puts "done"
      RUBY
      assert_includes(out, "done")
    end
  end

  # A scheduler switches fibers wherever Ruby waits. The library's frames must not be left half-way by one fiber while
  # another enters, so a store waits there as it does without a scheduler.
  def test_a_store_that_waits_under_a_fiber_scheduler_does_not_mix_calls
    out = script(<<~RUBY, seconds: 30)
      require "fixtures"
      # The least that a scheduler is: fibers that sleep, and a loop that wakes them in time.
      class Scheduler
        def initialize = @sleeping = []
        def fiber(&block) = Fiber.new(blocking: false, &block).tap(&:resume)
        def block(*) = Fiber.yield
        def unblock(*) = nil
        def io_wait(_io, events, _timeout) = events

        def kernel_sleep(seconds = nil)
          @sleeping << [Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds.to_f, Fiber.current]
          Fiber.yield
        end

        def close
          until @sleeping.empty?
            at, fiber = @sleeping.delete(@sleeping.min_by(&:first))
            pause = at - Process.clock_gettime(Process::CLOCK_MONOTONIC)
            Process.clock_gettime(Process::CLOCK_MONOTONIC) while (pause -= 0.001).positive?
            fiber.resume
          end
        end
      end
      store = Class.new(Fixtures::HashStore) do
        def get(unit, flag) = super.tap { sleep(unit == "a" ? 0.02 : 0.05) }
        def set(unit, flag, record) = super.tap { sleep(0.02) }
      end.new
      client = Flagstay::Client.new(ruleset: Fixtures::RULES, store: store)
      seen = []
      Thread.new do
        Fiber.set_scheduler(Scheduler.new)
        %w[a b c].each do |key|
          Fiber.schedule do
            sleep(0.001)
            3.times { seen << client.evaluate("button-colour", key).store_error << key }
          end
        end
      end.join
      raise seen.inspect unless seen.compact.tally == { "a" => 3, "b" => 3, "c" => 3 } && seen.size == 18
      raise store.records.inspect unless store.records.size == 3
      puts "done"
    RUBY
    assert_includes(out, "done")
  end
end
