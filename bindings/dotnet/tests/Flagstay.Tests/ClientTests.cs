using System;
using System.Text.Json.Nodes;
using Xunit;

namespace Flagstay.Tests;

public class ClientTests
{
    [Fact]
    public void Before_the_first_ruleset_every_evaluation_answers_the_default()
    {
        using var client = new FlagstayClient(new FlagstayOptions());
        using var user = new User("user-1");
        Assert.True(client.IsEnabled("new-checkout", user, fallback: true));
        Assert.False(client.IsEnabled("new-checkout", user));
        Assert.Equal(1.5, client.Number("price", user, 1.5));
        Assert.Equal("hi", client.Text("greeting", user, "hi"));
        Decision decision = client.Evaluate("limits", user);
        Assert.Equal(FlagstayStatus.ProviderNotReady, decision.Error);
        Assert.Equal(Reason.Error, decision.Reason);
        Assert.Equal(FlagstayStatus.ProviderNotReady, client.EvaluateAll(user).Error);
        Assert.Equal(ClientState.Initializing, client.GetStatus().State);
        Assert.Null(client.GetStatus().Flags);
    }

    [Fact]
    public void A_disposed_client_answers_the_default_and_does_not_throw()
    {
        FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1").With("plan", "pro");
        Assert.True(client.IsEnabled("new-checkout", user));
        client.Dispose();
        Assert.False(client.IsEnabled("new-checkout", user));
        Assert.True(client.IsEnabled("new-checkout", user, fallback: true));
        Assert.Equal(2, client.Number("price", user, 2));
        Assert.Equal("x", client.Text("greeting", user, "x"));
        Assert.Equal(FlagstayStatus.ProviderNotReady, client.Evaluate("price", user).Error);
        Assert.Equal(ClientState.Off, client.GetStatus().State);
    }

    [Fact]
    public void A_disposed_client_takes_no_more_rulesets_and_reads_no_more_records()
    {
        FlagstayClient client = Rulesets.Client(store: new MapStore());
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Update(Rulesets.Shop));
        Assert.Throws<ObjectDisposedException>(() => client.Peek("u", "f"));
        Assert.Throws<ObjectDisposedException>(() => client.Forget("u"));
        Assert.Throws<ObjectDisposedException>(() => client.Track("bought", null));
    }

    [Fact]
    public void Disposing_and_closing_twice_is_fine()
    {
        FlagstayClient client = Rulesets.Client();
        Assert.True(client.Close(TimeSpan.FromSeconds(1)));
        Assert.True(client.Close(TimeSpan.Zero));
        Assert.True(client.Close(System.Threading.Timeout.InfiniteTimeSpan));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.Close(TimeSpan.FromSeconds(-2)));
        client.Dispose();
        client.Dispose();
    }

    [Fact]
    public void An_option_that_makes_no_sense_is_named()
    {
        void Refused(FlagstayOptions options, string place)
        {
            var error = Assert.Throws<InvalidConfigurationException>(() => new FlagstayClient(options));
            Assert.Contains(place, error.Message, StringComparison.Ordinal);
            Assert.Equal(FlagstayStatus.InvalidConfiguration, error.Status);
        }

        Refused(new FlagstayOptions { Dialect = "latin" }, "dialect");
        Refused(new FlagstayOptions { RulesetFile = "/nowhere/rules.json" }, "ruleset_file");
        Refused(new FlagstayOptions { Ruleset = "{}", RulesetFile = "/nowhere" }, "RulesetFile");
        Refused(new FlagstayOptions { Store = "memory:", AssignmentStore = new MapStore() }, "store");
        Refused(new FlagstayOptions { Events = new EventOptions { Capacity = -1 } }, "events");
        Refused(new FlagstayOptions { Store = "memory:", StoreSlowAfter = TimeSpan.FromSeconds(-1) }, "StoreSlowAfter");
        Assert.Equal(
            "dialect", Assert.Throws<ArgumentException>(() => new FlagstayClient(new FlagstayOptions { Dialect = "\ud800" })).ParamName);
        var odd = new JsonObject { ["defaults"] = new JsonArray("a", new JsonObject { ["x"] = "\udc00" }) };
        Assert.Equal(
            "options.defaults[1].x",
            Assert.Throws<ArgumentException>(() => new FlagstayClient(new FlagstayOptions { DialectOptions = odd })).ParamName);
        Assert.Throws<ArgumentNullException>(() => new FlagstayClient(null!));
    }

    [Fact]
    public void Options_of_the_dialect_are_handed_over()
    {
        var error = Assert.ThrowsAny<FlagstayException>(() => new FlagstayClient(new FlagstayOptions
        {
            Ruleset = Rulesets.Shop,
            DialectOptions = new JsonObject { ["colour"] = "loud" },
        }));
        Assert.Contains("colour", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_ruleset_that_cannot_be_used_makes_no_client()
    {
        Assert.Equal(
            FlagstayStatus.InvalidJson, Assert.Throws<FlagstayException>(() => Rulesets.Client("{\"format\": 1,")).Status);
        Assert.Throws<InvalidRulesetException>(() => Rulesets.Client("{\"format\": 99, \"flags\": {}}"));
    }

    [Fact]
    public void A_refused_ruleset_leaves_the_one_before_it()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1").With("plan", "pro");
        Assert.ThrowsAny<FlagstayException>(() => client.Update("[]"));
        Assert.True(client.IsEnabled("new-checkout", user));
        ClientStatus status = client.GetStatus();
        Assert.Equal(ClientState.Ready, status.State);
        Assert.Equal(1, status.Updates.Loaded);
        Assert.Equal(1, status.Updates.Refused);
        Assert.NotNull(status.Updates.LastError);
    }

    [Fact]
    public void The_status_is_typed()
    {
        using FlagstayClient client = Rulesets.Client(store: new MapStore());
        ClientStatus status = client.GetStatus();
        Assert.Equal("flagstay", status.Dialect);
        Assert.Equal(7, status.Flags);
        Assert.Empty(status.Problems);
        Assert.Equal("host", status.Store.Kind);
        Assert.Equal(10_000, status.Events.Capacity);
        Assert.Equal("READY", status.Json.GetProperty("state").GetString());
    }

    [Fact]
    public void A_ruleset_may_come_from_a_file()
    {
        string path = System.IO.Path.GetTempFileName();
        try
        {
            System.IO.File.WriteAllText(path, Rulesets.Shop);
            using var client = FlagstayClient.Create(new FlagstayOptions { RulesetFile = path });
            Assert.Equal(12, client.Number("price", new User("u"), 0));
        }
        finally
        {
            System.IO.File.Delete(path);
        }
    }

    [Fact]
    public void The_native_library_says_its_version() => Assert.Matches(@"^\d+\.\d+\.\d+", FlagstayClient.NativeVersion);
}
