using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstay.Conform;

// One case on a fresh client: each step returns what is wrong, or null.
internal sealed class CaseRun : IDisposable
{
    private static readonly HashSet<string> CaseKeys = ["name", "ruleset", "config", "storage", "steps"];
    private static readonly HashSet<string> Options =
        ["goal_type_to_track", "opt_out", "environment", "global_custom_fields", "env_secret", "defaults"];

    private static readonly Dictionary<string, HashSet<string>> StepKeys = new()
    {
        ["evaluate"] =
            ["op", "flag", "user", "default", "exposure", "kind", "assignments", "enforce_targeting", "enforce_overrides", "expect"],
        ["evaluate_all"] = ["op", "user", "expect"],
        ["track"] = ["op", "event", "user", "value", "properties", "flags", "expect"],
        ["ruleset"] = ["op", "name"],
        ["events"] = ["op", "expect"],
        ["storage"] = ["op", "expect"],
    };

    private readonly Dictionary<string, string> _rulesets;
    private readonly CaseStore? _store;
    private readonly FlagstayClient _client;
    private string? _refused;

    public CaseRun(string dialect, JsonElement one, Dictionary<string, string> rulesets, long? now)
    {
        foreach (JsonProperty member in one.EnumerateObject().Where(member => !CaseKeys.Contains(member.Name)))
        {
            throw new NotSupportedException($"key `{member.Name}` of the case is unknown");
        }
        _rulesets = rulesets;
        var options = new JsonObject();
        string? fault = null;
        if (one.TryGetProperty("config", out JsonElement config) && config.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty option in config.EnumerateObject())
            {
                if (option.Name == "store_fault")
                {
                    fault = option.Value.GetString();
                }
                else if (Options.Contains(option.Name))
                {
                    options[option.Name] = JsonNode.Parse(option.Value.GetRawText());
                }
                else
                {
                    throw new NotSupportedException($"config key `{option.Name}` is unknown");
                }
            }
        }
        if (one.TryGetProperty("storage", out JsonElement storage) && storage.ValueKind == JsonValueKind.Array)
        {
            _store = new CaseStore(storage, fault);
        }
        _client = new FlagstayClient(new FlagstayOptions
        {
            Dialect = dialect,
            AssignmentStore = _store,
            FixedNow = now is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null,
            DialectOptions = options.Count > 0 ? options : null,
            Events = new EventOptions { Exposures = one.GetProperty("steps").EnumerateArray().Any(HasEvents) },
        });
        if (one.TryGetProperty("ruleset", out JsonElement ruleset) && ruleset.ValueKind != JsonValueKind.Null)
        {
            Load(ruleset.GetString()!);
        }
    }

    public void Dispose() => _client.Dispose();

    public string? Step(JsonElement step)
    {
        string op = step.TryGetProperty("op", out JsonElement given) ? given.ToString() : "";
        if (!StepKeys.TryGetValue(op, out HashSet<string>? known))
        {
            return $"op `{op}` is unknown";
        }
        foreach (JsonProperty member in step.EnumerateObject().Where(member => !known.Contains(member.Name)))
        {
            return $"key `{member.Name}` of the step is unknown";
        }
        try
        {
            return op switch
            {
                "evaluate" => Evaluate(step),
                "evaluate_all" => EvaluateAll(step),
                "track" => Track(step),
                "events" => Events(step),
                "storage" => Storage(step),
                _ => Load(step.GetProperty("name").GetString()!),
            };
        }
        catch (Exception error)
        {
            return $"threw {error.GetType().Name}: {error.Message}{Refused}";
        }
    }

    private string Refused => _refused is null ? "" : $"\n  the ruleset was refused: {_refused}";

    // A refused document is a fact that later steps show, not a failure.
    private string? Load(string name)
    {
        if (!_rulesets.TryGetValue(name, out string? document))
        {
            throw new NotSupportedException($"there is no ruleset `{name}`");
        }
        try
        {
            _client.Update(document);
            _refused = null;
        }
        catch (FlagstayException error)
        {
            _refused = error.Message;
        }
        return null;
    }

    private string? Evaluate(JsonElement step)
    {
        using User user = UserOf(step);
        using Assignments? assignments = AssignmentsOf(step);
        Decision decision = _client.Evaluate(step.GetProperty("flag").GetString()!, user, new EvaluationOptions
        {
            ReadOnly = !IsSet(step, "exposure", otherwise: true),
            Default = step.TryGetProperty("default", out JsonElement fallback) ? fallback : default,
            Kind = KindOf(step),
            Assignments = assignments,
            EnforceTargeting = IsSet(step, "enforce_targeting"),
            EnforceOverrides = IsSet(step, "enforce_overrides"),
        });
        return Compare(step.GetProperty("expect"), decision);
    }

    private static FlagKind KindOf(JsonElement step) =>
        !step.TryGetProperty("kind", out JsonElement kind) || kind.ValueKind == JsonValueKind.Null ? FlagKind.Any
        : kind.GetString() switch
        {
            "gate" => FlagKind.Gate,
            "config" => FlagKind.Config,
            "experiment" => FlagKind.Experiment,
            "layer" => FlagKind.Layer,
            var other => throw new NotSupportedException($"kind `{other}` is unknown"),
        };

    // Absent or null: none are passed. A user without the id has none to pass either.
    private Assignments? AssignmentsOf(JsonElement step)
    {
        if (!step.TryGetProperty("assignments", out JsonElement passed) || passed.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        JsonProperty only = passed.EnumerateObject().Single();
        switch (only.Name)
        {
            case "values":
                return new Assignments(only.Value);
            case "load":
                if (only.Value.EnumerateObject().FirstOrDefault(member => member.Name is not ("user" or "id_type")) is
                    { Value.ValueKind: not JsonValueKind.Undefined } odd)
                {
                    throw new NotSupportedException($"key `{odd.Name}` of `assignments.load` is unknown");
                }
                using (User user = User.FromJson(only.Value.GetProperty("user")))
                {
                    return _client.LoadAssignments(user, only.Value.GetProperty("id_type").GetString()!);
                }
            default:
                throw new NotSupportedException($"key `{only.Name}` of `assignments` is unknown");
        }
    }

    private static bool IsSet(JsonElement step, string name, bool otherwise = false) =>
        step.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetBoolean() : otherwise;

    private string? EvaluateAll(JsonElement step)
    {
        using User user = UserOf(step);
        using Decisions decisions = _client.EvaluateAll(user);
        Dictionary<string, JsonElement> expected =
            step.GetProperty("expect").EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        string wanted = string.Join(", ", expected.Keys.Order(StringComparer.Ordinal));
        string got = string.Join(", ", decisions.Select(decision => decision.Flag).Order(StringComparer.Ordinal));
        if (wanted != got)
        {
            return $"flags: expected {wanted}; got {got} ({decisions.Error}){Refused}";
        }
        return decisions
            .Select(decision => Compare(expected[decision.Flag], decision) is { } wrong ? $"{decision.Flag}: {wrong}" : null)
            .FirstOrDefault(wrong => wrong is not null);
    }

    private string? Track(JsonElement step)
    {
        using User user = UserOf(step);
        bool accepted = _client.Track(step.GetProperty("event").GetString()!, user, new MetricDetails
        {
            Value = step.TryGetProperty("value", out JsonElement value) ? JsonNode.Parse(value.GetRawText()) : null,
            Properties = step.TryGetProperty("properties", out JsonElement properties)
                ? JsonNode.Parse(properties.GetRawText()) as JsonObject
                : null,
            Flags = step.TryGetProperty("flags", out JsonElement flags) && flags.ValueKind == JsonValueKind.Array
                ? [.. flags.EnumerateArray().Select(flag => flag.GetString()!)]
                : null,
        });
        JsonElement expected = step.GetProperty("expect");
        JsonElement got = Json.Parse($$"""{"accepted": {{(accepted ? "true" : "false")}}}""");
        return Json.Equal(expected, got) ? null : $"expected {expected.GetRawText()}, got {got.GetRawText()}{Refused}";
    }

    private string? Events(JsonElement step)
    {
        List<JsonElement> got = [.. _client.DrainEvents().Select(one => Json.Without(one, "timestamp"))];
        List<JsonElement> expected = [.. step.GetProperty("expect").EnumerateArray()];
        return expected.Count == got.Count && expected.Zip(got).All(pair => Json.Equal(pair.First, pair.Second))
            ? null
            : $"expected [{Raw(expected)}]\n  got      [{Raw(got)}]";
    }

    private string? Storage(JsonElement step)
    {
        List<JsonElement> got = _store?.Everything() ?? throw new NotSupportedException("the case has no store");
        List<JsonElement> expected = [.. step.GetProperty("expect").EnumerateArray()];
        return Json.EqualSets(expected, got) ? null : $"expected [{Raw(expected)}]\n  got      [{Raw(got)}]";
    }

    private string? Compare(JsonElement expected, Decision decision)
    {
        foreach (JsonProperty key in expected.EnumerateObject())
        {
            JsonElement? got = key.Name switch
            {
                "found" => Json.Of(decision.Found),
                "enabled" => Json.Of(decision.Enabled),
                "value" => decision.Json is null ? Json.Of(null) : decision.Value,
                "variation" => Json.Of(decision.Variation),
                "variation_id" => Json.Of(decision.VariationId),
                "rule_id" => Json.Of(decision.RuleId),
                "reason" => Json.Of(Upper(decision.Reason.ToString())),
                "sticky" => Json.Of(decision.Sticky),
                "error" => Json.Of(decision.Error is { } error ? Upper(error.ToString()) : null),
                _ => null,
            };
            if (got is not { } found)
            {
                return $"key `{key.Name}` of the decision is unknown";
            }
            if (!Json.Equal(key.Value, found))
            {
                return $"{key.Name}: expected {key.Value.GetRawText()}, got {found.GetRawText()} in {decision}{Refused}";
            }
        }
        return null;
    }

    private static User UserOf(JsonElement step) => User.FromJson(step.GetProperty("user"));

    private static bool HasEvents(JsonElement step) =>
        step.TryGetProperty("op", out JsonElement op) && op.ValueKind == JsonValueKind.String && op.GetString() == "events";

    private static string Raw(IEnumerable<JsonElement> values) => string.Join(", ", values.Select(value => value.GetRawText()));

    // FlagNotFound as the vectors write it: FLAG_NOT_FOUND.
    private static string Upper(string name) =>
        string.Concat(name.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));
}
