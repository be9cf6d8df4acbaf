using System;
using System.IO;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

// Prepared switches whose decisions are stored: the store is asked on the thread that asks the switch, and may do there
// what stores do.
public class SwitchStoreTests
{
    private const string Flag = "kept";

    [Fact]
    public void A_stored_answer_survives_a_changed_percentage()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), store);
        using PreparedSwitch prepared = client.PrepareSwitch(Flag);
        using var user = new User("user-1");
        Assert.True(prepared.IsOn(user));
        Assert.Single(store.Records);
        client.Update(Rulesets.Kept(0));
        Assert.True(prepared.IsOn(user));
        Assert.True(client.IsEnabled(Flag, user));
        Assert.True(client.Evaluate(Flag, user).Sticky);
        Assert.False(prepared.IsOn(new User("user-2")));
    }

    [Fact]
    public void The_store_is_asked_each_time()
    {
        int calls = 0;
        var store = new MapStore { Before = operation => calls += operation == "get" ? 1 : 0 };
        using FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), store);
        using PreparedSwitch prepared = client.PrepareSwitch(Flag);
        using var user = new User("user-1");
        for (int n = 1; n <= 100; n++)
        {
            Assert.True(prepared.IsOn(user));
            Assert.True(client.IsEnabled(Flag, user));
            Assert.Equal(2 * n, calls);
        }
    }

    [Theory]
    [InlineData("get")]
    [InlineData("set")]
    public void A_store_that_throws_never_fails_a_switch(string operation)
    {
        var thrown = new IOException("the disk is full");
        var store = new MapStore { Before = called => { if (called == operation) { throw thrown; } } };
        using FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), store);
        using PreparedSwitch prepared = client.PrepareSwitch(Flag);
        Assert.True(prepared.IsOn(new User("user-1")));
        Assert.True(client.IsEnabled(Flag, new User("user-2")));
        Assert.Same(thrown, client.LastStoreException);
        Assert.Equal(2, client.GetStatus().Store.Failures);
    }

    [Fact]
    public void A_store_that_sleeps_is_waited_for_while_other_threads_collect_and_decide()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), new MapStore { Before = _ => Thread.Sleep(20) });
        using FlagstayClient other = Rulesets.Client(Rulesets.Rollout(100));
        using PreparedSwitch slow = client.PrepareSwitch(Flag);
        using PreparedSwitch fast = other.PrepareSwitch("rollout");
        using var user = new User("u");
        Threads.Together(4, number =>
        {
            for (int n = 0; n < 5; n++)
            {
                Assert.True(number == 0 ? slow.IsOn(user) : fast.IsOn(user));
                GC.Collect();
            }
        });
    }

    [Fact]
    public void A_store_may_ask_the_switch_that_asked_it()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), store);
        using PreparedSwitch prepared = client.PrepareSwitch(Flag);
        using var user = new User("outer");
        int depth = 0;
        store.Before = _ =>
        {
            if (depth == 0)
            {
                depth++;
                Assert.True(prepared.IsOn(new User("inner")));
                Assert.True(prepared.IsOn(user));
                Assert.True(client.IsEnabled(Flag, user));
                client.Update(Rulesets.Kept(100));
                depth--;
            }
        };
        Assert.True(prepared.IsOn(user));
        Assert.True(client.IsEnabled(Flag, user));
        Assert.Null(client.LastStoreException);
    }

    [Fact]
    public void User_switch_and_client_that_a_store_disposes_live_until_the_call_is_over()
    {
        for (int n = 0; n < 30; n++)
        {
            var store = new MapStore();
            FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), store);
            PreparedSwitch prepared = client.PrepareSwitch(Flag);
            var user = new User("u");
            store.Before = _ =>
            {
                user.Dispose();
                prepared.Dispose();
                client.Dispose();
                GC.Collect();
                GC.WaitForPendingFinalizers();
            };
            Assert.True(prepared.IsOn(user));
            Assert.Throws<ObjectDisposedException>(() => prepared.IsOn(user));
            Assert.Throws<ObjectDisposedException>(() => client.IsEnabled(Flag, user));
            Assert.False(client.IsEnabled(Flag, null));
        }
    }

    [Fact]
    public void Neither_client_nor_switch_nor_user_is_collected_during_a_call()
    {
        // Nothing refers to any of them but the call itself.
        var store = new MapStore { Before = _ => { GC.Collect(); GC.WaitForPendingFinalizers(); } };
        for (int n = 0; n < 30; n++)
        {
            Assert.True(Rulesets.Client(Rulesets.Kept(100), store).PrepareSwitch(Flag).IsOn(new User($"u-{n}")));
            Assert.True(Rulesets.Client(Rulesets.Kept(100), store).IsEnabled(Flag, new User($"u-{n}")));
        }
    }
}
