using System;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.Json;

[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace Flagstay.Tests;

// The rulesets that the tests decide by, and clients with them.
internal static class Rulesets
{
    public const string Shop = """
        {"format": 1, "flags": {
          "new-checkout": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "targets": [{"values": ["user-3"], "serve": "off"}],
            "rules": [{"id": "staff", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "on"}],
            "default": {"serve": "off"}},
          "price": {"on": true, "variations": {"low": 9.5, "high": 12}, "off": "low", "default": {"serve": "high"}},
          "greeting": {"on": true, "variations": {"de": "Grüß Gott 🥨", "en": "hello"}, "off": "en",
            "default": {"serve": "de"}},
          "limits": {"on": true, "variations": {"a": {"items": 3, "name": "three", "big": 9007199254740993}}, "off": "a",
            "default": {"serve": "a"}},
          "list": {"on": true, "variations": {"a": [1, 2, 3]}, "off": "a", "default": {"serve": "a"}},
          "closed": {"on": false, "variations": {"on": true, "off": false}, "off": "off", "default": {"serve": "on"}},
          "größe-🥨": {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": {"serve": "on"}}
        }}
        """;

    /// <summary>One sticky split, with the percentage of users who get "blue".</summary>
    public static string Colours(int blue) => """
        {"format": 1, "flags": {
          "button-colour": {"on": true, "variations": {"grey": "grey", "blue": "blue", "green": "green"}, "off": "grey",
            "default": {"id": "colours", "split": {"by": "key", "salt": "button-colour", "sticky": true,
              "weights": [{"variation": "blue", "percent": BLUE}, {"variation": "green", "percent": REST}]}}}}}
        """
        .Replace("BLUE", blue.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("REST", (100 - blue).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    /// <summary>Switches of every kind: plain and with rules, no switch, broken.</summary>
    public const string Switches = """
        {"format": 1, "flags": {
          "rollout": {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": {"split": {"by": "key",
            "salt": "s", "weights": [{"variation": "on", "percent": 50}, {"variation": "off", "percent": 50}]}}},
          "always": {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": {"serve": "on"}},
          "dark": {"on": false, "variations": {"on": true, "off": false}, "off": "off", "default": {"serve": "on"}},
          "aimed": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "targets": [{"values": ["user-3"], "serve": "on"}], "default": {"serve": "off"}},
          "ruled": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "rules": [{"id": "r", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "on"}], "default": {"serve": "off"}},
          "text": {"on": true, "variations": {"a": "a"}, "off": "a", "default": {"serve": "a"}},
          "broken": {"on": true, "variations": {"on": true}, "off": "none", "default": {"serve": "nowhere"}}
        }}
        """;

    /// <summary>Their keys, and one that is missing.</summary>
    public static readonly string[] SwitchKeys = ["rollout", "always", "dark", "aimed", "ruled", "text", "broken", "missing"];

    /// <summary>One switch, "rollout", that is on for a percentage of all users.</summary>
    public static string Rollout(int percent) => Split("rollout", percent, "false");

    /// <summary>One sticky switch, "kept".</summary>
    public static string Kept(int percent) => Split("kept", percent, "true");

    /// <summary>Switches that are the same for everybody.</summary>
    public static string Fixed((string Key, bool On)[] flags) =>
        "{\"format\": 1, \"flags\": {" + string.Join(",", flags.Select(flag =>
            $$$"""{{{JsonSerializer.Serialize(flag.Key)}}}: {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": {"serve": "{{{(flag.On ? "on" : "off")}}}"} }"""))
        + "}}";

    /// <summary>Flags that answer their own names.</summary>
    public static string Echo(int count) =>
        "{\"format\": 1, \"flags\": {" + string.Join(",", Enumerable.Range(0, count).Select(n =>
            $"\"echo-{n}\": {{\"on\": true, \"variations\": {{\"v\": \"echo-{n}\"}}, \"off\": \"v\", \"default\": {{\"serve\": \"v\"}}}}"))
        + "}}";

    private static string Split(string key, int percent, string sticky) => """
        {"format": 1, "flags": {"KEY": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
          "default": {"id": "d", "split": {"by": "key", "salt": "s", "sticky": STICKY, "weights": [
            {"variation": "on", "percent": PERCENT}, {"variation": "off", "percent": REST}]}}}}}
        """
        .Replace("KEY", key, StringComparison.Ordinal)
        .Replace("STICKY", sticky, StringComparison.Ordinal)
        .Replace("PERCENT", percent.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("REST", (100 - percent).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    public static FlagstayClient Client(string ruleset = Shop, IAssignmentStore? store = null, bool exposures = false) =>
        new(new FlagstayOptions
        {
            Ruleset = ruleset,
            AssignmentStore = store,
            Events = new EventOptions { Exposures = exposures },
        });

    public static string Folder([CallerFilePath] string file = "") => System.IO.Path.GetDirectoryName(file)!;

    public static string Repository => System.IO.Path.GetFullPath(System.IO.Path.Combine(Folder(), "../../../.."));
}
