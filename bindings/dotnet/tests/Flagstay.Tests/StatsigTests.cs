using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

public sealed class StatsigTests
{
    private const string Company = "companyID";

    // Company c-1 is in the group Test, c-3 in Control, and whoever has no paid plan is kept out by targeting.
    private static string Specs(bool active = true, int price = 7) => """
        {"has_updates": true, "time": 1700000000123, "response_format": "dcs-v2", "experiment_to_layer": {"price_test": "checkout"},
         "condition_map": {
           "everybody": {"type": "public", "targetValue": null, "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
           "staff": {"type": "user_field", "targetValue": ["@acme.io"], "operator": "str_ends_with_any", "field": "email", "additionalValues": {}, "idType": "userID"},
           "paid": {"type": "user_field", "targetValue": ["pro", "team"], "operator": "any", "field": "plan", "additionalValues": {}, "idType": "userID"},
           "unpaid": {"type": "fail_gate", "targetValue": "paying", "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
           "vip": {"type": "user_field", "targetValue": ["yes"], "operator": "any", "field": "vip", "additionalValues": {}, "idType": "userID"},
           "german": {"type": "ip_based", "targetValue": ["DE"], "operator": "any", "field": "country", "additionalValues": {}, "idType": "userID"},
           "half": {"type": "user_bucket", "targetValue": 500, "operator": "lt", "field": null, "additionalValues": {"salt": "alloc-9"}, "idType": "companyID"},
           "all": {"type": "user_bucket", "targetValue": 1000, "operator": "lt", "field": null, "additionalValues": {"salt": "alloc-9"}, "idType": "companyID"}},
         "feature_gates": {
           "new_nav": {"type": "feature_gate", "salt": "n", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate", "version": 4,
             "rules": [{"name": "Staff", "id": "r-staff", "passPercentage": 100, "conditions": ["staff"], "returnValue": true, "idType": "userID"}]},
           "limits": {"type": "feature_gate", "salt": "l", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
             "rules": [{"name": "All", "id": "r-all", "passPercentage": 100, "conditions": ["everybody"], "returnValue": true, "idType": "userID"}]},
           "german": {"type": "feature_gate", "salt": "g", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
             "rules": [{"name": "DE", "id": "r-de", "passPercentage": 100, "conditions": ["german"], "returnValue": true, "idType": "userID"}]},
           "paying": {"type": "feature_gate", "salt": "p", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate",
             "rules": [{"name": "Paid", "id": "r-p", "passPercentage": 100, "conditions": ["paid"], "returnValue": true, "idType": "userID"}]}},
         "dynamic_configs": {
           "limits": {"type": "dynamic_config", "salt": "l", "enabled": true, "defaultValue": {"max": 10}, "idType": "userID", "entity": "dynamic_config",
             "rules": [{"name": "Paid", "id": "r-paid", "passPercentage": 100, "conditions": ["paid"], "returnValue": {"max": 500}, "idType": "userID"}]},
           "price_test": {"type": "dynamic_config", "salt": "e", "enabled": true, "isActive": ACTIVE, "hasSharedParams": true, "explicitParameters": ["price"], "version": 12,
             "defaultValue": {"price": 9}, "idType": "companyID", "entity": "experiment",
             "rules": [
               {"name": "targeting", "id": "inlineTargetingRules", "passPercentage": 100, "conditions": ["unpaid"], "returnValue": {"price": 9}, "idType": "companyID"},
               {"name": "vip", "id": "r-vip:override", "passPercentage": 100, "conditions": ["vip"], "returnValue": {"price": 1}, "idType": "companyID"},
               {"name": "control", "id": "r-ctl", "groupName": "Control", "isExperimentGroup": true, "passPercentage": 100, "conditions": ["half"], "returnValue": {"price": 9}, "idType": "companyID"},
               {"name": "test", "id": "r-tst", "groupName": "Test", "isExperimentGroup": true, "passPercentage": 100, "conditions": ["all"], "returnValue": {"price": PRICE}, "idType": "companyID"}]}},
         "layer_configs": {
           "checkout": {"type": "dynamic_config", "salt": "c", "enabled": true, "defaultValue": {"price": 9, "steps": 3}, "idType": "companyID", "entity": "layer",
             "rules": [{"name": "alloc", "id": "r-alloc", "passPercentage": 100, "conditions": ["everybody"], "returnValue": {"price": 9, "steps": 3}, "configDelegate": "price_test", "idType": "companyID"}]}}}
        """
        .Replace("ACTIVE", active ? "true" : "false", StringComparison.Ordinal)
        .Replace("PRICE", $"{price}", StringComparison.Ordinal);

