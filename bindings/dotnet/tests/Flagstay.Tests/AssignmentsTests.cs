using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using Xunit;

namespace Flagstay.Tests;

// Loading, content and lifetime. What a decision makes of assignments is in StatsigAssignmentTests.
public class AssignmentsTests
{
    private const string Flag = "button-colour";

    [Fact]
    public void What_a_store_holds_for_a_user_is_loaded_in_one_call()
    {
        int loads = 0;
        var store = new FullStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        using var user = new User("user-1");
        client.Evaluate(Flag, user);
        store.Records[("user-1", "größe-🥨")] = """{"big": 9007199254740993, "n": null}""";
        store.Records[("user-2", Flag)] = "{}";
        store.Before = operation => loads += operation == "load" ? 1 : 100;
        using Assignments? held = client.LoadAssignments(user, "userID");
        Assert.Equal(1, loads);
        Assert.NotNull(held);
        Assert.Null(held.StoreError);
        Assert.Null(held.StoreException);
        JsonElement records = held.Records;
        Assert.Equal([Flag, "größe-🥨"], records.EnumerateObject().Select(record => record.Name));
        Assert.Contains("blue", records.GetProperty(Flag).GetRawText(), StringComparison.Ordinal);
        Assert.Equal(9007199254740993, records.GetProperty("größe-🥨").GetProperty("big").GetInt64());
    }

    [Fact]
    public void Assignments_are_a_snapshot()
    {
        var store = new FullStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        using var user = new User("user-1");
        using Assignments? before = client.LoadAssignments(user, "userID");
        client.Evaluate(Flag, user);
        using Assignments? after = client.LoadAssignments(user, "userID");
        Assert.Equal("{}", before!.Json);
        Assert.NotEqual("{}", after!.Json);
    }

