using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using Xunit;
using static Flagstay.Tests.StatsigProject;

namespace Flagstay.Tests;

// What a persistent storage holds, and what is passed to evaluations of it.
public sealed class StatsigAssignmentTests
{
    [Fact]
    public void A_user_whom_the_storage_has_keeps_the_stored_group()
    {
        var storage = new Storage();
        storage.Saved[("c-1:companyID", "price_test")] = Storage.Parse("""
            {"value": true, "json_value": {"price": 5}, "rule_id": "r-old", "group_name": "Old", "secondary_exposures": [],
             "undelegated_secondary_exposures": null, "config_delegate": null, "explicit_parameters": null, "time": 1}
            """);
        using FlagstayClient client = Client(storage);
        using User ann = Ann();
        using Assignments? held = client.LoadAssignments(ann, Company);
        foreach (int price in new[] { 7, 8 })
        {
            client.Update(Specs(price: price));
            Decision test = Test(client, ann, held);
            Assert.Equal(
                ("Old", true, Reason.Sticky, 5, null),
                (test.Variation, test.Sticky, test.Reason, test.Variable("price", 0), test.StoreError));
        }
        Assert.Equal(["load c-1:companyID"], storage.Calls);
    }

    [Fact]
    public void A_new_user_is_saved_in_the_sdks_shape_and_stays()
    {
        var storage = new Storage();
        using FlagstayClient client = Client(storage);
        using User ann = Ann();
        using (Assignments? none = client.LoadAssignments(ann, Company))
        {
            Assert.Equal("{}", none!.Json);
            Decision first = Test(client, ann, none);
            Assert.Equal(("Test", false, null), (first.Variation, first.Sticky, first.StoreError));
            Assert.Equal("Test", Test(client, ann, none, FlagKind.Layer).Variation);
        }
        Assert.Equal(
            [("c-1:companyID", "checkout"), ("c-1:companyID", "price_test")],
            storage.Saved.Keys.OrderBy(key => key.Item2, StringComparer.Ordinal));
        JsonElement record = storage.Saved[("c-1:companyID", "checkout")];
        Assert.Equal(
            [
                "config_delegate", "config_version", "explicit_parameters", "group_name", "json_value", "rule_id",
                "secondary_exposures", "time", "undelegated_secondary_exposures", "value",
            ],
            record.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal("price_test", record.GetProperty("config_delegate").GetString());
        Assert.Equal(1700000000123, record.GetProperty("time").GetInt64());

        client.Update(Specs(price: 8));
        using Assignments? held = client.LoadAssignments(ann, Company);
        Assert.Equal(7, Test(client, ann, held).Variable("price", 0));
        Assert.Equal(7, Test(client, ann, held, FlagKind.Layer).Variable("price", 0));
        Assert.Equal(8, Test(client, new User("bob").With("plan", "pro").WithId(Company, "c-2"), held: null).Variable("price", 0));
        Assert.Equal(2, client.Forget("c-1:companyID"));
        Assert.Empty(storage.Saved);
    }

    [Fact]
    public void A_call_that_passes_no_assignments_removes_what_is_stored()
    {
        var storage = new Storage();
        storage.Saved[("c-1:companyID", "price_test")] = Storage.Parse("{}");
        using FlagstayClient client = Client(storage);
        using User ann = Ann();
        Assert.Equal("Test", Test(client, ann, null).Variation);
        Assert.Empty(storage.Saved);
        Assert.Equal(["delete c-1:companyID price_test"], storage.Calls);
        // A user without the id has nothing to load, and no place in the storage.
        using var nobody = new User("nobody").With("plan", "pro");
        Assert.Null(client.LoadAssignments(nobody, Company));
        Test(client, nobody, client.LoadAssignments(nobody, Company));
        Assert.Single(storage.Calls);
    }

    [Fact]
    public void An_experiment_that_is_over_answers_live_and_ends_the_assignment()
    {
        var storage = new Storage();
        using FlagstayClient client = Client(storage);
        using User ann = Ann();
        Test(client, ann, client.LoadAssignments(ann, Company));
        client.Update(Specs(active: false, price: 8));
        Decision after = Test(client, ann, client.LoadAssignments(ann, Company));
        Assert.Equal((8, false), (after.Variable("price", 0), after.Sticky));
        Assert.Empty(storage.Saved);
    }

    [Fact]
    public void Rules_may_be_enforced_against_a_stored_assignment()
    {
        using FlagstayClient client = Client(new Storage());
        using User ann = Ann();
        Test(client, ann, client.LoadAssignments(ann, Company));
        using Assignments? held = client.LoadAssignments(ann, Company);
        Decision Enforced(User user, bool targeting, bool overrides) => client.Evaluate("price_test", user, new EvaluationOptions
        {
            Kind = FlagKind.Experiment,
            Assignments = held,
            EnforceTargeting = targeting,
            EnforceOverrides = overrides,
        });
        using User free = Ann("free");
        using User vip = Ann().With("vip", "yes");
        Assert.True(Enforced(free, false, true).Sticky);
        Assert.Equal("inlineTargetingRules", Enforced(free, true, false).RuleId);
        Assert.True(Enforced(vip, true, false).Sticky);
        Assert.Equal((1, false), (Enforced(vip, false, true).Variable("price", 0), Enforced(vip, false, true).Sticky));
    }

    [Fact]
    public void A_storage_that_throws_fails_no_decision()
    {
        var storage = new Storage();
        storage.Saved[("c-1:companyID", "price_test")] = Storage.Parse("{}");
        var thrown = new IOException("the storage is away");
        using FlagstayClient client = Client(storage);
        using User ann = Ann();
        storage.Before = _ => throw thrown;
        using (Assignments? unknown = client.LoadAssignments(ann, Company))
        {
            Assert.Same(thrown, unknown!.StoreException);
            Decision blind = Test(client, ann, unknown);
            Assert.Equal(("Test", false), (blind.Variation, blind.Sticky));
            Assert.Contains("the storage is away", blind.StoreError, StringComparison.Ordinal);
        }
        // Nobody knew what is stored, so nothing was asked to be removed.
        Assert.Equal(["load c-1:companyID"], storage.Calls);
        using var nothing = new Assignments("{}");
        Decision unsaved = Test(client, ann, nothing);
        Assert.Equal("Test", unsaved.Variation);
        Assert.Contains("the storage is away", unsaved.StoreError, StringComparison.Ordinal);
        Assert.Same(thrown, client.LastStoreException);
    }

    [Fact]
    public void Records_of_the_callers_own_answer_too()
    {
        using FlagstayClient client = Client(new Storage());
        using User ann = Ann();
        using var held = new Assignments("""
            {"price_test": {"value": true, "json_value": {"price": 5}, "group_name": "Mine", "secondary_exposures": []}}
            """);
        Assert.Equal(("Mine", true), (Test(client, ann, held).Variation, Test(client, ann, held).Sticky));
    }

    [Fact]
    public void Threads_share_a_storage_and_each_has_its_own_assignments()
    {
        var storage = new Storage();
        using FlagstayClient client = Client(storage);
        Threads.Together(16, number =>
        {
            for (int n = 0; n < 50; n++)
            {
                using User user = new User("u").With("plan", "pro").WithId(Company, $"c-{number}-{n}");
                using Assignments? none = client.LoadAssignments(user, Company);
                string? first = Test(client, user, none).Variation;
                using Assignments? held = client.LoadAssignments(user, Company);
                Decision second = Test(client, user, held);
                Assert.Equal((first, true), (second.Variation, second.Sticky));
            }
        });
        Assert.Equal(16 * 50, storage.Saved.Count);
    }
}