    private static User Ann(string plan = "pro") =>
        new User("ann").With("email", "ann@acme.io").With("plan", plan).WithId(Company, "c-1");

    private static FlagstayClient Client(
        Storage? storage = null, string? specs = null, Func<string, string?>? countries = null, bool exposures = false) =>
        new(new FlagstayOptions
        {
            Dialect = "statsig",
            Ruleset = specs ?? Specs(),
            AssignmentStore = storage is null ? null : new SavedStore<JsonElement>(storage),
            CountryResolver = countries,
            Events = new EventOptions { Exposures = exposures },
        });

    private static Decision Test(FlagstayClient client, User user, Assignments? held, FlagKind kind = FlagKind.Experiment) =>
        client.Evaluate(
            kind == FlagKind.Layer ? "checkout" : "price_test", user,
            new EvaluationOptions { Kind = kind, Assignments = held });

    [Fact]
    public void A_name_is_looked_up_among_the_flags_of_its_kind()
    {
        using FlagstayClient client = Client();
        using User ann = Ann();
        Decision As(FlagKind kind) => client.Evaluate("limits", ann, new EvaluationOptions { Kind = kind });
        Assert.True(client.IsEnabled("new_nav", ann));
        Assert.Equal((FlagKind.Gate, true, "r-all"), (As(FlagKind.Gate).Kind, As(FlagKind.Gate).Boolean, As(FlagKind.Gate).RuleId));
        Assert.Equal((FlagKind.Config, 500), (As(FlagKind.Config).Kind, As(FlagKind.Config).Variable("max", 0)));
        Assert.Equal(FlagstayStatus.FlagNotFound, As(FlagKind.Layer).Error);
        Decision test = Test(client, ann, null);
        Assert.Equal(("Test", "r-tst", 7), (test.Variation, test.RuleId, test.Variable("price", 0)));
    }

    [Fact]
    public void Details_are_there_where_they_are_asked_for()
    {
        using FlagstayClient client = Client();
        using User ann = Ann();
        Decision layer = client.Evaluate("checkout", ann, new EvaluationOptions { Kind = FlagKind.Layer, Details = true });
        Assert.Equal("price_test", layer.Details.GetProperty("allocated_experiment").GetString());
        Assert.Equal(Company, layer.Details.GetProperty("id_type").GetString());
        Assert.Equal(
            "paying", layer.Details.GetProperty("secondary_exposures")[0].GetProperty("gate").GetString());
        Assert.Equal(JsonValueKind.Undefined, Test(client, ann, null, FlagKind.Layer).Details.ValueKind);
        Threads.Together(8, _ => Assert.Equal(JsonValueKind.Object, layer.Details.ValueKind));
    }

