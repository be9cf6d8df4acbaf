using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Flagstay.Tests;

public sealed class FeatBitTests
{
    private static string Message(string second = "20", string kind = "full", string size = "25") => $$$"""
        {"messageType": "data-sync", "data": {"eventType": "{{{kind}}}", "segments": [], "featureFlags": [
          {"id": "1", "key": "one-click", "name": "One click", "variationType": "boolean", "isEnabled": true, "isArchived": false,
           "variations": [{"id": "yes", "value": "true"}, {"id": "no", "value": "false"}], "disabledVariationId": "no",
           "targetUsers": [{"keyIds": ["ann"], "variationId": "yes"}], "rules": [],
           "fallthrough": {"dispatchKey": null, "includedInExpt": false, "variations": [{"id": "no", "rollout": [0, 1], "exptRollout": 1}]},
           "exptIncludeAllTargets": false, "updatedAt": "2023-11-14T22:13:{{{second}}}.000Z"},
          {"id": "2", "key": "page-size", "name": "Page size", "variationType": "number", "isEnabled": true, "isArchived": false,
           "variations": [{"id": "a", "value": "{{{size}}}"}], "disabledVariationId": "a", "targetUsers": [], "rules": [],
           "fallthrough": {"dispatchKey": null, "includedInExpt": false, "variations": [{"id": "a", "rollout": [0, 1], "exptRollout": 1}]},
           "exptIncludeAllTargets": false, "updatedAt": "2023-11-14T22:13:{{{second}}}.000Z"}]}}
        """;

    private static FlagstayClient Client(JsonObject? options = null) => new(new FlagstayOptions
    {
        Dialect = "featbit",
        DialectOptions = options,
        Events = new EventOptions { Exposures = true },
    });

    private static User Ann() => new User("ann").With("name", "Ann").With("plan", "pro");

    [Fact]
    public void A_value_is_cast_by_the_type_of_its_flag()
    {
        using FlagstayClient client = Client();
        using User ann = Ann();
        Assert.Equal(10, client.Number("page-size", ann, 10));
        client.Update(Message());
        Assert.True(client.IsEnabled("one-click", ann));
        Assert.Equal(25, client.Number("page-size", ann, 10));
        Assert.Equal("grey", client.Text("page-size", ann, "grey"));
        Decision decision = client.Evaluate("one-click", ann, new EvaluationOptions { Details = true });
        Assert.Equal(("yes", Reason.TargetMatch), (decision.VariationId, decision.Reason));
        Assert.Equal("One click", decision.Details.GetProperty("name").GetString());
        Assert.Equal(
            FlagstayStatus.InvalidContext, client.Evaluate("one-click", new User("nameless")).Error);
    }

    [Fact]
    public void Messages_change_what_they_are_newer_than()
    {
        using FlagstayClient client = Client();
        using User ann = Ann();
        client.Update(Message());
        client.Update(Message(second: "19", kind: "patch", size: "99"));
        Assert.Equal(25, client.Number("page-size", ann, 10));
        client.Update(Message(second: "21", kind: "patch", size: "50"));
        Assert.Equal(50, client.Number("page-size", ann, 10));
        Assert.Throws<InvalidRulesetException>(() => client.Update("""{"messageType": "data-sync"}"""));
        UpdateStatus updates = client.GetStatus().Updates;
        Assert.Equal((2, 1, 1), (updates.Loaded, updates.Unchanged, updates.Refused));
    }

    [Fact]
    public void A_default_of_the_options_goes_before_the_callers_in_every_call()
    {
        using FlagstayClient client = Client(new JsonObject
        {
            ["defaults"] = new JsonObject
            {
                ["on"] = true,
                ["text"] = "blue",
                ["number"] = 7,
                ["list"] = new JsonArray(1, 2),
                ["null"] = null,
            },
        });
        using User ann = Ann();
        Assert.True(client.IsEnabled("on", ann));
        Assert.Equal("blue", client.Text("text", ann, "grey"));
        Assert.Equal(7, client.Number("number", ann, 1));
        Assert.Equal(2, client.Json("list", ann).GetArrayLength());
        Assert.Equal([1, 2], client.Value("list", ann, Array.Empty<int>()));
        Assert.Equal("blue", client.Value("text", ann, "grey"));
        Assert.Equal("blue", client.Evaluate("text", ann).Text);
        // Where the options have none, or one of another type, the caller's stands.
        Assert.Equal("grey", client.Text("number", ann, "grey"));
        Assert.Equal("grey", client.Text("elsewhere", ann, "grey"));
        Assert.Equal("grey", client.Text("null", ann, "grey"));
        Assert.Equal([9], client.Value("elsewhere", ann, new[] { 9 }));
        Assert.Equal(JsonValueKind.Undefined, client.Json("elsewhere", ann).ValueKind);
        client.Dispose();
        Assert.Equal("blue", client.Text("text", ann, "grey"));
    }

    [Fact]
    public void All_flags_are_exposed_when_they_are_asked_for_each_time()
    {
        using FlagstayClient client = Client();
        client.Update(Message());
        using Decisions all = client.EvaluateAll(Ann());
        Assert.Equal(["one-click", "page-size"], all.Select(decision => decision.Flag));
        Assert.Empty(client.DrainEvents());
        Assert.Equal(25, all["page-size"].Number);
        Assert.Equal(25, all["page-size"].Number);
        Assert.Equal(2, client.DrainEvents().Count);
        Assert.Equal(FlagstayStatus.InvalidContext, client.EvaluateAll(new User("nameless")).Error);
    }

