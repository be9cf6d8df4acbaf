using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

public class DecisionsTests
{
    [Fact]
    public void All_flags_are_decided_at_once()
    {
        using FlagstayClient client = Rulesets.Client();
        using Decisions decisions = client.EvaluateAll(new User("user-1").With("plan", "pro"));
        Assert.Null(decisions.Error);
        Assert.Equal(7, decisions.Count);
        Assert.Equal(
            ["new-checkout", "price", "greeting", "limits", "list", "closed", "größe-🥨"],
            decisions.Select(decision => decision.Flag));
        Assert.Equal(12, decisions["price"].Number);
        Assert.True(decisions[0].Boolean);
        Assert.Equal("größe-🥨", decisions[^1].Flag);
        Assert.Equal("größe-🥨", decisions["größe-🥨"].Flag);
        Assert.False(decisions.TryGet("no-such-flag", out _));
        Assert.Null(decisions.Peek("no-such-flag"));
        Assert.Contains(
            "no-such-flag", Assert.Throws<KeyNotFoundException>(() => decisions["no-such-flag"]).Message,
            StringComparison.Ordinal);
        Assert.Equal("flag", Assert.Throws<ArgumentException>(() => decisions.Peek("\ud800")).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => decisions[7]);
        Assert.Throws<ArgumentOutOfRangeException>(() => decisions[-1]);
    }

    [Fact]
    public void A_decision_among_all_is_the_one_that_the_flag_has_alone()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1").With("plan", "pro");
        foreach (Decision one in client.EvaluateAll(user))
        {
            Decision alone = client.Evaluate(one.Flag, user);
            Assert.Equal(alone.ToString(), one.ToString());
            Assert.Equal(
                (alone.Found, alone.Enabled, alone.Reason, alone.RuleId, alone.Variation, alone.Json, alone.ValueKind),
                (one.Found, one.Enabled, one.Reason, one.RuleId, one.Variation, one.Json, one.ValueKind));
        }
    }

    [Fact]
    public void A_decision_is_read_once_and_is_the_same_ever_after()
    {
        using FlagstayClient client = Rulesets.Client();
        using Decisions decisions = client.EvaluateAll(new User("user-1"));
        Assert.Same(decisions[1], decisions["price"]);
        Assert.Same(decisions[1], decisions.Peek("price"));
        Assert.Same(decisions[1], decisions.First(decision => decision.Flag == "price"));
    }

    [Fact]
    public void Decisions_are_exposed_when_they_are_taken_by_key_and_not_when_they_are_looked_at()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), exposures: true);
        using Decisions decisions = client.EvaluateAll(new User("user-1"));
        Assert.Single(decisions, decision => decision.Text == "blue");
        Assert.Equal("blue", decisions[0].Text);
        Assert.Equal("blue", decisions.Peek("button-colour")!.Text);
        Assert.Empty(client.DrainEvents());
        Assert.Equal("blue", decisions["button-colour"].Text);
        Assert.Equal("blue", Assert.Single(client.DrainEvents()).GetProperty("variation").GetString());
        // As often as two evaluations would have been.
        Assert.True(decisions.TryGet("button-colour", out _));
        Assert.True(decisions.TryGet("button-colour", FlagKind.Any, out _));
        Assert.Equal(2, client.DrainEvents().Count);
    }

    [Fact]
    public void Somebody_who_only_looks_at_all_flags_exposes_none_and_is_not_enrolled()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store, exposures: true);
        using Decisions decisions = client.EvaluateAll(new User("user-1"), new EvaluationOptions { ReadOnly = true });
        Assert.Equal("blue", decisions["button-colour"].Text);
        Assert.Empty(client.DrainEvents());
        Assert.Empty(store.Records);
    }

    [Fact]
    public void A_flag_is_found_by_key_however_often_it_is_asked_for()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Echo(100));
        using Decisions decisions = client.EvaluateAll(new User("user-1"));
        for (int round = 0; round < 3; round++)
        {
            for (int n = 0; n < 100; n++)
            {
                Assert.Equal($"echo-{n}", decisions[$"echo-{n}"].Text);
                Assert.Null(decisions.Peek($"echo-{n}-not"));
            }
        }
        Assert.Equal("echo-7", decisions.Peek("echo-7", FlagKind.Any)!.Text);
        Assert.Null(decisions.Peek("echo-7", FlagKind.Gate));
    }

    [Fact]
    public void Decisions_that_nobody_looks_at_allocate_nothing_each()
    {
        using FlagstayClient few = Rulesets.Client(Rulesets.Echo(10));
        using FlagstayClient many = Rulesets.Client(Rulesets.Echo(1_010));
        using var user = new User("user-1");
        long Allocated(FlagstayClient client)
        {
            client.EvaluateAll(user).Dispose();
            long before = GC.GetAllocatedBytesForCurrentThread();
            client.EvaluateAll(user).Dispose();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // A place in the list.
        Assert.Equal(1_000 * IntPtr.Size, Allocated(many) - Allocated(few));
    }

    [Fact]
    public void What_was_looked_at_outlives_disposed_decisions_and_nothing_else_does()
    {
        using FlagstayClient client = Rulesets.Client();
        Decisions decisions = client.EvaluateAll(new User("user-1"));
        Assert.Equal(12, decisions[1].Number);
        decisions.Dispose();
        decisions.Dispose();
        Assert.Equal(12, decisions[1].Number);
        Assert.Equal(7, decisions.Count);
        Assert.Equal(
            nameof(Decisions), Assert.Throws<ObjectDisposedException>(() => decisions["price"]).ObjectName);
        Assert.Throws<ObjectDisposedException>(() => decisions[2]);
        Assert.Throws<ObjectDisposedException>(() => decisions.ToList());
    }

    [Fact]
    public void Decisions_outlive_a_closed_client_and_a_disposed_user()
    {
        FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), exposures: true);
        var user = new User("user-1");
        using Decisions decisions = client.EvaluateAll(user);
        user.Dispose();
        client.Dispose();
        Assert.Equal("blue", decisions["button-colour"].Text);
        Assert.Empty(client.DrainEvents());
    }

    [Fact]
    public void Decisions_may_be_read_by_many_threads_and_disposed_meanwhile()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Echo(50), exposures: true);
        using var user = new User("user-1");
        for (int round = 0; round < 50; round++)
        {
            Decisions decisions = client.EvaluateAll(user);
            Threads.Together(4, number =>
            {
                try
                {
                    for (int n = 0; n < 50; n++)
                    {
                        if (number == 0 && n == 40)
                        {
                            decisions.Dispose();
                        }
                        string own = $"echo-{((n * 7) + number) % 50}";
                        Assert.Equal(own, decisions[own].Text);
                    }
                }
                catch (ObjectDisposedException)
                {
                    // The answer to a use after the end.
                }
            });
            client.DrainEvents();
        }
    }

    [Fact]
    public void Neither_client_nor_decisions_are_collected_while_they_are_read()
    {
        for (int n = 0; n < 100; n++)
        {
            IEnumerator<Decision> all = Rulesets.Client(Rulesets.Echo(3)).EvaluateAll(new User("u")).GetEnumerator();
            for (int flag = 0; all.MoveNext(); flag++)
            {
                Assert.Equal($"echo-{flag}", all.Current.Text);
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
    }
}
