using System;
using System.Linq;
using System.Text;
using Flagstay.Interop;
using Xunit;

namespace Flagstay.Tests;

// How texts cross: keys into UTF-8 on the stack, names out of it by way of a cache.
public unsafe class TextTests
{
    private static readonly string[] Odd = ["\u007f", "\u0080", "é", "ÿ", "Ā", "漢", "🥨", "\0", "\uffff"];

    [Fact]
    public void A_key_is_encoded_whatever_stands_wherever_in_it()
    {
        byte* target = stackalloc byte[Utf8Buffer.StackSize];
        for (int length = 0; length <= 40; length++)
        {
            string plain = string.Concat(Enumerable.Range(0, length).Select(at => (char)('!' + at)));
            Check(plain, target);
            foreach (string odd in Odd)
            {
                for (int at = 0; at <= length; at++)
                {
                    Check(plain.Insert(at, odd), target);
                }
            }
        }
        Check(new string('x', 128), target);
        Check(new string('漢', 128), target);

        static void Check(string text, byte* target)
        {
            Assert.True(Utf8Buffer.Fits(text));
            int written = Utf8Buffer.EncodeShort(text, target, "text");
            Assert.Equal(Encoding.UTF8.GetBytes(text), new ReadOnlySpan<byte>(target, written).ToArray());
        }
    }

    [Fact]
    public void A_key_that_does_not_fit_whatever_is_in_it_does_not_fit()
    {
        Assert.False(Utf8Buffer.Fits(new string('x', 129)));
        Assert.True(Utf8Buffer.Fits(new string('x', 100), new string('x', 28)));
        Assert.False(Utf8Buffer.Fits(new string('x', 100), new string('x', 29)));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_wherever_it_stands()
    {
        byte* target = stackalloc byte[Utf8Buffer.StackSize];
        for (int length = 0; length <= 20; length++)
        {
            for (int at = 0; at <= length; at++)
            {
                string text = new string('x', length).Insert(at, "\ud83d");
                string message = "";
                try
                {
                    Utf8Buffer.EncodeShort(text, target, "text");
                }
                catch (ArgumentException error)
                {
                    message = error.Message;
                }
                Assert.Contains($"index {at}.", message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_cached_text_is_what_its_bytes_say_also_where_places_are_shared()
    {
        var cache = new TextCache();
        var random = new Random(7);
        // Few letters and lengths: the same texts come again, and others in their places.
        for (int n = 0; n < 200_000; n++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 40)).Select(_ => (char)('a' + random.Next(2))));
            if (n % 10 == 0)
            {
                text = text.Insert(random.Next(0, text.Length + 1), Odd[random.Next(Odd.Length)]);
            }
            Assert.Equal(text, Read(cache, text));
        }
    }

    [Fact]
    public void A_short_text_that_comes_again_is_the_same_string()
    {
        var cache = new TextCache();
        for (int length = 1; length <= 32; length++)
        {
            string text = new('x', length);
            Assert.Same(Read(cache, text), Read(cache, text));
            // One letter makes another text, wherever it is.
            for (int at = 0; at < length; at++)
            {
                string other = text.Remove(at, 1).Insert(at, "y");
                Assert.Equal(other, Read(cache, other));
                Assert.Equal(text, Read(cache, text));
            }
        }
        Assert.NotSame(Read(cache, new string('x', 33)), Read(cache, new string('x', 33)));
        Assert.NotSame(Read(cache, "größe"), Read(cache, "größe"));
        Assert.Equal("", Read(cache, ""));
        Assert.Null(cache.Read(null, 0));
    }

    [Fact]
    public void A_store_that_decides_from_its_callback_does_not_disturb_the_decision_around_it()
    {
        var store = new MapStore();
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), store);
        using FlagstayClient other = Rulesets.Client(Rulesets.Echo(5));
        store.Before = _ =>
        {
            for (int n = 0; n < 5; n++)
            {
                Assert.Equal($"echo-{n}", other.Evaluate($"echo-{n}", new User("u")).Text);
                Assert.Equal($"echo-{n}", other.Text($"echo-{n}", new User("u"), ""));
            }
            GC.Collect();
            GC.WaitForPendingFinalizers();
        };
        for (int n = 0; n < 20; n++)
        {
            Decision decision = client.Evaluate("button-colour", new User($"u-{n}"));
            Assert.Equal(("blue", "\"blue\"", "colours"), (decision.Text, decision.Json, decision.RuleId));
            Assert.Null(decision.StoreError);
        }
    }

    private static string? Read(TextCache cache, string text)
    {
        // One byte more, so that an empty text has an address.
        byte[] bytes = Encoding.UTF8.GetBytes(text + "!");
        fixed (byte* start = bytes)
        {
            return cache.Read(start, (nuint)(bytes.Length - 1));
        }
    }
}
