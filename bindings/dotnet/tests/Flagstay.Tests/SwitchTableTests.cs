using System.Collections.Generic;
using System.Linq;
using Flagstay.Interop;
using Xunit;

namespace Flagstay.Tests;

// How the ordinary call finds the switches that it has prepared.
public class SwitchTableTests
{
    [Fact]
    public void More_flags_than_there_is_room_for_each_get_their_own_answer()
    {
        (string Key, bool On)[] flags = [.. Enumerable.Range(0, 6_000).Select(n => ($"flag-{n}", n % 3 == 0))];
        using FlagstayClient client = Rulesets.Client(Rulesets.Fixed(flags));
        using var user = new User("u");
        for (int round = 0; round < 3; round++)
        {
            foreach ((string key, bool on) in flags)
            {
                Assert.Equal(on, client.IsEnabled(key, user, fallback: !on));
                Assert.Equal(on, client.IsEnabled(new string(key), user, fallback: on));
            }
        }
    }

    [Fact]
    public void Keys_that_lead_to_the_same_place_are_told_apart()
    {
        // Alike at the beginning, in the middle and at the end, which is all that leads to a place.
        (string Key, bool On)[] flags = [.. Enumerable.Range(0, 26).Select(n => ($"enable_{(char)('a' + n)}_checkout_v2", n % 2 == 0))];
        Assert.Single(flags.Select(flag => SwitchTable.Mark(flag.Key)).Distinct());
        using FlagstayClient client = Rulesets.Client(Rulesets.Fixed(flags));
        using var user = new User("u");
        for (int round = 0; round < 3; round++)
        {
            foreach ((string key, bool on) in flags)
            {
                Assert.Equal(on, client.IsEnabled(key, user));
                Assert.Equal(on, client.IsEnabled(key, user, fallback: true));
                Assert.Equal(on, client.IsEnabled(new string(key), user));
            }
        }
    }

    [Fact]
    public void A_missing_flag_answers_the_fallback_that_this_call_gives()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("u");
        foreach (string flag in (string[])["", "a", "ab", "abc", "abcd", "abcde", "no-such-flag"])
        {
            for (int n = 0; n < 10; n++)
            {
                Assert.Equal(n % 2 == 0, client.IsEnabled(flag, user, fallback: n % 2 == 0));
                Assert.Equal(n % 3 == 0, client.IsEnabled(new string(flag), user, fallback: n % 3 == 0));
            }
        }
    }

    [Fact]
    public void A_switch_is_found_by_what_its_key_says()
    {
        using FlagstayClient client = Rulesets.Client();
        var table = new SwitchTable();
        foreach (string key in (string[])["", "a", "ab", "abc", "abcd", "new-checkout", "größe-🥨"])
        {
            ulong mark = SwitchTable.Mark(key);
            Assert.Null(table.FindNear(mark, key, false, out bool hasRoom));
            Assert.True(hasRoom);
            PreparedSwitch prepared = client.PrepareSwitch(key);
            table.Add(mark, prepared);
            // Another thread may have been slower to add one.
            table.Add(mark, client.PrepareSwitch(key));
            Assert.Same(prepared, table.Find(mark, key, false));
            Assert.Same(prepared, table.FindNear(mark, new string(key), false, out _));
            Assert.Null(table.Find(mark, key, true));
            Assert.Null(table.FindNear(mark, key, true, out _));
            Assert.Null(table.FindNear(mark, key + "x", false, out _));
        }
    }

    [Fact]
    public void What_stands_in_a_place_stays_there_when_no_room_is_left()
    {
        using FlagstayClient client = Rulesets.Client();
        var table = new SwitchTable();
        string[] keys = [.. Enumerable.Range(0, 10).Select(n => $"enable_{(char)('a' + n)}_checkout_v2")];
        ulong mark = SwitchTable.Mark(keys[0]);
        var added = new List<PreparedSwitch>();
        foreach (string key in keys)
        {
            if (table.FindNear(mark, key, false, out bool hasRoom) is null && hasRoom)
            {
                added.Add(client.PrepareSwitch(key));
                table.Add(mark, added[^1]);
            }
        }
        Assert.InRange(added.Count, 2, keys.Length - 1);
        table.Add(mark, client.PrepareSwitch(keys[^1]));
        Assert.Null(table.FindNear(mark, keys[^1], false, out _));
        Assert.All(added, prepared => Assert.Same(prepared, table.FindNear(mark, prepared.Flag, false, out _)));
    }

    [Fact]
    public void Keys_of_every_usual_kind_are_spread()
    {
        string[] words = ["checkout", "search", "payments", "profile", "mobile", "banner", "pricing", "onboarding", "emails", "cart"];
        string[][] kinds =
        [
            [.. Enumerable.Range(0, 200).Select(n => $"flag-{n}")],
            [.. words.SelectMany(a => words.Select(b => $"{a}-{b}"))],
            [.. words.SelectMany(a => words.Select(b => $"FF_{a.ToUpperInvariant()}_{b.ToUpperInvariant()}_ENABLED"))],
            [.. words.SelectMany(a => words.Select(b => $"{a}.{b}.v2"))],
        ];
        foreach (string[] kind in kinds)
        {
            using FlagstayClient client = Rulesets.Client();
            var table = new SwitchTable();
            foreach (string key in kind)
            {
                table.Add(SwitchTable.Mark(key), client.PrepareSwitch(key));
            }
            int atHome = kind.Count(key => table.Find(SwitchTable.Mark(key), key, false) is not null);
            Assert.True(atHome >= kind.Length * 0.85, $"{atHome} of {kind.Length}: {kind[0]}");
            Assert.All(kind, key => Assert.NotNull(table.FindNear(SwitchTable.Mark(key), key, false, out _)));
        }
    }
}
