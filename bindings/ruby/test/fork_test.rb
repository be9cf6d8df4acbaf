# frozen_string_literal: true

require "support"

# A server that loads the application once and then forks workers, as Puma does with preload_app!.
class ForkTest < Minitest::Test
  include Support

  def test_a_client_of_the_parent_decides_in_the_children
    folder do |folder|
      [nil, "memory:", "sqlite:#{folder}/flags.db", HashStore.new].each do |store|
        client = client(store:)
        user = user()
        drawn = client.text("button-colour", user)
        children = Array.new(3) do
          in_a_child do
            [client.enabled?("new-checkout", user), client.text("button-colour", user),
             client.evaluate("button-colour", user).store_error, client.update(rules) && client.status["state"]]
          end
        end
        assert_equal([[true, drawn, nil, "READY"]], children.uniq, store.inspect)
        assert_equal(drawn, client.text("button-colour", user))
      end
    end
  end

  def test_what_a_child_writes_to_disk_is_there_for_the_parent
    folder do |folder|
      client = client(store: "sqlite:#{folder}/flags.db")
      client.text("button-colour", "user-0")
      colours = in_a_child { Array.new(10) { |n| client.text("button-colour", "child-#{n}") } }
      decisions = Array.new(10) { |n| client.evaluate("button-colour", "child-#{n}") }
      assert_equal([[true], colours], [decisions.map(&:sticky?).uniq, decisions.map(&:value)])
    end
  end

  def test_queued_events_stay_with_the_parent
    client = client()
    client.track("parent", user)
    child = in_a_child { client.track("child", user) && client.drain_events.map { |event| event["event"] } }
    assert_equal(["child"], child)
    assert_equal(["parent"], client.drain_events.map { |event| event["event"] })
  end

  def test_a_child_may_close_and_the_parent_goes_on
    folder do |folder|
      ["memory:", "sqlite:#{folder}/flags.db"].each do |store|
        client = client(store:)
        drawn = client.text("button-colour", user)
        assert_nil(in_a_child { client.close })
        assert_equal(drawn, client.text("button-colour", user))
        client.close
        assert_equal("mine", in_a_child { client.text("button-colour", user, default: "mine") })
      end
    end
  end

  def test_a_fork_while_other_threads_evaluate_leaves_a_child_that_works
    folder do |folder|
      client = client(store: "sqlite:#{folder}/flags.db", events: { exposures: true })
      done = false
      workers = Array.new(4) do |n|
        Thread.new { (0..).each { |round| done ? break : client.text("button-colour", "u-#{n}-#{round}") } }
      end
      answers = Array.new(10) do
        in_a_child { [client.evaluate("button-colour", "user-1").store_error, client.status["state"]] }
      end
      done = true
      workers.each(&:join)
      assert_equal([[nil, "READY"]], answers.uniq)
    end
  end

  def test_at_exit_closes_in_parent_and_children_and_every_process_ends
    folder do |folder|
      ["memory:", "sqlite:#{folder}/flags.db"].each do |store|
        out = script(<<~RUBY, seconds: 30)
          require "fixtures"
          client = Flagstay::Client.new(ruleset: Fixtures::RULES, store: #{store.inspect})
          at_exit { client.close; $stdout.write("closed\\n") }
          client.text("button-colour", "user-0")
          pids = Array.new(3) { |n| fork { client.text("button-colour", "user-\#{n}"); exit } }
          pids.each { |pid| raise "a child failed" unless Process.wait2(pid).last.success? }
        RUBY
        assert_equal(4, out.scan("closed").size, out)
      end
    end
  end
end
