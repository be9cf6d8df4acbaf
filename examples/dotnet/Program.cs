using System;
using System.Globalization;
using Flagstay;

if (args.Length != 3)
{
    Console.Error.WriteLine("usage: Demo RULESET_FILE STORE_URL COUNT");
    return 2;
}
using var client = new FlagstayClient(new FlagstayOptions { RulesetFile = args[0], Store = args[1] });
for (int n = 1; n <= int.Parse(args[2], CultureInfo.InvariantCulture); n++)
{
    string key = $"user-{n}";
    using User user = new User(key).With("plan", n % 2 == 0 ? "pro" : "free");
    bool checkout = client.IsEnabled("new-checkout", user);
    Decision colour = client.Evaluate("button-colour", user);
    Console.WriteLine(
        $"{key} new-checkout={(checkout ? "true" : "false")} "
        + $"button-colour={colour.Text ?? "grey"} sticky={(colour.Sticky ? "true" : "false")}");
}
return 0;
