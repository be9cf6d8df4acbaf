using System;
using System.Linq;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

public class ThreadTests
{
    private const int Many = 64;

    [Fact]
    public void Sixty_four_threads_each_get_the_answer_to_their_own_question()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Echo(Many));
        Threads.Together(Many, number =>
        {
            string own = $"echo-{number}";
            using var user = new User(own);
            for (int n = 0; n < 2_000; n++)
            {
                Assert.Equal(own, client.Text(own, user, ""));
                Decision decision = client.Evaluate(own, user);
                Assert.Equal((own, own), (decision.Flag, decision.Text));
                Assert.Equal(own + "!", client.Text("missing", user, own + "!"));
            }
        });
    }

    [Fact]
    public void Sixty_four_threads_share_one_store_and_get_their_own_records()
    {
        var store = new FullStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(50), store);
        Threads.Together(Many, number =>
        {
            for (int n = 0; n < 200; n++)
            {
                string key = $"user-{number}-{n}";
                using var user = new User(key);
                string first = client.Text("button-colour", user, "grey");
                Decision second = client.Evaluate("button-colour", user);
                Assert.True(second.Sticky);
                Assert.Equal(first, second.Text);
                Assert.Contains(first, client.Peek(key, "button-colour"), StringComparison.Ordinal);
            }
        });
        Assert.Equal(Many * 200, store.Records.Count);
    }

    [Fact]
    public void A_client_may_be_disposed_while_other_threads_evaluate()
    {
        for (int round = 0; round < 100; round++)
        {
            FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), new MapStore { Before = _ => Thread.Yield() });
            using var user = new User("u");
            Threads.Together(4, number =>
            {
                for (int n = 0; n < 500; n++)
                {
                    if (number == 0 && n == 100)
                    {
                        client.Dispose();
                    }
                    // The decision until it is disposed, the fallback afterwards; nothing else, and no exception.
                    Assert.Contains(client.Text("button-colour", user, "over"), (string[])["blue", "over"]);
                    Assert.Null(client.Evaluate("button-colour", user).StoreError);
                }
            });
        }
    }

    [Fact]
    public void Rulesets_may_be_replaced_while_other_threads_evaluate()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Echo(1));
        Threads.Together(4, number =>
        {
            using var user = new User("u");
            for (int n = 0; n < 500; n++)
            {
                if (number == 0)
                {
                    client.Update(Rulesets.Echo(1 + (n % 3)));
                }
                Assert.Equal("echo-0", client.Text("echo-0", user, ""));
            }
        });
    }

    [Fact]
    public void A_user_may_be_read_by_many_threads()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("u").With("plan", "pro");
        Threads.Together(Many, _ =>
        {
            for (int n = 0; n < 2_000; n++)
            {
                Assert.True(client.IsEnabled("new-checkout", user));
            }
        });
    }

    [Fact]
    public void Switches_are_what_the_last_ruleset_says_on_the_thread_that_handed_it_over()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Rollout(0));
        using PreparedSwitch prepared = client.PrepareSwitch("rollout");
        using var shared = new User("u");
        Threads.Together(4, number =>
        {
            using var own = new User($"u-{number}");
            for (int n = 0; n < 2_000; n++)
            {
                if (number == 0)
                {
                    int percent = n % 2 * 100;
                    client.Update(Rulesets.Rollout(percent));
                    Assert.Equal(percent == 100, prepared.IsOn(shared));
                    Assert.Equal(percent == 100, prepared.IsOn(own));
                    Assert.Equal(percent == 100, client.IsEnabled("rollout", own));
                }
                else
                {
                    prepared.IsOn(n % 2 == 0 ? shared : own);
                    client.IsEnabled("rollout", n % 2 == 0 ? shared : own);
                }
            }
        });
    }

    [Fact]
    public void Sixty_four_threads_that_meet_the_same_new_flags_get_their_answers()
    {
        for (int round = 0; round < 5; round++)
        {
            (string Key, bool On)[] flags = [.. Enumerable.Range(0, 300).Select(n => ($"flag-{n}", n % 3 == 0))];
            using FlagstayClient client = Rulesets.Client(Rulesets.Fixed(flags));
            using var user = new User("u");
            Threads.Together(Many, number =>
            {
                for (int n = 0; n < flags.Length; n++)
                {
                    (string key, bool on) = flags[(n + number) % flags.Length];
                    Assert.Equal(on, client.IsEnabled(number % 2 == 0 ? key : new string(key), user, fallback: n % 2 == 0));
                }
            });
        }
    }

    [Fact]
    public void Disposing_user_and_switch_does_not_disturb_threads_that_are_asking()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Rollout(100));
        for (int round = 0; round < 300; round++)
        {
            PreparedSwitch prepared = client.PrepareSwitch("rollout");
            var user = new User("u");
            Threads.Together(4, number =>
            {
                try
                {
                    for (int n = 0; n < 1_000; n++)
                    {
                        Assert.True(number % 2 == 0 ? prepared.IsOn(user) : client.IsEnabled("rollout", user));
                        if (number == 3 && n == 500)
                        {
                            user.Dispose();
                            prepared.Dispose();
                            GC.Collect(0);
                        }
                    }
                }
                catch (ObjectDisposedException)
                {
                    // The answer to a use after the end.
                }
            });
        }
    }
}