    [Fact]
    public void Flags_that_share_a_name_are_told_apart_among_all()
    {
        using FlagstayClient client = Client();
        using Decisions all = client.EvaluateAll(Ann());
        Assert.Equal(2, all.Count(decision => decision.Flag == "limits"));
        Assert.True(all.TryGet("limits", FlagKind.Gate, out Decision? gate));
        Assert.True(gate.Boolean);
        Assert.Equal(500, all.Peek("limits", FlagKind.Config)!.Variable("max", 0));
        Assert.Null(all.Peek("limits", FlagKind.Layer));
        Assert.Same(all.First(decision => decision.Flag == "limits"), all.Peek("limits"));
    }

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
    public void An_override_answers_in_place_of_the_document_until_it_is_removed()
    {
        using FlagstayClient client = Client();
        using User ann = Ann();
        using var bob = new User("bob");
        client.Override(FlagKind.Gate, "new_nav", false);
        client.Override(FlagKind.Gate, "new_nav", true, "bob");
        client.Override(FlagKind.Gate, "nowhere", JsonDocument.Parse("true").RootElement);
        client.Override(FlagKind.Config, "limits", new JsonObject { ["max"] = 1, ["größe"] = "XL🥨" }, "c-1");
        client.OverrideGroup("price_test", "Control");
        Assert.Equal(5, client.GetStatus().Overrides);
        Assert.False(client.IsEnabled("new_nav", ann));
        Assert.True(client.IsEnabled("new_nav", bob));
        Assert.True(client.IsEnabled("nowhere", bob));
        Decision limits = client.Evaluate("limits", ann, new EvaluationOptions { Kind = FlagKind.Config });
        Assert.Equal((1, "XL🥨", "override"), (limits.Variable("max", 0), limits.Variable("größe", ""), limits.RuleId));
        Assert.Equal(9, Test(client, ann, null).Variable("price", 0));
        client.RemoveOverride(FlagKind.Gate, "new_nav", "bob");
        Assert.False(client.IsEnabled("new_nav", bob));
        client.RemoveOverride(FlagKind.Gate, "new_nav");
        Assert.True(client.IsEnabled("new_nav", ann));
        Assert.Equal(3, client.GetStatus().Overrides);
        client.ClearOverrides();
        Assert.Equal(0, client.GetStatus().Overrides);
        Assert.Equal(7, Test(client, ann, null).Variable("price", 0));
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Override(FlagKind.Gate, "new_nav", true));
        Assert.Throws<ObjectDisposedException>(client.ClearOverrides);
    }

    [Fact]
    public void Overrides_may_change_while_other_threads_evaluate()
    {
        using FlagstayClient client = Client();
        using User ann = Ann();
        Threads.Together(4, number =>
        {
            for (int n = 0; n < 300; n++)
            {
                if (number == 0)
                {
                    client.Override(FlagKind.Gate, "new_nav", true, $"user-{n % 10}");
                }
                Assert.True(client.IsEnabled("new_nav", ann));
            }
        });
        Assert.Equal(10, client.GetStatus().Overrides);
    }

    [Fact]
    public void A_country_resolver_is_asked_for_users_who_come_without_a_country()
    {
        var asked = new List<(string Ip, int Thread)>();
        using FlagstayClient client = Client(countries: ip =>
        {
            asked.Add((ip, Environment.CurrentManagedThreadId));
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return ip == "1.2.3.4" ? "DE" : null;
        });
        Assert.True(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")));
        Assert.False(client.IsEnabled("german", new User("u").With("ip", "4.3.2.1")));
        Assert.True(client.IsEnabled("german", new User("u").With("ip", "4.3.2.1").With("country", "DE")));
        Assert.Equal(
            [("1.2.3.4", Environment.CurrentManagedThreadId), ("4.3.2.1", Environment.CurrentManagedThreadId)], asked);
        Assert.Null(client.LastCountryException);
        Assert.NotEmpty(client.GetStatus().Notes);
        client.SetCountryResolver(null);
        Assert.False(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")));
        Assert.Equal(2, asked.Count);
    }

    [Fact]
    public void A_country_resolver_that_throws_leaves_the_country_unknown_and_is_told()
    {
        var thrown = new IOException("no table");
        using FlagstayClient client = Client(countries: _ => throw thrown);
        using var user = new User("u").With("ip", "1.2.3.4");
        Assert.False(client.IsEnabled("german", user));
        Decision decision = client.Evaluate("german", user);
        Assert.Null(decision.Error);
        Assert.Same(thrown, client.LastCountryException);
        Assert.Null(client.LastStoreException);
        client.SetCountryResolver(_ => "half \ud800");
        Assert.False(client.IsEnabled("german", user));
        Assert.Contains("surrogate", client.LastCountryException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_country_resolver_may_call_its_client_and_close_it()
    {
        FlagstayClient? client = null;
        using var other = new User("u").With("email", "u@acme.io");
        using FlagstayClient made = Client(countries: _ =>
        {
            Assert.Equal(4, client!.Evaluate("new_nav", other, new EvaluationOptions { Details = true }).Details.GetProperty("version").GetInt32());
            client.SetCountryResolver(null);
            client.Dispose();
            return "DE";
        });
        client = made;
        Assert.True(client.Evaluate("german", new User("u").With("ip", "1.2.3.4")).Enabled);
        Assert.Null(client.LastCountryException);
        Assert.False(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")));
    }

    [Fact]
    public void Country_resolvers_may_be_replaced_while_other_threads_ask_them()
    {
        using FlagstayClient client = Client(countries: _ => "DE");
        Threads.Together(4, number =>
        {
            using var user = new User("u").With("ip", "1.2.3.4");
            for (int n = 0; n < 300; n++)
            {
                if (number == 0)
                {
                    string country = "DE";
                    client.SetCountryResolver(_ => country);
                    if (n % 50 == 0)
                    {
                        GC.Collect();
                        GC.WaitForPendingFinalizers();
                    }
                }
                Assert.True(client.IsEnabled("german", user));
            }
        });
        Assert.Null(client.LastCountryException);
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

    [Fact]
    public void What_is_looked_at_is_exposed_with_its_kind()
    {
        using FlagstayClient client = Client(exposures: true);
        using Decisions all = client.EvaluateAll(Ann());
        Assert.Empty(client.DrainEvents());
        Assert.True(all.TryGet("limits", FlagKind.Config, out _));
        Assert.Equal(
            "statsig::config_exposure", Assert.Single(client.DrainEvents()).GetProperty("eventName").GetString());
        Assert.True(all.TryGet("limits", FlagKind.Gate, out _));
        Assert.Equal(
            "statsig::gate_exposure", Assert.Single(client.DrainEvents()).GetProperty("eventName").GetString());
    }

    [Fact]
    public void The_adapter_of_the_page_is_the_one_that_is_tested()
    {
        string page = Path.Combine(Rulesets.Repository, "bindings/dotnet/COMING-FROM-STATSIG.md");
        string source = File.ReadAllText(Path.Combine(Rulesets.Folder(), "SavedStore.cs"));
        string adapter = source[source.IndexOf("/// <summary>", StringComparison.Ordinal)..];
        Assert.Contains($"```csharp\n{adapter}```\n", File.ReadAllText(page), StringComparison.Ordinal);
    }

    // A persistent storage as an application has it, with the SDK's three methods.
    private sealed class Storage : IPersistentStorage<JsonElement>
    {
        public ConcurrentDictionary<(string Key, string Name), JsonElement> Saved { get; } = new();

        public ConcurrentQueue<string> Calls { get; } = new();

        public Action<string> Before { get; set; } = _ => { };

        public static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

        // As many are written: nothing is null.
        public IReadOnlyDictionary<string, JsonElement>? Load(string key)
        {
            Called($"load {key}");
            var found = Saved.Where(one => one.Key.Key == key).ToDictionary(one => one.Key.Name, one => one.Value);
            return found.Count == 0 ? null : found;
        }

        public void Save(string key, string configName, JsonElement record)
        {
            Called($"save {key} {configName}");
            Saved[(key, configName)] = record.Clone();
        }

        public void Delete(string key, string configName)
        {
            Called($"delete {key} {configName}");
            Saved.TryRemove((key, configName), out _);
        }

        private void Called(string call)
        {
            Calls.Enqueue(call);
            Before(call);
        }
    }
}
