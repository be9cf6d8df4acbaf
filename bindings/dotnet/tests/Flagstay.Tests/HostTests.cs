using System;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Flagstay.Tests;

// What the application adds to the ruleset. What a decision makes of it is in StatsigOverrideTests and
// StatsigCountryTests.
public class HostTests
{
    [Fact]
    public void A_dialect_without_overrides_refuses_them_and_says_so()
    {
        using FlagstayClient client = Rulesets.Client();
        void Refused(Action call)
        {
            var error = Assert.Throws<FlagstayException>(call);
            Assert.Equal(FlagstayStatus.InvalidArgument, error.Status);
            Assert.Contains("the dialect flagstay knows no local overrides", error.Message, StringComparison.Ordinal);
        }

        Refused(() => client.Override(FlagKind.Gate, "new-checkout", true));
        Refused(() => client.Override(FlagKind.Config, "limits", new JsonObject(), "user-1"));
        Refused(() => client.Override(FlagKind.Layer, "limits", JsonDocument.Parse("{}").RootElement));
        Refused(() => client.OverrideGroup("limits", "Test"));
        Refused(() => client.OverrideGroup("limits", "Test", "user-1"));
        Refused(() => client.RemoveOverride(FlagKind.Experiment, "limits"));
        Refused(() => client.RemoveOverride(FlagKind.Experiment, "limits", "user-1"));
        Refused(client.ClearOverrides);
        Assert.Equal(0, client.GetStatus().Overrides);
    }

    [Fact]
    public void An_override_that_makes_no_sense_is_refused_by_name()
    {
        using FlagstayClient client = Rulesets.Client();
        void Refused(string place, Action call)
        {
            var error = Assert.Throws<FlagstayException>(call);
            Assert.Equal(FlagstayStatus.InvalidArgument, error.Status);
            Assert.Contains(place, error.Message, StringComparison.Ordinal);
        }

        Refused("`kind`", () => client.Override(FlagKind.Any, "f", true));
        Refused("kind", () => client.Override((FlagKind)77, "f", true));
        Refused("boolean", () => client.Override(FlagKind.Gate, "f", new JsonObject()));
        Refused("object", () => client.Override(FlagKind.Config, "f", true));
        Refused("`kind`", () => client.RemoveOverride(FlagKind.Any, "f"));
        Assert.Equal("flag", Assert.Throws<ArgumentException>(() => client.Override(FlagKind.Gate, "\ud800", true)).ParamName);
        Assert.Equal("id", Assert.Throws<ArgumentException>(() => client.Override(FlagKind.Gate, "f", true, "\ud800")).ParamName);
        Assert.Equal(
            "value.x",
            Assert.Throws<ArgumentException>(() => client.Override(FlagKind.Config, "f", new JsonObject { ["x"] = "\ud800" })).ParamName);
        Assert.Equal("value", Assert.Throws<ArgumentException>(() => client.Override(FlagKind.Gate, "f", default(JsonElement))).ParamName);
        Assert.Throws<ArgumentNullException>(() => client.Override(FlagKind.Gate, "f", (JsonNode)null!));
        Assert.Throws<ArgumentNullException>(() => client.Override(FlagKind.Gate, null!, true));
        Assert.Throws<ArgumentNullException>(() => client.OverrideGroup("f", null!));
        Assert.Throws<ArgumentNullException>(() => client.RemoveOverride(FlagKind.Gate, null!));
    }

    [Fact]
    public void A_country_resolver_is_let_go_when_another_takes_its_place()
    {
        using FlagstayClient client = Rulesets.Client();
        (WeakReference first, WeakReference second) = (Give(client), Give(client));
        Collect();
        Assert.False(first.IsAlive);
        Assert.True(second.IsAlive);
        client.SetCountryResolver(null);
        Collect();
        Assert.False(second.IsAlive);
        Assert.Null(client.LastCountryException);
    }

    [Fact]
    public void A_country_resolver_is_let_go_when_its_client_is_closed()
    {
        FlagstayClient client = Rulesets.Client();
        WeakReference resolver = Give(client, client.GetStatus);
        client.Dispose();
        Collect();
        Assert.False(resolver.IsAlive);
        GC.KeepAlive(client);
    }

    [Fact]
    public void A_closed_client_lets_go_of_a_country_resolver_that_it_refuses()
    {
        FlagstayClient client = Rulesets.Client();
        client.Dispose();
        WeakReference? resolver = null;
        Assert.Throws<ObjectDisposedException>(() => resolver = Give(client, kept: given => resolver = given));
        Collect();
        Assert.False(resolver!.IsAlive);
        Assert.Throws<ObjectDisposedException>(() => client.SetCountryResolver(null));
    }

    [Fact]
    public void A_client_that_nobody_disposed_lets_go_of_its_country_resolver_when_it_is_collected()
    {
        WeakReference resolver = Abandon();
        Collect();
        Assert.False(resolver.IsAlive);
    }

    [Fact]
    public void A_client_that_could_not_be_made_lets_go_of_its_country_resolver()
    {
        WeakReference resolver = Fail();
        Collect();
        Assert.False(resolver.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Give(FlagstayClient client, Func<object>? also = null, Action<WeakReference>? kept = null)
    {
        var resolver = new Resolver(also);
        var weak = new WeakReference(resolver);
        kept?.Invoke(weak);
        client.SetCountryResolver(resolver.Country);
        return weak;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Abandon() => Give(Rulesets.Client());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Fail()
    {
        var resolver = new Resolver(null);
        Assert.ThrowsAny<FlagstayException>(() => new FlagstayClient(new FlagstayOptions
        {
            Ruleset = "not a ruleset",
            CountryResolver = resolver.Country,
        }));
        return new WeakReference(resolver);
    }

    private static void Collect()
    {
        for (int n = 0; n < 3; n++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    // An object whose end can be watched, which a static function has none of.
    private sealed class Resolver(Func<object>? also)
    {
        public string? Country(string ip) => also is null ? ip : also().ToString();
    }
}
