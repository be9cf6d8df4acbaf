using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;

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
        .Replace("BLUE", blue.ToString(CultureInfo.InvariantCulture), System.StringComparison.Ordinal)
        .Replace("REST", (100 - blue).ToString(CultureInfo.InvariantCulture), System.StringComparison.Ordinal);

    /// <summary>Flags that answer their own names.</summary>
    public static string Echo(int count) =>
        "{\"format\": 1, \"flags\": {" + string.Join(",", Enumerable.Range(0, count).Select(n =>
            $"\"echo-{n}\": {{\"on\": true, \"variations\": {{\"v\": \"echo-{n}\"}}, \"off\": \"v\", \"default\": {{\"serve\": \"v\"}}}}"))
        + "}}";

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
