using System;
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
}
