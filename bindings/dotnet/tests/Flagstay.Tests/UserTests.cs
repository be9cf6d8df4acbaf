using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

public class UserTests
{
    // Every kind of value reaches the rules as what it is.
    private const string Kinds = """
        {"format": 1, "flags": {
          "text": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "rules": [{"id": "r", "if": {"attribute": "a", "one_of": ["grün 🥨"]}, "serve": "on"}],
            "default": {"serve": "off"}},
          "number": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "rules": [{"id": "r", "if": {"attribute": "a", "one_of": [1.5, 7]}, "serve": "on"}],
            "default": {"serve": "off"}},
          "boolean": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "rules": [{"id": "r", "if": {"attribute": "a", "one_of": [true]}, "serve": "on"}],
            "default": {"serve": "off"}}
        }}
        """;

    [Fact]
    public void Each_kind_of_value_arrives()
    {
        using FlagstayClient client = Rulesets.Client(Kinds);
        Assert.True(client.IsEnabled("text", new User("u").With("a", "grün 🥨")));
        Assert.False(client.IsEnabled("text", new User("u").With("a", "grün")));
        Assert.True(client.IsEnabled("number", new User("u").With("a", 1.5)));
        Assert.True(client.IsEnabled("number", new User("u").With("a", 7)));
        Assert.True(client.IsEnabled("number", new User("u").With("a", 7L)));
        Assert.True(client.IsEnabled("boolean", new User("u").With("a", true)));
        Assert.False(client.IsEnabled("boolean", new User("u").With("a", false)));
        Assert.False(client.IsEnabled("text", new User("u").With("a", null)));
        using JsonDocument json = JsonDocument.Parse("\"grün 🥨\"");
        Assert.True(client.IsEnabled("text", new User("u").With("a", json.RootElement)));
    }

    [Fact]
    public void A_name_that_is_set_twice_has_the_later_value()
    {
        using FlagstayClient client = Rulesets.Client(Kinds);
        Assert.True(client.IsEnabled("number", new User("u").With("a", "x").With("a", 7)));
    }

    [Fact]
    public void A_user_from_JSON_is_the_same_user()
    {
        using FlagstayClient client = Rulesets.Client();
        Assert.True(client.IsEnabled("new-checkout", User.FromJson("""{"key": "u", "attributes": {"plan": "pro"}}""")));
        using JsonDocument json = JsonDocument.Parse("""{"key": "user-3", "attributes": {"plan": "pro"}}""");
        Assert.Equal(Reason.TargetMatch, client.Evaluate("new-checkout", User.FromJson(json.RootElement)).Reason);
    }

    [Fact]
    public void Every_part_of_a_user_can_be_set()
    {
        foreach (UserPart part in Enum.GetValues<UserPart>())
        {
            using var user = new User("u").With(part, "name", 1);
        }
        using var other = new User("u").WithPrivate("email", "a@b.c").WithId("company", "c-9");
        Assert.Throws<FlagstayException>(() => new User("u").With((UserPart)77, "name", 1));
    }

    [Fact]
    public void A_document_that_is_no_user_is_refused_by_name()
    {
        Assert.Contains(
            "colour", Assert.Throws<InvalidUserException>(() => User.FromJson("""{"colour": 1}""")).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidUserException>(() => User.FromJson("[]"));
        Assert.Equal(FlagstayStatus.InvalidJson, Assert.Throws<FlagstayException>(() => User.FromJson("{")).Status);
    }

    [Fact]
    public void An_infinity_is_refused_by_name()
    {
        foreach (double value in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            var error = Assert.Throws<ArgumentException>(() => new User("u").With("height", value));
            Assert.Contains("height", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_by_name_and_place()
    {
        using FlagstayClient client = Rulesets.Client(store: new MapStore());
        void Refused(string name, Action call)
        {
            var error = Assert.Throws<ArgumentException>(call);
            Assert.Contains("surrogate", error.Message, StringComparison.Ordinal);
            Assert.Contains("index 2", error.Message, StringComparison.Ordinal);
            Assert.Equal(name, error.ParamName);
        }

        const string Half = "ab\ud83d";
        string longHalf = Half + new string('x', 1000);
        Refused("key", () => new User(Half).Dispose());
        Refused("name", () => new User("u").With(Half, 1));
        Refused("city", () => new User("u").With("city", Half));
        Refused("flag", () => client.IsEnabled(Half, null));
        Refused("flag", () => client.IsEnabled(longHalf, null));
        Refused("flag", () => client.Evaluate(longHalf, null));
        Refused("unit", () => client.Peek(Half, "f"));
        Refused("ruleset", () => client.Update(longHalf));
    }

    [Fact]
    public void NUL_and_every_plane_are_ordinary_text()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(50), store);
        foreach (string key in new[] { "a\0b", "\0", "é", "漢字", "🥨", "a\u2028b", "\uffff", string.Concat(Enumerable.Repeat("🥨", 5_000)) })
        {
            using var user = new User(key);
            Decision decision = client.Evaluate("button-colour", user);
            Assert.Null(decision.Error);
            Assert.Contains(decision.Text, (string[])["blue", "green"]);
            Assert.True(store.Records.ContainsKey((key, "button-colour")), key);
            Assert.Equal(store.Records[(key, "button-colour")], client.Peek(key, "button-colour"));
        }
    }

    [Fact]
    public void An_empty_key_is_a_key_and_belongs_to_no_split()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(50), store);
        using var nobody = new User("");
        Decision decision = client.Evaluate("button-colour", nobody);
        Assert.Null(decision.Error);
        Assert.Equal("grey", decision.Text);
        Assert.Empty(store.Records);
    }

