using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

public class StoreTests
{
    private const string Flag = "button-colour";

    [Fact]
    public void A_stored_variation_survives_a_changed_percentage()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        using var user = new User("user-1");
        Assert.False(client.Evaluate(Flag, user).Sticky);
        client.Update(Rulesets.Colours(0));
        Decision decision = client.Evaluate(Flag, user);
        Assert.Equal("blue", decision.Text);
        Assert.True(decision.Sticky);
        Assert.Equal(Reason.Sticky, decision.Reason);
        Assert.Contains("\"blue\"", client.Peek("user-1", Flag), StringComparison.Ordinal);
        Assert.Equal("green", client.Text(Flag, new User("user-2"), "grey"));
    }

    [Fact]
    public void Somebody_who_only_looks_is_not_enrolled()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        client.Evaluate(Flag, new User("user-1"), new EvaluationOptions { ReadOnly = true });
        client.Explain(Flag, new User("user-1"));
        Assert.Empty(store.Records);
        Assert.Null(client.Peek("user-1", Flag));
    }

    [Theory]
    [InlineData("get")]
    [InlineData("set")]
    public void A_store_that_throws_never_fails_a_decision_and_its_exception_is_told(string operation)
    {
        var thrown = new IOException("the disk is full of 🥨");
        var store = new MapStore { Before = called => { if (called == operation) { throw thrown; } } };
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Decision decision = client.Evaluate(Flag, new User("user-1"));
        Assert.Equal("blue", decision.Text);
        Assert.Null(decision.Error);
        Assert.Contains("System.IO.IOException: the disk is full of 🥨", decision.StoreError, StringComparison.Ordinal);
        Assert.Same(thrown, client.LastStoreException);
        Assert.Equal("blue", client.Text(Flag, new User("user-2"), "grey"));
        StoreStatus status = client.GetStatus().Store;
        Assert.Equal(2, status.Failures);
        Assert.Contains("the disk is full", status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_whose_message_throws_is_told_by_its_type()
    {
        var store = new MapStore { Before = _ => throw new Unspeakable() };
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Assert.Contains(nameof(Unspeakable), client.Evaluate(Flag, new User("u")).StoreError, StringComparison.Ordinal);
        Assert.IsType<Unspeakable>(client.LastStoreException);
    }

    [Fact]
    public void Peek_and_Forget_throw_what_the_store_threw()
    {
        var thrown = new TimeoutException("no answer");
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        store.Before = _ => throw thrown;
        var error = Assert.Throws<StoreException>(() => client.Peek("u", Flag));
        Assert.Equal(FlagstayStatus.StoreFailed, error.Status);
        Assert.Same(thrown, error.InnerException);
        Assert.Same(thrown, Assert.Throws<StoreException>(() => client.Forget("u")).InnerException);
        store.Before = _ => { };
        store.Records[("u", Flag)] = "{";
        Assert.Null(Assert.Throws<StoreException>(() => client.Peek("u", Flag)).InnerException);
    }

    [Fact]
    public void Without_a_store_there_is_nothing_to_peek_at()
    {
        using FlagstayClient client = Rulesets.Client();
        Assert.Equal(FlagstayStatus.NoStore, Assert.Throws<StoreException>(() => client.Peek("u", "f")).Status);
        Assert.Equal(FlagstayStatus.NoStore, Assert.Throws<StoreException>(() => client.Forget("u")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("{\"splits\":")]
    [InlineData("\0")]
    public void A_store_that_returns_garbage_is_not_believed(string garbage)
    {
        var store = new MapStore();
        store.Records[("user-1", Flag)] = garbage;
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Decision decision = client.Evaluate(Flag, new User("user-1"));
        Assert.Equal("blue", decision.Text);
        Assert.False(decision.Sticky);
        Assert.NotNull(decision.StoreError);
        Assert.Equal(1, client.GetStatus().Store.Garbage);
        Assert.Equal(garbage, store.Records[("user-1", Flag)]);
    }

    [Fact]
    public void A_record_with_half_a_surrogate_pair_is_the_store_s_error()
    {
        var store = new MapStore();
        store.Records[("user-1", Flag)] = "{\"x\": \"\ud800\"}";
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Assert.Contains("surrogate", client.Evaluate(Flag, new User("user-1")).StoreError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_that_sleeps_is_waited_for_and_counted()
    {
        var store = new MapStore { Before = _ => Thread.Sleep(30) };
        using var client = new FlagstayClient(new FlagstayOptions
        {
            Ruleset = Rulesets.Colours(100),
            AssignmentStore = store,
            StoreSlowAfter = TimeSpan.FromMilliseconds(10),
        });
        Assert.Equal("blue", client.Text(Flag, new User("user-1"), "grey"));
        Assert.Equal(2, client.GetStatus().Store.Slow);
    }

    [Fact]
    public void A_store_may_call_its_client()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        var inner = new List<string?>();
        int depth = 0;
        store.Before = operation =>
        {
            if (depth == 0)
            {
                depth++;
                inner.Add(client.Evaluate(Flag, new User("inner-" + operation)).Text);
                inner.Add(client.Text(Flag, new User("inner"), "grey"));
                client.GetStatus();
                client.Peek("inner", Flag);
                client.Update(Rulesets.Colours(100));
                depth--;
            }
        };
        Assert.Equal("blue", client.Evaluate(Flag, new User("outer")).Text);
        Assert.Equal(["blue", "blue", "blue", "blue"], inner);
    }

    [Fact]
    public void A_store_may_close_its_client()
    {
        var store = new MapStore();
        FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        store.Before = _ => client.Dispose();
        Assert.Equal("blue", client.Text(Flag, new User("u"), "grey"));
        Assert.Equal("grey", client.Text(Flag, new User("u"), "grey"));
    }

    [Fact]
    public void Collections_inside_callbacks_do_no_harm()
    {
        var store = new FullStore();
        store.Before = _ =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        };
        for (int n = 0; n < 30; n++)
        {
            using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
            Assert.Equal("blue", client.Text(Flag, new User($"user-{n}"), "grey"));
            Assert.Equal("blue", client.Evaluate(Flag, new User($"user-{n}")).Text);
            Assert.Equal(1, client.Forget($"user-{n}"));
        }
    }

    [Fact]
    public void Neither_client_nor_user_is_collected_during_a_call()
    {
        // Nothing refers to either of them but the call itself.
        var store = new MapStore { Before = _ => { GC.Collect(); GC.WaitForPendingFinalizers(); } };
        for (int n = 0; n < 30; n++)
        {
            Assert.Equal("blue", Rulesets.Client(Rulesets.Colours(100), store).Text(Flag, new User($"u-{n}"), "grey"));
            Assert.True(Rulesets.Client(Rulesets.Colours(100), store).Evaluate(Flag, new User($"u-{n}")).Sticky);
        }
    }

    [Fact]
    public void The_first_writer_wins_where_the_store_can_tell()
    {
        var store = new FullStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        // Another process stores "green" between the read and the write.
        using FlagstayClient other = Rulesets.Client(Rulesets.Colours(0), store);
        store.Before = operation =>
        {
            if (operation == "set_if_absent")
            {
                store.Before = _ => { };
                Assert.Equal("green", other.Text(Flag, new User("user-1"), "grey"));
            }
        };
        Decision decision = client.Evaluate(Flag, new User("user-1"));
        Assert.Equal("green", decision.Text);
        Assert.Equal(1, client.GetStatus().Store.LostRaces);
    }

    [Fact]
    public void A_first_writer_store_that_returns_null_is_told_what_it_should_return()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), new Careless());
        Assert.Contains("`SetIfAbsent` returned null", client.Evaluate(Flag, new User("u")).StoreError, StringComparison.Ordinal);
        Assert.Contains(
            "`Load` returned null", Assert.Throws<StoreException>(() => client.Forget("u")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forgetting_removes_everything_that_a_loading_store_lists_garbage_included()
    {
        var store = new FullStore();
        store.Records[("u", Flag)] = "{}";
        store.Records[("u", "a flag that is gone\0🥨")] = "[1]";
        store.Records[("u", "broken")] = "{not JSON";
        store.Records[("other", Flag)] = "{}";
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Assert.Equal(3, client.Forget("u"));
        Assert.Equal([("other", Flag)], store.Records.Keys);
        Assert.Equal(0, client.Forget("u"));
    }

    [Fact]
    public void A_listing_that_cannot_be_written_as_UTF_8_forgets_nothing_and_says_so()
    {
        var store = new FullStore();
        store.Records[("u", "half \ud800")] = "{}";
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Assert.Contains("surrogate", Assert.Throws<StoreException>(() => client.Forget("u")).Message, StringComparison.Ordinal);
        Assert.Single(store.Records);
    }

    [Fact]
    public void Forgetting_asks_a_plain_store_for_every_flag_of_the_ruleset()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        client.Text(Flag, new User("u"), "grey");
        Assert.Equal(1, client.Forget("u"));
        Assert.Empty(store.Records);
    }

    [Fact]
    public void A_closed_client_lets_go_of_its_store()
    {
        WeakReference store = UseAndClose();
        Collect();
        Assert.False(store.IsAlive);
    }

    [Fact]
    public void A_client_that_nobody_disposed_lets_go_of_its_store_when_it_is_collected()
    {
        WeakReference store = Use();
        Collect();
        Assert.False(store.IsAlive);
    }

    [Fact]
    public void A_client_that_could_not_be_made_lets_go_of_its_store()
    {
        WeakReference store = Fail();
        Collect();
        Assert.False(store.IsAlive);
    }

    [Fact]
    public void The_built_in_memory_store_is_a_store_too()
    {
        using var client = new FlagstayClient(new FlagstayOptions { Ruleset = Rulesets.Colours(100), Store = "memory:" });
        client.Text(Flag, new User("u"), "grey");
        client.Update(Rulesets.Colours(0));
        Assert.True(client.Evaluate(Flag, new User("u")).Sticky);
        Assert.Equal("memory", client.GetStatus().Store.Kind);
        Assert.Null(client.LastStoreException);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Use()
    {
        var store = new MapStore();
        FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Assert.Equal("blue", client.Text(Flag, new User("u"), "grey"));
        return new WeakReference(store);
    }

    // The store holds its client, which only closing can undo.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseAndClose()
    {
        var store = new MapStore();
        FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        store.Before = _ => client.GetStatus();
        Assert.Equal("blue", client.Text(Flag, new User("u"), "grey"));
        client.Dispose();
        return new WeakReference(store);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Fail()
    {
        var store = new MapStore();
        Assert.ThrowsAny<FlagstayException>(() => Rulesets.Client("not a ruleset", store));
        Assert.ThrowsAny<FlagstayException>(
            () => new FlagstayClient(new FlagstayOptions { Dialect = "latin", AssignmentStore = store }));
        return new WeakReference(store);
    }

    private static void Collect()
    {
        for (int n = 0; n < 3; n++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private sealed class Unspeakable : Exception
    {
        public override string Message => throw new InvalidOperationException("no words");
    }

    private sealed class Careless : ILoadingStore, IFirstWriterStore
    {
        public string? Get(string unit, string flag) => null;

        public void Set(string unit, string flag, string record)
        {
        }

        public void Remove(string unit, string flag)
        {
        }

        public IReadOnlyDictionary<string, string> Load(string unit) => null!;

        public string SetIfAbsent(string unit, string flag, string record) => null!;
    }
}