    [Fact]
    public async Task The_adapter_fetches_flags_and_delivers_events_in_chunks()
    {
        using var server = new Server { Flags = Message() };
        using var http = new HttpClient(server);
        var environment = new FeatBitEnvironment(http, new Uri("http://localhost:5100"), "se-cret==");
        using FlagstayClient client = Client();
        using User ann = Ann();
        await environment.UpdateAsync(client);
        await environment.UpdateAsync(client);
        Assert.Equal((1, 1), (client.GetStatus().Updates.Loaded, client.GetStatus().Updates.Unchanged));
        for (int n = 0; n < 60; n++)
        {
            Assert.True(client.IsEnabled("one-click", ann));
        }
        Assert.True(client.Track("purchase", ann, 9.5));
        Assert.True(client.Track("$identify", ann));
        server.Refusals = 1;
        await environment.DeliverAsync(client);
        Assert.Equal(
            [
                "GET /api/public/sdk/server/latest-all", "GET /api/public/sdk/server/latest-all",
                "POST /api/public/insight/track", "POST /api/public/insight/track", "POST /api/public/insight/track",
            ],
            server.Calls);
        Assert.Equal([50, 50, 12], server.Bodies.Select(body => body.GetArrayLength()));
        Assert.Equal(
            "one-click", server.Bodies[0][0].GetProperty("variations")[0].GetProperty("featureFlagKey").GetString());
        Assert.Equal(
            "purchase", server.Bodies[2][10].GetProperty("metrics")[0].GetProperty("eventName").GetString());
        Assert.All(server.Secrets, secret => Assert.Equal("se-cret==", secret));
    }

    [Fact]
    public async Task Events_that_are_refused_twice_are_lost_and_the_flags_stay_as_they_were()
    {
        using var server = new Server { Flags = Message() };
        using var http = new HttpClient(server);
        var environment = new FeatBitEnvironment(http, new Uri("http://localhost:5100"), "s");
        using FlagstayClient client = Client();
        using User ann = Ann();
        await environment.UpdateAsync(client);
        client.IsEnabled("one-click", ann);
        server.Refusals = 3;
        await Assert.ThrowsAsync<HttpRequestException>(() => environment.DeliverAsync(client));
        Assert.Empty(client.DrainEvents());
        await Assert.ThrowsAsync<HttpRequestException>(() => environment.UpdateAsync(client));
        Assert.True(client.IsEnabled("one-click", ann));
    }

    [Fact]
    public void The_adapter_of_the_page_is_the_one_that_is_tested()
    {
        string source = File.ReadAllText(Path.Combine(Rulesets.Folder(), "FeatBitEnvironment.cs"));
        string adapter = source[source.IndexOf("/// <summary>", StringComparison.Ordinal)..];
        string page = File.ReadAllText(Path.Combine(Rulesets.Repository, "bindings/dotnet/COMING-FROM-FEATBIT.md"));
        Assert.Contains($"```csharp\n{adapter}```\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flag_of_featureflag_co_is_found_by_its_environments_secret()
    {
        using var client = new FlagstayClient(new FlagstayOptions
        {
            Dialect = "featureflag-co",
            Ruleset = """
                {"messageType": "data-sync", "data": {"eventType": "full", "segments": [], "featureFlags": [
                  {"id": "FF__11__22__33__colour", "isArchived": false, "timestamp": 1700000000000, "ffp": [], "fftuwmtr": [],
                   "targetIndividuals": [], "exptIncludeAllRules": null,
                   "ff": {"id": "FF__11__22__33__colour", "name": "Colour", "keyName": "colour", "status": "Enabled",
                     "isDefaultRulePercentageRolloutsIncludedInExpt": null,
                     "defaultRulePercentageRollouts": [{"exptRollout": null, "rolloutPercentage": [0, 1],
                       "valueOption": {"localId": 1, "displayOrder": 1, "variationValue": "yes"}}],
                     "variationOptionWhenDisabled": {"localId": 2, "displayOrder": 2, "variationValue": "no"}}}]}}
                """,
            DialectOptions = new JsonObject
            {
                ["env_secret"] = "ZGVtby0wMDAwLTElMjAyMDI0MDEwMTAwMDAwMF9fMTFfXzIyX18zM19fZGVmYXVsdF8wYTFiMg==",
            },
        });
        using var user = new User("ann");
        Assert.Equal("yes", client.Text("colour", user, "grey"));
        Assert.True(client.IsEnabled("colour", user));
        Assert.False(client.Evaluate("size", user).Found);
    }

    // FeatBit's evaluation server, as far as the adapter knows it.
    private sealed class Server : HttpMessageHandler
    {
        public string Flags { get; set; } = "";

        /// <summary>How many of the next calls fail.</summary>
        public int Refusals { get; set; }

        public List<string> Calls { get; } = [];

        public List<string> Secrets { get; } = [];

        public List<JsonElement> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            Calls.Add($"{request.Method} {request.RequestUri!.AbsolutePath}");
            Secrets.Add(request.Headers.GetValues("Authorization").Single());
            if (request.Content is not null)
            {
                Assert.Equal("application/json", request.Content.Headers.ContentType!.MediaType);
                Bodies.Add(JsonDocument.Parse(await request.Content.ReadAsStringAsync(cancel)).RootElement);
            }
            return Refusals-- > 0
                ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
                : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Flags) };
        }
    }
}