    [Fact]
    public void A_flag_s_key_may_be_any_text_and_comes_back_as_it_was()
    {
        using FlagstayClient client = Rulesets.Client();
        foreach (string flag in new[] { "", "a\0b", "größe", string.Concat(Enumerable.Repeat("🥨", 5_000)) })
        {
            Decision decision = client.Evaluate(flag, new User("u"));
            Assert.Equal(flag, decision.Flag);
            Assert.Equal(FlagstayStatus.FlagNotFound, decision.Error);
        }
        Assert.True(client.IsEnabled("größe-🥨", new User("u")));
        Assert.True(client.IsEnabled("größe-🥨"u8, new User("u")));
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_refused()
    {
        using FlagstayClient client = Rulesets.Client();
        var error = Assert.Throws<FlagstayException>(() => client.IsEnabled([0xff, 0xfe], null));
        Assert.Equal(FlagstayStatus.InvalidUtf8, error.Status);
        Assert.Contains("flag", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Huge_attributes_are_fine()
    {
        using FlagstayClient client = Rulesets.Client();
        var user = new User("u").With("essay", new string('ß', 3_000_000));
        for (int n = 0; n < 2_000; n++)
        {
            user.With($"attribute-{n}", n);
        }
        Assert.True(client.IsEnabled("new-checkout", user.With("plan", "pro")));
    }

    [Fact]
    public void The_absent_user_answers_defaults()
    {
        using FlagstayClient client = Rulesets.Client();
        Assert.True(client.IsEnabled("new-checkout", null, fallback: true));
        Assert.True(client.IsEnabled("new-checkout", User.FromJson("null"), fallback: true));
        Assert.NotNull(client.Evaluate("new-checkout", null).Error);
    }

    [Fact]
    public void A_user_that_has_been_used_does_not_change_any_more()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("u").With("plan", "pro");
        Assert.True(client.IsEnabled("new-checkout", user));
        Assert.Throws<InvalidOperationException>(() => user.With("plan", "free"));
        Assert.True(client.IsEnabled("new-checkout", user));
    }

    [Fact]
    public void A_disposed_user_is_refused()
    {
        using FlagstayClient client = Rulesets.Client();
        var user = new User("u");
        user.Dispose();
        user.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.IsEnabled("new-checkout", user));
        Assert.Throws<ObjectDisposedException>(() => user.With("plan", "pro"));
    }

    [Fact]
    public void Disposing_a_user_does_not_disturb_threads_that_are_using_it()
    {
        using FlagstayClient client = Rulesets.Client();
        for (int round = 0; round < 300; round++)
        {
            var user = new User("u").With("plan", "pro").With("essay", new string('x', 200));
            using var together = new Barrier(4);
            int wrong = 0;
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                try
                {
                    for (int n = 0; n < 2_000; n++)
                    {
                        if (!client.IsEnabled("new-checkout", user))
                        {
                            Interlocked.Increment(ref wrong);
                        }
                    }
                }
                catch (ObjectDisposedException)
                {
                    // The answer to a use after the end.
                }
            }))];
            foreach (Thread thread in threads)
            {
                thread.Start();
            }
            together.SignalAndWait();
            user.Dispose();
            foreach (Thread thread in threads)
            {
                thread.Join();
            }
            Assert.Equal(0, wrong);
        }
    }

    [Fact]
    public void A_user_that_its_store_disposes_lives_until_the_call_is_over()
    {
        var user = new User("u");
        var store = new MapStore();
        store.Before = _ => user.Dispose();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        Assert.Equal("blue", client.Text("button-colour", user, "grey"));
        Assert.Throws<ObjectDisposedException>(() => client.Text("button-colour", user, "grey"));
    }
}
