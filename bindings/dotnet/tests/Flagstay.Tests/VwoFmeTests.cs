using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using Xunit;

namespace Flagstay.Tests;

public sealed partial class VwoFmeTests
{
    // Everybody is in the rollout, the experiment has this traffic and these weights.
    private static string Settings(int traffic, int plain, int bold) => $$"""
        {"version": 1, "accountId": 880077, "sdkKey": "abc",
         "features": [{"id": 3, "key": "basket", "name": "Basket", "type": "FEATURE_FLAG", "status": "ON", "metrics": [],
           "rules": [{"type": "FLAG_ROLLOUT", "ruleKey": "everybody", "campaignId": 71},
                     {"type": "FLAG_TESTING", "ruleKey": "looks", "campaignId": 72}]}],
         "campaigns": [
           {"id": 71, "key": "basket_everybody", "name": "Everybody", "type": "FLAG_ROLLOUT", "status": "RUNNING",
            "segments": {}, "variations": [
              {"id": 1, "name": "Rollout", "weight": 100, "segments": {}, "variables": []} ]},
           {"id": 72, "key": "basket_looks", "name": "Looks", "type": "FLAG_TESTING", "status": "RUNNING",
            "segments": {}, "percentTraffic": {{traffic}}, "variations": [
              {"id": 1, "name": "Plain", "weight": {{plain}}, "segments": {}, "variables": [
                {"id": 1, "key": "title", "type": "string", "value": "Basket"} ]},
              {"id": 2, "name": "Bold", "weight": {{bold}}, "segments": {}, "variables": [
                {"id": 1, "key": "title", "type": "string", "value": "YOUR BASKET"},
                {"id": 2, "key": "price", "type": "double", "value": 12.5},
                {"id": 3, "key": "columns", "type": "integer", "value": 3},
                {"id": 4, "key": "views", "type": "double", "value": 4e0},
                {"id": 5, "key": "gift", "type": "boolean", "value": true},
                {"id": 6, "key": "far", "type": "integer", "value": 9007199254740993},
                {"id": 7, "key": "layout", "type": "json", "value": {"Wide": true, "Names": ["a"]} } ]} ]} ]}
        """;

    private static readonly string[] Ten =
    [
        "experimentId", "experimentKey", "experimentVariationId", "featureKey", "isInHoldoutId", "notInHoldoutId",
        "rolloutId", "rolloutKey", "rolloutVariationId", "userId",
    ];

    public static TheoryData<string> Records => new()
    {
        // What the vendor's documentation has connectors keep, and what is written today.
        """
        {"featureKey": "basket", "userId": "ada", "rolloutId": 71, "rolloutKey": "basket_everybody",
         "rolloutVariationId": 1, "experimentId": 72, "experimentKey": "basket_looks", "experimentVariationId": 2}
        """,
        """
        {"featureKey": "basket", "userId": "ada", "rolloutId": 71, "rolloutKey": "basket_everybody",
         "rolloutVariationId": 1, "experimentId": 72, "experimentKey": "basket_looks", "experimentVariationId": 2,
         "isInHoldoutId": null, "notInHoldoutId": []}
        """,
    };

    [Theory]
    [MemberData(nameof(Records))]
    public void A_user_of_a_vwo_store_keeps_the_stored_variation(string record)
    {
        Dictionary<string, object?> data = JsonSerializer.Deserialize<Dictionary<string, object?>>(record)!;
        foreach (object stored in new object[] { data, record })
        {
            var connector = new Connector { Table = { [("basket", "ada")] = stored } };
            using FlagstayClient client = Client(Settings(100, 100, 0), connector);
            foreach (string changed in new[] { Settings(100, 100, 0), Settings(0, 0, 100), Settings(0, 100, 0) })
            {
                client.Update(changed);
                Decision decision = client.Evaluate("basket", new User("ada"));
                Assert.Equal(("Bold", true, null), (decision.Variation, decision.Sticky, decision.StoreError));
            }
            // Without a record the same rules say otherwise.
            Decision other = client.Evaluate("basket", new User("grace"));
            Assert.Equal(("Rollout", false, null), (other.Variation, other.Sticky, other.StoreError));
        }
    }

