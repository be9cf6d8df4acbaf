using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.Versioning;
using Flagstay;

// A program of its own that uses a client in every way that crosses into the library once. The tests run it with the
// library in different places: exit 0 when every check passed, 3 when the library was not found.
try
{
    Console.WriteLine(typeof(FlagstayClient).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName);
    Probe.Run();
    Console.WriteLine("every check passed");
    return 0;
}
catch (DllNotFoundException error)
{
    Console.WriteLine(error);
    return 3;
}

internal sealed class Probe : ILoadingStore, IFirstWriterStore
{
    private const string Ruleset = """
        {"format": 1, "flags": {
          "new-checkout": {"on": true, "variations": {"on": true, "off": false}, "off": "off",
            "rules": [{"id": "staff", "if": {"attribute": "plan", "one_of": ["pro"]}, "serve": "on"}],
            "default": {"serve": "off"}},
          "always": {"on": true, "variations": {"on": true, "off": false}, "off": "off", "default": {"serve": "on"}},
          "price": {"on": true, "variations": {"a": 9.5}, "off": "a", "default": {"serve": "a"}},
          "button-colour": {"on": true, "variations": {"grey": "grey", "blue": "blue"}, "off": "grey",
            "default": {"id": "colours", "split": {"by": "key", "salt": "button-colour", "sticky": true,
              "weights": [{"variation": "blue", "percent": 100}]}}}}}
        """;

    private const string Gate = """
        {"has_updates": true, "time": 1, "dynamic_configs": {}, "layer_configs": {}, "experiment_to_layer": {},
         "condition_map": {"de": {"type": "ip_based", "targetValue": ["DE"], "operator": "any", "field": "country", "idType": "userID"}},
         "feature_gates": {"german": {"type": "feature_gate", "salt": "g", "enabled": true, "defaultValue": false, "idType": "userID",
           "entity": "feature_gate", "rules": [{"name": "DE", "id": "r", "passPercentage": 100, "conditions": ["de"],
             "returnValue": true, "idType": "userID"}]}}}
        """;

    private readonly Dictionary<(string, string), string> _records = new();
    private bool _broken;

    public static void Run()
    {
        var store = new Probe();
        var client = new FlagstayClient(new FlagstayOptions { AssignmentStore = store, Ruleset = Ruleset });
        using User user = new User("user-ä🥨").With("plan", "pro").With("age", 30).With("height", 1.8).With("staff", true);
        Check(client.IsEnabled("new-checkout", user), "a switch");
        // The first use in this method, which is compiled whole before the library is loaded.
        PreparedSwitch prepared = client.PrepareSwitch("new-checkout");
        Check(prepared.IsOn(user) && prepared.IsOn(user) && !prepared.IsOn(null), "a prepared switch");
        PreparedSwitch always = client.PrepareSwitch("always");
        Check(always.IsOn(user) && always.IsOn(user) && always.IsOn(user), "a prepared switch for everybody");
        always.Dispose();
        Check(client.IsEnabled("always", user) && client.IsEnabled("always", user), "a switch for everybody");
        Check(client.Number("price", user, 0) == 9.5, "a number");
        Check(client.Text("button-colour", user, "grey") == "blue", "a text");
        Check(client.Evaluate("button-colour", user).Sticky, "a stored assignment");
        Check(client.Peek("user-ä🥨", "button-colour")!.Contains("blue"), "a record");
        Check(client.EvaluateAll(user)["price"].Number == 9.5, "all flags");
        Assignments held = client.LoadAssignments(user, "userID")!;
        Check(held.StoreError is null && held.Json.Contains("blue"), "assignments");
        Check(client.Evaluate("price", user, new EvaluationOptions { Assignments = held }).Number == 9.5, "assignments passed");
        held.Dispose();
        Check(new Assignments("{\"größe\": {}}").Json.Contains("größe"), "assignments of the caller's");
        Check(client.Explain("price", user).GetProperty("flag").GetString() == "price", "an explanation");
        store._broken = true;
        Decision blind = client.Evaluate("button-colour", user);
        Check(blind.Text == "blue" && blind.StoreError!.Contains("broken on purpose"), "a store that throws");
        store._broken = false;
        Check(client.Forget("user-ä🥨") == 1, "a person forgotten");
        Countries();
        Check(Refuses(() => client.IsEnabled("half a pair \ud800", user)), "half a surrogate pair");
        client.Dispose();
        Check(client.IsEnabled("new-checkout", user, fallback: true), "the fallback of a closed client");
        Check(!prepared.IsOn(user), "the fallback of a prepared switch of a closed client");
    }

    private static void Countries()
    {
        using var client = new FlagstayClient(new FlagstayOptions
        {
            Dialect = "statsig",
            Ruleset = Gate,
            CountryResolver = ip =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return ip == "1.2.3.4" ? "DE" : throw new InvalidOperationException("nobody knows");
            },
        });
        Check(client.IsEnabled("german", new User("u").With("ip", "1.2.3.4")), "a country");
        Check(!client.IsEnabled("german", new User("u").With("ip", "4.3.2.1")), "an unknown country");
        Check(client.LastCountryException is InvalidOperationException, "a country resolver that throws");
        client.Override(FlagKind.Gate, "german", true, "u");
        Check(client.IsEnabled("german", new User("u")), "an override");
        var options = new EvaluationOptions { Kind = FlagKind.Gate, Details = true };
        Decision decision = client.Evaluate("german", new User("v"), options);
        Check(decision.Kind == FlagKind.Gate && decision.Details.GetProperty("id_type").GetString() == "userID", "details");
        client.SetCountryResolver(null);
    }

    private static bool Refuses(Action call)
    {
        try
        {
            call();
            return false;
        }
        catch (ArgumentException error)
        {
            return error.Message.Contains("index 12");
        }
    }

    private static void Check(bool passed, string what)
    {
        if (!passed)
        {
            throw new InvalidOperationException($"wrong: {what}");
        }
    }

    public string? Get(string unit, string flag)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return _broken ? throw new InvalidOperationException("broken on purpose")
            : _records.TryGetValue((unit, flag), out string? record) ? record
            : null;
    }

    public void Set(string unit, string flag, string record) => _records[(unit, flag)] = record;

    public void Remove(string unit, string flag) => _records.Remove((unit, flag));

    public IReadOnlyDictionary<string, string> Load(string unit)
    {
        var records = new Dictionary<string, string>();
        foreach (KeyValuePair<(string Unit, string Flag), string> record in _records)
        {
            if (record.Key.Unit == unit)
            {
                records[record.Key.Flag] = record.Value;
            }
        }
        return records;
    }

    public string SetIfAbsent(string unit, string flag, string record) =>
        _records.TryAdd((unit, flag), record) ? record : _records[(unit, flag)];
}
