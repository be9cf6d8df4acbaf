using System;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;
using static Flagstay.Tests.StatsigProject;

namespace Flagstay.Tests;

// Answers of the application's own, in place of the document's.
public sealed class StatsigOverrideTests
{
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
}