    [Fact]
    public void A_new_user_is_written_in_vwos_shape_and_stays()
    {
        var connector = new Connector();
        using FlagstayClient client = Client(Settings(100, 0, 100), connector);
        Decision first = client.Evaluate("basket", new User("new"));
        Assert.Equal(("Bold", false, null), (first.Variation, first.Sticky, first.StoreError));
        KeyValuePair<(string, string), object> written = Assert.Single(connector.Table);
        Assert.Equal(("basket", "new"), written.Key);
        var record = (Dictionary<string, object?>)written.Value;
        Assert.Equal(Ten, record.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(72, record["experimentId"]);
        Assert.Equal("basket_looks", record["experimentKey"]);
        Assert.Equal(2, record["experimentVariationId"]);
        Assert.Null(record["isInHoldoutId"]);
        client.Update(Settings(0, 100, 0));
        Decision again = client.Evaluate("basket", new User("new"));
        Assert.Equal(("Bold", true, null), (again.Variation, again.Sticky, again.StoreError));
        Assert.Contains("cannot delete", Assert.Throws<StoreException>(() => client.Forget("new")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_is_a_member_of_the_value()
    {
        using FlagstayClient client = Client(Settings(100, 0, 100), new Connector());
        Decision bold = client.Evaluate("basket", new User("ada"));
        Assert.Equal("YOUR BASKET", bold.Variable("title", "none"));
        Assert.Equal(12.5, bold.Variable("price", 1.0));
        Assert.Equal(12.5m, bold.Variable("price", 1m));
        Assert.Equal(3, bold.Variable("columns", 1));
        Assert.Equal(3.0, bold.Variable("columns", 1.5));
        Assert.Equal(4, bold.Variable("views", 1));
        Assert.Equal((short)4, bold.Variable("views", (short)1));
        Assert.Equal(9007199254740993, bold.Variable("far", 1L));
        Assert.True(bold.Variable("gift", false));
        Assert.True(bold.Variable<bool?>("gift", null));
        Assert.True(bold.Variable("layout", new Layout(false, [])).Wide);
        Assert.Equal(["a"], bold.Variable("layout", new Layout(false, []), Types.Default.Layout).Names);
    }

    [Fact]
    public void A_variable_that_is_missing_or_of_another_type_is_the_fallback()
    {
        using FlagstayClient client = Client(Settings(100, 0, 100), new Connector());
        Decision bold = client.Evaluate("basket", new User("ada"));
        Assert.Equal(9, bold.Variable("title", 9));
        Assert.Equal(9m, bold.Variable("title", 9m));
        Assert.Equal("none", bold.Variable("price", "none"));
        Assert.Equal(7, bold.Variable("price", 7));
        Assert.Equal((short)7, bold.Variable("price", (short)7));
        Assert.Equal(7, bold.Variable("far", 7));
        Assert.Equal(9.5, bold.Variable("gift", 9.5));
        Assert.True(bold.Variable("Gift", true));
        Assert.True(bold.Variable("title", true));
        Assert.Null(bold.Variable<Layout?>("colour", null));
        Assert.Equal([1], bold.Variable<int[]>("layout", [1]));
        Decision unknown = client.Evaluate("nowhere", new User("ada"));
        Assert.Equal("own", unknown.Variable("title", "own"));
        using FlagstayClient shop = Rulesets.Client();
        Assert.Equal(5, shop.Evaluate("list", new User("ada")).Variable("0", 5));
        Assert.Equal(3, shop.Evaluate("limits", new User("ada")).Variable("items", 5));
        Decision mine = client.Evaluate("nowhere", new User("ada"), new EvaluationOptions
        {
            Default = JsonDocument.Parse("""{"title": "from the default", "price": null}""").RootElement,
        });
        Assert.Equal("from the default", mine.Variable("title", "own"));
        Assert.Equal(5, mine.Variable("price", 5));
        Assert.Equal(5m, mine.Variable("price", 5m));
    }

    [Fact]
    public void The_adapter_of_the_page_is_the_one_that_is_tested()
    {
        string source = File.ReadAllText(Path.Combine(Rulesets.Folder(), "ConnectorStore.cs"));
        string adapter = source[source.IndexOf("/// <summary>", StringComparison.Ordinal)..];
        string page = File.ReadAllText(Path.Combine(Rulesets.Repository, "bindings/dotnet/COMING-FROM-VWO-FME.md"));
        Assert.Contains($"```csharp\n{adapter}```\n", page, StringComparison.Ordinal);
    }

    private static FlagstayClient Client(string settings, IConnector connector) => new(new FlagstayOptions
    {
        Dialect = "vwo-fme",
        Ruleset = settings,
        AssignmentStore = new ConnectorStore(connector),
    });

    // A storage connector as an application has it, with the vendor's two methods.
    private sealed class Connector : IConnector
    {
        public Dictionary<(string FeatureKey, string UserId), object> Table { get; } = [];

        public object? Get(string featureKey, string userId) =>
            Table.TryGetValue((featureKey, userId), out object? data) ? data : null;

        public void Set(Dictionary<string, object?> data) =>
            Table[((string)data["featureKey"]!, (string)data["userId"]!)] = data;
    }

    internal sealed record Layout(bool Wide, string[] Names);

    [JsonSerializable(typeof(Layout))]
    private sealed partial class Types : JsonSerializerContext;
}
