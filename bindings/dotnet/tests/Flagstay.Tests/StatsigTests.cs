using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using Xunit;
using static Flagstay.Tests.StatsigProject;

namespace Flagstay.Tests;

// How Statsig's kinds of flags are told apart, looked at and exposed.
public sealed class StatsigTests
{
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
}
