using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Xunit;

namespace Flagstay.Tests;

public class EvaluationTests
{
    [Fact]
    public void A_switch_is_read_in_one_call()
    {
        using FlagstayClient client = Rulesets.Client();
        using var pro = new User("user-1").With("plan", "pro");
        using var free = new User("user-2").With("plan", "free");
        Assert.True(client.IsEnabled("new-checkout", pro));
        Assert.True(client.IsEnabled("new-checkout"u8, pro));
        Assert.False(client.IsEnabled("new-checkout", free, fallback: true));
        Assert.False(client.IsEnabled("closed", pro, fallback: true));
        Assert.True(client.IsEnabled("no-such-flag", pro, fallback: true));
    }

    [Fact]
    public void Typed_calls_answer_the_value()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1");
        Assert.Equal(12, client.Number("price", user, 0));
        Assert.Equal("Grüß Gott 🥨", client.Text("greeting", user, ""));
        Assert.Equal(3, client.Json("limits", user).GetProperty("items").GetInt32());
        Assert.Equal(9007199254740993, client.Json("limits", user).GetProperty("big").GetInt64());
    }

    [Fact]
    public void A_value_of_another_type_answers_the_default()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1");
        using JsonDocument text = JsonDocument.Parse("\"fallback\"");
        Assert.Equal(-1, client.Number("greeting", user, -1));
        Assert.Equal("fallback", client.Text("price", user, "fallback"));
        Assert.Equal("fallback", client.Json("limits", user, text.RootElement).GetString());
        Assert.Equal(JsonValueKind.Undefined, client.Json("no-such-flag", user).ValueKind);
        Assert.Equal("ä🥨\0", client.Text("no-such-flag", user, "ä🥨\0"));
    }

    [Fact]
    public void A_value_reads_as_a_type_of_the_caller_s()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1");
        var fallback = new Limits(0, "none");
        Assert.Equal(new Limits(3, "three"), client.Value("limits", user, fallback, TestJson.Default.Limits));
        Assert.Equal(new Limits(3, "three"), client.Value("limits", user, fallback, new JsonSerializerOptions(JsonSerializerDefaults.Web)));
        Assert.Equal(fallback, client.Value("list", user, fallback, TestJson.Default.Limits));
        Assert.Equal(fallback, client.Value("no-such-flag", user, fallback, TestJson.Default.Limits));
        Assert.Equal([1, 2, 3], client.Value("list", user, Array.Empty<int>(), TestJson.Default.Int32Array));
        Assert.Equal(12, client.Value("price", user, 0));
    }

    [Fact]
    public void A_decision_tells_everything()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1").With("plan", "pro");
        Decision decision = client.Evaluate("new-checkout", user);
        Assert.True(decision.Found);
        Assert.True(decision.Enabled);
        Assert.False(decision.Sticky);
        Assert.Equal("new-checkout", decision.Flag);
        Assert.Equal(Reason.RuleMatch, decision.Reason);
        Assert.Equal("staff", decision.RuleId);
        Assert.Equal("on", decision.Variation);
        Assert.Equal(ValueKind.Boolean, decision.ValueKind);
        Assert.True(decision.Boolean);
        Assert.Equal("true", decision.Json);
        Assert.True(decision.Value.GetBoolean());
        Assert.Null(decision.Error);
        Assert.Null(decision.Text);
        Assert.Null(decision.Number);
        Assert.Null(decision.StoreError);
        Assert.Equal("new-checkout = true (RuleMatch)", decision.ToString());
    }

    [Fact]
    public void A_decision_has_details_and_a_kind_only_where_the_platform_has_them()
    {
        using FlagstayClient client = Rulesets.Client();
        Decision decision = client.Evaluate("price", new User("u"), new EvaluationOptions { Details = true });
        Assert.Equal(JsonValueKind.Undefined, decision.Details.ValueKind);
        Assert.Equal(FlagKind.Any, decision.Kind);
        Assert.Equal(12, decision.Number);
    }

    [Fact]
    public void A_kind_that_there_is_not_is_refused_by_name()
    {
        using FlagstayClient client = Rulesets.Client();
        var odd = new EvaluationOptions { Kind = (FlagKind)77 };
        var error = Assert.Throws<FlagstayException>(() => client.Evaluate("price", new User("u"), odd));
        Assert.Equal(FlagstayStatus.InvalidArgument, error.Status);
        Assert.Contains("options.kind", error.Message, StringComparison.Ordinal);
        Assert.Throws<FlagstayException>(() => client.EvaluateAll(new User("u"), odd));
        Assert.Throws<FlagstayException>(() => client.Explain("price", new User("u"), odd));
    }

    [Fact]
    public void The_caller_s_default_comes_back_as_it_was()
    {
        using FlagstayClient client = Rulesets.Client();
        using JsonDocument fallback = JsonDocument.Parse("""{"big": 9007199254740993, "text": "ä\u0000"}""");
        Decision decision = client.Evaluate("no-such-flag", new User("u"), new EvaluationOptions { Default = fallback.RootElement });
        Assert.Equal(FlagstayStatus.FlagNotFound, decision.Error);
        Assert.False(decision.Found);
        Assert.Contains("no-such-flag", decision.ToString(), StringComparison.Ordinal);
        Assert.Equal(ValueKind.Object, decision.ValueKind);
        Assert.Equal(9007199254740993, decision.Value.GetProperty("big").GetInt64());
        Assert.Equal("ä\0", decision.Value.GetProperty("text").GetString());
        Assert.Equal(ValueKind.None, client.Evaluate("no-such-flag", new User("u")).ValueKind);
    }

    [Fact]
    public void An_evaluation_exposes_unless_somebody_only_looks()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), exposures: true);
        using var user = new User("user-1");
        client.Evaluate("button-colour", user, new EvaluationOptions { ReadOnly = true });
        client.Explain("button-colour", user);
        Assert.Empty(client.DrainEvents());
        client.Evaluate("button-colour", user);
        client.Text("button-colour", user, "grey");
        Assert.Equal(2, client.GetStatus().Events.Queued);
        Assert.Single(client.DrainEvents(1));
        Assert.Single(client.DrainEvents());
        Assert.Empty(client.DrainEvents());
    }

    [Fact]
    public void Metric_events_are_queued_and_outlive_the_client()
    {
        FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1");
        Assert.True(client.Track("bought", user, 12.5));
        Assert.True(client.Track("bought", user, new MetricDetails
        {
            Value = 3,
            Properties = new JsonObject { ["größe"] = "XL🥨" },
        }));
        client.Dispose();
        IReadOnlyList<JsonElement> events = client.DrainEvents();
        Assert.Equal(2, events.Count);
        Assert.Contains("12.5", events[0].GetRawText(), StringComparison.Ordinal);
        Assert.Contains("XL🥨", System.Text.RegularExpressions.Regex.Unescape(events[1].GetRawText()), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => client.DrainEvents(-1));
    }

    [Fact]
    public void A_metric_event_that_JSON_cannot_say_is_refused_by_place()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1");
        void Refused(string place, MetricDetails details) =>
            Assert.Equal(place, Assert.Throws<ArgumentException>(() => client.Track("bought", user, details)).ParamName);

        Assert.Equal("value", Assert.Throws<ArgumentException>(() => client.Track("bought", user, double.NaN)).ParamName);
        Refused("value", new MetricDetails { Value = "\ud83d" });
        Refused("properties.size", new MetricDetails { Properties = new JsonObject { ["size"] = "\ud83d" } });
        Refused("flags", new MetricDetails { Flags = ["\ud83d"] });
        Assert.Empty(client.DrainEvents());
    }

    [Fact]
    public void An_explanation_has_the_decision_and_its_steps()
    {
        using FlagstayClient client = Rulesets.Client();
        JsonElement explanation = client.Explain("new-checkout", new User("user-1").With("plan", "pro"));
        Assert.Equal("new-checkout", explanation.GetProperty("flag").GetString());
        Assert.Equal("RULE_MATCH", explanation.GetProperty("decision").GetProperty("reason").GetString());
        Assert.NotEqual(0, explanation.GetProperty("steps").GetArrayLength());
    }

    [Fact]
    public void Null_is_refused_where_a_text_is_needed()
    {
        using FlagstayClient client = Rulesets.Client();
        Assert.Throws<ArgumentNullException>(() => client.IsEnabled((string)null!, null));
        Assert.Throws<ArgumentNullException>(() => client.Text("greeting", null, null!));
        Assert.Throws<ArgumentNullException>(() => new User(null!));
        Assert.Throws<ArgumentNullException>(() => client.Update(null!));
    }
}

public sealed record Limits(
    [property: JsonPropertyName("items")] int Items,
    [property: JsonPropertyName("name")] string Name);

[JsonSerializable(typeof(Limits))]
[JsonSerializable(typeof(int[]))]
internal sealed partial class TestJson : JsonSerializerContext;
