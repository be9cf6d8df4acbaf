using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using Xunit;

namespace Flagstay.Tests;

public class MemoryTests
{
    [Fact]
    public void A_switch_a_number_and_a_short_text_allocate_nothing()
    {
        using FlagstayClient client = Rulesets.Client();
        using FlagstayClient texts = Rulesets.Client(Rulesets.Echo(3));
        using FlagstayClient rollouts = Rulesets.Client(Rulesets.Rollout(50));
        using PreparedSwitch prepared = client.PrepareSwitch("new-checkout");
        using PreparedSwitch plain = rollouts.PrepareSwitch("rollout");
        using var user = new User("user-1").With("plan", "pro");
        void Decide()
        {
            client.IsEnabled("new-checkout", user);
            client.IsEnabled("new-checkout"u8, user);
            prepared.IsOn(user);
            plain.IsOn(user);
            rollouts.IsEnabled("rollout", user);
            client.IsEnabled("no-such-flag", user);
            client.Number("price", user, 0);
            texts.Text("echo-1", user, "grey");
            texts.Text("echo-2", user, "grey");
        }
        for (int n = 0; n < 100; n++)
        {
            Decide();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int n = 0; n < 1_000; n++)
        {
            Decide();
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Ten_million_decisions_leave_nothing_behind()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1").With("plan", "pro");
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 900_000; n++)
            {
                client.IsEnabled("new-checkout", user);
            }
            for (int n = 0; n < 50_000; n++)
            {
                client.Text("greeting", user, "hello");
                client.Evaluate("limits", user);
            }
        });
    }

    [Fact]
    public void Ten_thousand_clients_leave_nothing_behind()
    {
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 1_000; n++)
            {
                UseOne(n);
            }
        });
    }

    [Fact]
    public void Clients_that_nobody_disposed_do_not_pile_up_until_somebody_asks_for_a_collection()
    {
        Settle();
        double before = Resident();
        for (int n = 0; n < 3_000; n++)
        {
            Rulesets.Client();
        }
        // Each holds some 600 KiB of memory that the collector cannot see: 1.8 GB, if it were not told.
        Assert.InRange(Resident() - before, double.MinValue, 500 * 1024 * 1024);
    }

    [Fact]
    public void Users_and_decisions_that_nobody_disposed_leave_nothing_behind()
    {
        using FlagstayClient client = Rulesets.Client();
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 10_000; n++)
            {
                client.EvaluateAll(new User($"user-{n}").With("plan", "pro").With("essay", new string('x', 500)));
            }
        });
    }

    [Fact]
    public void Switches_leave_nothing_behind_disposed_or_not()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Switches);
        using var user = new User("user-1");
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 50_000; n++)
            {
                PreparedSwitch prepared = client.PrepareSwitch(Rulesets.SwitchKeys[n % Rulesets.SwitchKeys.Length]);
                prepared.IsOn(user);
                if (n % 2 == 0)
                {
                    prepared.Dispose();
                }
            }
        });
    }

    [Fact]
    public void Switches_that_nobody_disposed_do_not_pile_up_until_somebody_asks_for_a_collection()
    {
        using FlagstayClient client = Rulesets.Client();
        string key = new('x', 20_000);
        Settle();
        double before = Resident();
        for (int n = 0; n < 100_000; n++)
        {
            client.PrepareSwitch(key);
        }
        // Each holds some 20 KB of memory that the collector cannot see: 2 GB, if it were not told.
        Assert.InRange(Resident() - before, double.MinValue, 500 * 1024 * 1024);
    }

    [Fact]
    public void Keys_without_end_leave_nothing_behind()
    {
        using FlagstayClient client = Rulesets.Client();
        using var user = new User("user-1");
        int next = 0;
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 50_000; n++)
            {
                Assert.True(client.IsEnabled($"flag-of-tenant-{next++}", user, fallback: true));
            }
        });
    }

    [Fact]
    public void Assignments_and_country_resolvers_that_nobody_disposed_leave_nothing_behind()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(100), new FullStore());
        using var user = new User("user-1");
        string records = $$"""{"x": "{{new string('x', 2_000)}}"}""";
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 2_000; n++)
            {
                string kept = $"{n}";
                client.SetCountryResolver(_ => kept);
                var held = new Assignments(records);
                client.Evaluate("button-colour", user, new EvaluationOptions { Assignments = held, Details = true });
                client.LoadAssignments(user, "userID");
            }
        });
    }

    [Fact]
    public void Exceptions_of_a_store_leave_nothing_behind()
    {
        var store = new MapStore { Before = _ => throw new InvalidOperationException(new string('x', 2_000)) };
        using FlagstayClient client = Rulesets.Client(Rulesets.Colours(50), store);
        using var user = new User("user-1");
        NoGrowth(rounds: 10, () =>
        {
            for (int n = 0; n < 500; n++)
            {
                client.Evaluate("button-colour", user);
                Assert.Throws<StoreException>(() => client.Peek("user-1", "button-colour"));
            }
        });
    }

    // Half of the clients are disposed, half are left to the collector.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseOne(int n)
    {
        FlagstayClient client = Rulesets.Client(store: new MapStore());
        using var user = new User("user-1").With("plan", "pro");
        Assert.True(client.IsEnabled("new-checkout", user));
        if (n % 2 == 0)
        {
            client.Dispose();
        }
    }

    // The slope of the process's memory after a warm-up: what leaks a little per call shows over many.
    private static void NoGrowth(int rounds, Action round)
    {
        const double MostPerRound = 1.2 * 1024 * 1024;
        for (int n = 0; n < 5; n++)
        {
            round();
        }
        var sizes = new double[rounds];
        for (int n = 0; n < rounds; n++)
        {
            round();
            Settle();
            sizes[n] = Resident();
        }
        double slope = Slope(sizes);
        Assert.True(
            slope < MostPerRound,
            string.Create(CultureInfo.InvariantCulture, $"{slope / 1024:f0} KiB a round: {string.Join(", ", sizes)}"));
    }

    private static void Settle()
    {
        for (int n = 0; n < 2; n++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
    }

    private static double Resident()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
            {
                return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
            }
        }
        throw new InvalidOperationException("/proc/self/status has no VmRSS");
    }

    // The median over all pairs: the single step of an allocator that asks the system for more is no slope.
    private static double Slope(double[] values)
    {
        double[] slopes =
        [
            .. from later in Enumerable.Range(1, values.Length - 1)
               from earlier in Enumerable.Range(0, later)
               select (values[later] - values[earlier]) / (later - earlier),
        ];
        Array.Sort(slopes);
        return slopes[slopes.Length / 2];
    }
}