    [Fact]
    public void A_user_without_the_id_has_no_assignments()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), new FullStore());
        Assert.Null(client.LoadAssignments(null, "userID"));
        Assert.Null(client.LoadAssignments(User.FromJson("{}"), "userID"));
        Assert.Throws<ArgumentNullException>(() => client.LoadAssignments(null, null!));
        Assert.Equal("idType", Assert.Throws<ArgumentException>(() => client.LoadAssignments(null, "\ud800")).ParamName);
    }

    [Fact]
    public void Without_a_store_there_is_nothing_in_it()
    {
        using FlagstayClient client = Rulesets.Client();
        using Assignments? held = client.LoadAssignments(new User("u"), "userID");
        Assert.Equal("{}", held!.Json);
        Assert.Null(held.StoreError);
    }

    [Fact]
    public void A_store_that_throws_is_told_by_the_assignments_and_by_the_client()
    {
        var thrown = new IOException("the disk is full of 🥨");
        var store = new FullStore { Before = _ => throw thrown };
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        using var user = new User("user-1");
        using Assignments? held = client.LoadAssignments(user, "userID");
        Assert.Contains("System.IO.IOException: the disk is full of 🥨", held!.StoreError, StringComparison.Ordinal);
        Assert.Same(thrown, held.StoreException);
        Assert.Same(thrown, client.LastStoreException);
        Assert.Equal("{}", held.Json);
        Assert.Equal(1, client.GetStatus().Store.Failures);
        // The exception of an earlier call is not that of a later one.
        store.Before = _ => { };
        using Assignments? well = client.LoadAssignments(user, "userID");
        Assert.Null(well!.StoreError);
        Assert.Null(well.StoreException);
    }

    [Fact]
    public void Before_the_first_ruleset_nobody_knows_what_is_held()
    {
        using var client = new FlagstayClient(new FlagstayOptions { AssignmentStore = new FullStore() });
        using Assignments? held = client.LoadAssignments(new User("u"), "userID");
        Assert.Contains("no ruleset", held!.StoreError, StringComparison.Ordinal);
        Assert.Null(held.StoreException);
    }

    [Fact]
    public void A_closed_client_loads_nothing()
    {
        FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), new FullStore());
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.LoadAssignments(new User("u"), "userID"));
    }

    [Fact]
    public void Records_that_the_caller_has_make_assignments()
    {
        const string Records = """{"größe-🥨":{"a":[1,null,"\u0000"]},"other":5}""";
        using var fromText = new Assignments(Records);
        Assert.Equal(Records, fromText.Json);
        Assert.Null(fromText.StoreError);
        using var fromElement = new Assignments(JsonDocument.Parse(Records).RootElement);
        Assert.Equal(5, fromElement.Records.GetProperty("other").GetInt32());
        using var nothing = new Assignments("{}");
        Assert.Equal(JsonValueKind.Object, nothing.Records.ValueKind);
    }

    [Theory]
    [InlineData("", FlagstayStatus.InvalidJson)]
    [InlineData("{", FlagstayStatus.InvalidJson)]
    [InlineData("[]", FlagstayStatus.InvalidArgument)]
    [InlineData("null", FlagstayStatus.InvalidArgument)]
    [InlineData("5", FlagstayStatus.InvalidArgument)]
    public void What_is_no_JSON_object_makes_none(string records, FlagstayStatus status) =>
        Assert.Equal(status, Assert.Throws<FlagstayException>(() => new Assignments(records)).Status);

    [Fact]
    public void What_is_no_text_and_no_value_is_refused_by_name()
    {
        Assert.Equal("records", Assert.Throws<ArgumentException>(() => new Assignments("{\"\ud800\": 1}")).ParamName);
        Assert.Equal("records", Assert.Throws<ArgumentException>(() => new Assignments(default(JsonElement))).ParamName);
        Assert.Throws<ArgumentNullException>(() => new Assignments((string)null!));
    }

    [Fact]
    public void Disposed_assignments_are_refused_and_leave_nothing_held()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("u");
        var held = new Assignments("{}");
        held.Dispose();
        held.Dispose();
        var options = new EvaluationOptions { Assignments = held };
        void Refused(Action call) =>
            Assert.Equal(nameof(Assignments), Assert.Throws<ObjectDisposedException>(call).ObjectName);
        Refused(() => client.Evaluate("price", user, options));
        Refused(() => client.EvaluateAll(user, options));
        Refused(() => client.Explain("price", user, options));
        Refused(() => _ = held.Json);
        Assert.Equal(12, client.Number("price", user, 0));
    }

    [Fact]
    public void A_call_that_is_refused_lets_go_of_the_assignments()
    {
        using FlagstayClient client = Rulesets.Client();
        var user = new User("u");
        user.Dispose();
        using var held = new Assignments("{}");
        Assert.Throws<ObjectDisposedException>(
            () => client.Evaluate("price", user, new EvaluationOptions { Assignments = held }));
        Assert.Throws<ArgumentException>(
            () => client.Evaluate("\ud800", user, new EvaluationOptions { Assignments = held }));
        Assert.NotEqual(0, held.Handle.Raw);
        held.Dispose();
        // Nobody is counted as using it any more, so the memory is gone at once.
        Assert.Equal(0, held.Handle.Raw);
    }

    [Fact]
    public void Assignments_that_a_callback_disposes_live_until_the_call_is_over()
    {
        var held = new Assignments("{}");
        var store = new MapStore();
        store.Before = _ =>
        {
            held.Dispose();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        };
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Decision decision = client.Evaluate(Flag, new User("u"), new EvaluationOptions { Assignments = held });
        Assert.Equal("blue", decision.Text);
        Assert.Equal(0, held.Handle.Raw);
        Assert.Throws<ObjectDisposedException>(() => held.Json);
    }

    [Fact]
    public void Assignments_are_not_collected_during_a_call()
    {
        var store = new MapStore { Before = _ => { GC.Collect(); GC.WaitForPendingFinalizers(); } };
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        for (int n = 0; n < 30; n++)
        {
            var options = new EvaluationOptions { Assignments = new Assignments("{\"a\": {}}") };
            Assert.Equal("blue", client.Evaluate(Flag, new User($"u-{n}"), options).Text);
        }
    }

    [Fact]
    public void Json_may_be_read_while_assignments_are_disposed()
    {
        for (int round = 0; round < 50; round++)
        {
            var held = new Assignments("""{"x": {"y": 1}}""");
            Threads.Together(4, number =>
            {
                try
                {
                    for (int n = 0; n < 50; n++)
                    {
                        if (number == 0 && n == 20)
                        {
                            held.Dispose();
                        }
                        Assert.Equal("""{"x":{"y":1}}""", held.Json);
                    }
                }
                catch (ObjectDisposedException)
                {
                    // The answer to a use after the end.
                }
            });
            Assert.Equal(0, held.Handle.Raw);
        }
    }

    [Fact]
    public void Assignments_may_be_disposed_while_other_threads_pass_them()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("u").With("plan", "pro");
        for (int round = 0; round < 100; round++)
        {
            var held = new Assignments("""{"x": {"y": 1}}""");
            var options = new EvaluationOptions { Assignments = held };
            Threads.Together(4, number =>
            {
                try
                {
                    for (int n = 0; n < 500; n++)
                    {
                        if (number == 0 && n == 200)
                        {
                            held.Dispose();
                        }
                        Assert.True(client.Evaluate("new-checkout", user, options).Enabled);
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
