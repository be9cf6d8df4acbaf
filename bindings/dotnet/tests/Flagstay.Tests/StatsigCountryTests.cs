using System;
using System.Collections.Generic;
using System.IO;
using Xunit;
using static Flagstay.Tests.StatsigProject;

namespace Flagstay.Tests;

// Who knows the country of an address.
public sealed class StatsigCountryTests
{
    [Fact]
    public void A_country_resolver_is_asked_for_users_who_come_without_a_country()
    {
        var asked = new List<(string Ip, int Thread)>();
        using FlagstayClient client = Client(countries: ip =>
        {
            asked.Add((ip, Environment.CurrentManagedThreadId));
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return ip == "1.2.3.4" ? "DE" : null;
        });
        Assert.True(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")));
        Assert.False(client.IsEnabled("german", new User("u").With("ip", "4.3.2.1")));
        Assert.True(client.IsEnabled("german", new User("u").With("ip", "4.3.2.1").With("country", "DE")));
        Assert.Equal(
            [("1.2.3.4", Environment.CurrentManagedThreadId), ("4.3.2.1", Environment.CurrentManagedThreadId)], asked);
        Assert.Null(client.LastCountryException);
        Assert.NotEmpty(client.GetStatus().Notes);
        client.SetCountryResolver(null);
        Assert.False(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")));
        Assert.Equal(2, asked.Count);
    }

    [Fact]
    public void A_country_resolver_that_throws_leaves_the_country_unknown_and_is_told()
    {
        var thrown = new IOException("no table");
        using FlagstayClient client = Client(countries: _ => throw thrown);
        using var user = new User("u").With("ip", "1.2.3.4");
        Assert.False(client.IsEnabled("german", user));
        Decision decision = client.Evaluate("german", user);
        Assert.Null(decision.Error);
        Assert.Same(thrown, client.LastCountryException);
        Assert.Null(client.LastStoreException);
        client.SetCountryResolver(_ => "half \ud800");
        Assert.False(client.IsEnabled("german", user));
        Assert.Contains("surrogate", client.LastCountryException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_country_resolver_may_call_its_client_and_close_it()
    {
        FlagstayClient? client = null;
        using var other = new User("u").With("email", "u@acme.io");
        using FlagstayClient made = Client(countries: _ =>
        {
            Assert.Equal(4, client!.Evaluate("new_nav", other, new EvaluationOptions { Details = true }).Details.GetProperty("version").GetInt32());
            client.SetCountryResolver(null);
            client.Dispose();
            return "DE";
        });
        client = made;
        Assert.True(client.Evaluate("german", new User("u").With("ip", "1.2.3.4")).Enabled);
        Assert.Null(client.LastCountryException);
        Assert.False(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")));
    }

    [Fact]
    public void Country_resolvers_may_be_replaced_while_other_threads_ask_them()
    {
        using FlagstayClient client = Client(countries: _ => "DE");
        Threads.Together(4, number =>
        {
            using var user = new User("u").With("ip", "1.2.3.4");
            for (int n = 0; n < 300; n++)
            {
                if (number == 0)
                {
                    string country = "DE";
                    client.SetCountryResolver(_ => country);
                    if (n % 50 == 0)
                    {
                        GC.Collect();
                        GC.WaitForPendingFinalizers();
                    }
                }
                Assert.True(client.IsEnabled("german", user));
            }
        });
        Assert.Null(client.LastCountryException);
    }
}
