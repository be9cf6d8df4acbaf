using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;
using Flagstay;
using Flagstay.Bench;
using Flagstay.Interop;

// What a decision costs in .NET, one row per line, tab separated: language, row, nanoseconds per decision, bytes that
// the runtime allocated per decision, and how many empty foreign calls of the same runtime that is.
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
using User user = Pro("user-1");
string toggle = boolean.FirstFlag();
table.Row("boolean 50% rollout", n =>
{
    for (int i = 0; i < n; i++)
    {
        boolean.IsEnabled(toggle, user);
    }
});

using FlagstayClient rules = Client("three-rules.json");
string split = rules.FirstFlag();
table.Row("three rules then three-way split", n =>
{
    for (int i = 0; i < n; i++)
    {
        rules.Evaluate(split, user);
    }
});

using FlagstayClient sticky = Client("sticky.json", "memory:");
string kept = sticky.FirstFlag();
table.Row("same, warm memory store (sticky)", n =>
{
    for (int i = 0; i < n; i++)
    {
        sticky.Evaluate(kept, user);
    }
});

table.Row("user built per call", n =>
{
    for (int i = 0; i < n; i++)
    {
        using User fresh = Pro("user-1");
        boolean.IsEnabled(toggle, fresh);
    }
});

foreach ((string row, string file) in (ReadOnlySpan<(string, string)>)[("1,000 flags", "flags-1000.json"), ("10,000 flags", "flags-10000.json")])
{
    using FlagstayClient many = Client(file);
    string[] flags = many.SomeFlags();
    table.Row(row, n =>
    {
        for (int i = 0; i < n; i++)
        {
            many.IsEnabled(flags[i & (flags.Length - 1)], user);
        }
    });
}

table.Scaling("two threads", n =>
{
    for (int i = 0; i < n; i++)
    {
        boolean.IsEnabled(toggle, user);
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

static User Pro(string key) => new User(key).With("plan", "pro").With("country", "DE").With("age", 30).With("version", "3.1.0");
