using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using Flagstay;
using Flagstay.Bench;
using Flagstay.Interop;

// What a decision costs in .NET, as benches/README.md says: one row per line, tab separated.
if (args.Length != 1 || !Directory.Exists(args[0]))
{
    Console.Error.WriteLine("usage: Flagstay.Bench FOLDER_OF_RULESETS");
    return 2;
}

FlagstayClient Client(string file, string? store = null) =>
    new(new FlagstayOptions { RulesetFile = Path.Combine(args[0], file), Store = store });

Library.Require();
var table = new Table();
table.Row("empty foreign call", n => EmptyCalls(n));

using FlagstayClient boolean = Client("boolean.json");
using User user = Somebody();
Require(boolean.Evaluate("rollout", user).Error is null, "rollout is decided");
table.Row("boolean 50% rollout", n =>
{
    for (int i = 0; i < n; i++)
    {
        boolean.IsEnabled("rollout", user);
    }
});

using PreparedSwitch prepared = boolean.PrepareSwitch("rollout");
Require(prepared.IsOn(user) == boolean.IsEnabled("rollout", user), "a prepared switch is decided as the other is");
table.Row("same, prepared switch", n =>
{
    for (int i = 0; i < n; i++)
    {
        prepared.IsOn(user);
    }
});

using FlagstayClient rules = Client("three-rules.json");
Require(rules.Evaluate("experiment", user).Reason == Reason.RuleMatch, "a rule answers");
table.Row("three rules then three-way split", n =>
{
    for (int i = 0; i < n; i++)
    {
        rules.Evaluate("experiment", user);
    }
});

using FlagstayClient sticky = Client("sticky.json", "memory:");
sticky.Evaluate("experiment", user);
Require(sticky.Evaluate("experiment", user).Sticky, "the store answers");
table.Row("same, warm memory store (sticky)", n =>
{
    for (int i = 0; i < n; i++)
    {
        sticky.Evaluate("experiment", user);
    }
});

table.Row("user built per call", n =>
{
    for (int i = 0; i < n; i++)
    {
        using User fresh = Somebody();
        rules.Evaluate("experiment", fresh);
    }
});

foreach ((string row, string file) in (ReadOnlySpan<(string, string)>)[("1,000 flags", "flags-1000.json"), ("10,000 flags", "flags-10000.json")])
{
    using FlagstayClient many = Client(file);
    using Decisions decisions = many.EvaluateAll(user);
    string[] flags = [.. decisions.Select(decision => decision.Flag)];
    int turn = 0;
    table.Row(row, n =>
    {
        for (int i = 0; i < n; i++)
        {
            many.Evaluate(flags[turn], user);
            turn = turn + 1 == flags.Length ? 0 : turn + 1;
        }
    });
}

table.Scaling("two threads", n =>
{
    for (int i = 0; i < n; i++)
    {
        rules.Evaluate("experiment", user);
    }
});
return 0;

[MethodImpl(MethodImplOptions.NoInlining)]
static uint Empty() => Native.flagstay_abi_version();

static void EmptyCalls(int n)
{
    for (int i = 0; i < n; i++)
    {
        Empty();
    }
}

static void Require(bool met, string what)
{
    if (!met)
    {
        throw new InvalidOperationException($"This is not what was to be measured: {what}.");
    }
}

static User Somebody() =>
    new User("user-42").With("country", "DE").With("plan", "pro").With("age", 34).With("version", "2.4.1");
