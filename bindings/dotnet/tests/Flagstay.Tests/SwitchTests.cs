using System;
using System.Linq;
using System.Text.Json.Nodes;
using Flagstay.Interop;
using Xunit;

namespace Flagstay.Tests;

// Prepared switches, and the ordinary call, which prepares them by itself.
public class SwitchTests
{
    // What is decided with a key in UTF-8, which no prepared switch is used for.
    private static bool Ordinary(FlagstayClient client, string flag, User? user, bool fallback) =>
        client.IsEnabled(System.Text.Encoding.UTF8.GetBytes(flag), user, fallback);

    [Fact]
    public void Every_way_to_ask_gives_the_same_answer()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Switches);
        User?[] users =
        [
            null, User.FromJson("null"), User.FromJson("{}"), User.FromJson("""{"key": ""}"""), User.FromJson("""{"key": 5}"""),
            new User(""), new User("user-3"), new User("u").With("plan", "pro"), new User(new string('漢', 5_000)),
            .. Enumerable.Range(0, 200).Select(n => n % 2 == 0 ? new User($"u-{n}") : User.FromJson($$"""{"key": "u-{{n}}"}""")),
        ];
        foreach (string flag in Rulesets.SwitchKeys)
        {
            foreach (bool fallback in (bool[])[false, true])
            {
                using PreparedSwitch prepared = client.PrepareSwitch(flag, fallback);
                Assert.Equal((flag, fallback), (prepared.Flag, prepared.Fallback));
                foreach (User? user in users)
                {
                    bool expected = Ordinary(client, flag, user, fallback);
                    // The second time what was noted at the first one may answer.
                    for (int time = 0; time < 2; time++)
                    {
                        Assert.Equal(expected, prepared.IsOn(user));
                        Assert.Equal(expected, client.IsEnabled(flag, user, fallback));
                        Assert.Equal(expected, client.IsEnabled(new string(flag), user, fallback));
                    }
                }
            }
        }
        bool[] rollout = [.. users.Select(user => client.IsEnabled("rollout", user))];
        Assert.InRange(rollout.Count(on => on), 50, 150);
    }

    [Fact]
    public void A_switch_is_what_the_last_ruleset_says()
    {
        using var client = new FlagstayClient(new FlagstayOptions());
        using var user = new User("u");
        using PreparedSwitch prepared = client.PrepareSwitch("rollout", fallback: true);
        void Is(bool on)
        {
            for (int time = 0; time < 3; time++)
            {
                Assert.Equal(on, prepared.IsOn(user));
                Assert.Equal(on, client.IsEnabled("rollout", user, fallback: true));
            }
        }

        Is(true);
        for (int round = 0; round < 20; round++)
        {
            int percent = round % 2 * 100;
            client.Update(Rulesets.Rollout(percent));
            Is(percent == 100);
        }
        Assert.ThrowsAny<FlagstayException>(() => client.Update("[]"));
        Is(true);
        client.Update(Rulesets.Rollout(0));
        Is(false);
        client.Update(Rulesets.Echo(1));
        Is(true);
    }

    [Fact]
    public void A_switch_of_a_closed_client_answers_its_fallback()
    {
        FlagstayClient client = Rulesets.Client(Rulesets.Rollout(100));
        using var user = new User("u");
        using PreparedSwitch prepared = client.PrepareSwitch("rollout");
        Assert.True(prepared.IsOn(user));
        Assert.True(prepared.IsOn(user));
        client.Dispose();
        Assert.False(prepared.IsOn(user));
        Assert.True(client.PrepareSwitch("rollout", fallback: true).IsOn(user));
    }

    [Fact]
    public void A_disposed_user_is_refused()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Rollout(100));
        using PreparedSwitch prepared = client.PrepareSwitch("rollout");
        var user = new User("u");
        for (int time = 0; time < 3; time++)
        {
            Assert.True(prepared.IsOn(user));
            Assert.True(client.IsEnabled("rollout", user));
        }
        user.Dispose();
        for (int time = 0; time < 3; time++)
        {
            Assert.Equal(nameof(User), Assert.Throws<ObjectDisposedException>(() => prepared.IsOn(user)).ObjectName);
            Assert.Equal(
                nameof(User), Assert.Throws<ObjectDisposedException>(() => client.IsEnabled("rollout", user)).ObjectName);
        }
    }

    [Fact]
    public void A_switch_fixes_the_values_of_the_users_that_it_is_asked_for()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Rollout(100));
        using PreparedSwitch prepared = client.PrepareSwitch("rollout");
        using var user = new User("u");
        Assert.True(prepared.IsOn(user));
        Assert.Throws<InvalidOperationException>(() => user.With("plan", "free"));
    }

    [Fact]
    public void A_key_that_is_no_text_is_refused_by_name_and_place()
    {
        using FlagstayClient client = Rulesets.Client();
        Assert.Equal("flag", Assert.Throws<ArgumentNullException>(() => client.PrepareSwitch(null!)).ParamName);
        foreach (string half in (string[])["\ud83d", "ab\ud83d", "abcdefgh\ud83dij", new string('x', 1_000) + "\ud83d"])
        {
            foreach (Action call in (Action[])[() => client.PrepareSwitch(half), () => client.IsEnabled(half, null)])
            {
                var error = Assert.Throws<ArgumentException>(call);
                Assert.Equal("flag", error.ParamName);
                Assert.Contains($"index {half.IndexOf('\ud83d', StringComparison.Ordinal)}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_key_may_be_any_text()
    {
        string[] keys = ["", "\0", "a\0b", "é", "größe-🥨", new string('x', 128), new string('x', 129), new string('漢', 5_000)];
        using FlagstayClient client = Rulesets.Client(Rulesets.Fixed([.. keys.Select(key => (key, true))]));
        using var user = new User("u");
        foreach (string key in keys)
        {
            Assert.True(client.PrepareSwitch(key).IsOn(user), key);
            Assert.True(client.IsEnabled(key, user), key);
            Assert.False(client.IsEnabled(key + "!", user), key);
            Assert.True(client.PrepareSwitch(key + "!", fallback: true).IsOn(user), key);
        }
    }

    [Fact]
    public void A_default_of_the_options_goes_before_a_switch_s_fallback()
    {
        using var client = new FlagstayClient(new FlagstayOptions
        {
            Dialect = "featbit",
            DialectOptions = new JsonObject { ["defaults"] = new JsonObject { ["on"] = true, ["off"] = false, ["text"] = "blue" } },
        });
        using var user = new User("u");
        foreach (bool fallback in (bool[])[false, true])
        {
            foreach ((string flag, bool expected) in ((string, bool)[])[("on", true), ("off", false), ("text", fallback), ("none", fallback)])
            {
                for (int time = 0; time < 3; time++)
                {
                    Assert.Equal(expected, client.PrepareSwitch(flag, fallback).IsOn(user));
                    Assert.Equal(expected, client.IsEnabled(flag, user, fallback));
                }
            }
        }
    }

    [Fact]
    public void Each_question_is_exposed_where_exposures_are_collected()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Rollout(100), exposures: true);
        using PreparedSwitch prepared = client.PrepareSwitch("rollout");
        using var user = new User("u");
        for (int n = 1; n <= 5; n++)
        {
            Assert.True(prepared.IsOn(user));
            Assert.True(client.IsEnabled("rollout", user));
            Assert.Equal(2 * n, client.GetStatus().Events.Queued);
        }
    }

    [Fact]
    public void A_flag_with_rules_is_not_tried_for_ever_and_tried_anew_with_the_next_ruleset()
    {
        using FlagstayClient client = Rulesets.Client();
        using var nobody = new User("");
        using var user = new User("u").With("plan", "pro");
        using PreparedSwitch prepared = client.PrepareSwitch("new-checkout");
        for (int n = 0; n < 200; n++)
        {
            prepared.IsOn(nobody);
            prepared.IsOn(null);
        }
        Assert.True(prepared.Handle.IsWorthTrying);
        for (int n = 0; n < 200; n++)
        {
            Assert.True(prepared.IsOn(user));
        }
        Assert.False(prepared.Handle.IsWorthTrying);
        client.Update(Rulesets.Fixed([("new-checkout", false)]));
        for (int n = 0; n < 200; n++)
        {
            Assert.False(prepared.IsOn(user));
        }
        Assert.True(prepared.Handle.IsWorthTrying);
        Assert.Equal(0, Native.flagstay_switch_try(prepared.Handle.Raw, user.Enter()));
        user.Leave();
    }
}
