using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Flagstay.Conform;

// One file of vectors: its rulesets, and its cases one after the other.
internal sealed class VectorFile
{
    private static readonly HashSet<string> Known = ["format", "dialect", "source", "note", "now_ms", "rulesets", "cases"];

    private readonly string _path;
    private readonly JsonElement _root;
    private readonly Report _report;
    private readonly string _dialect;

    public VectorFile(string path, JsonElement root, Report report)
    {
        _path = path;
        _root = root;
        _report = report;
        _dialect = root.TryGetProperty("dialect", out JsonElement dialect) && dialect.ValueKind == JsonValueKind.String
            ? dialect.GetString()!
            : "unknown";
    }

    /// <summary>Whether a document holds vectors. Rulesets that lie beside them do not.</summary>
    public static bool Is(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("format", out _) && root.TryGetProperty("cases", out _);

    public void Run()
    {
        try
        {
            if (_root.GetProperty("format").GetRawText() != "1")
            {
                throw new NotSupportedException($"format {_root.GetProperty("format").GetRawText()} is unknown");
            }
            if (_root.EnumerateObject().FirstOrDefault(member => !Known.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } odd)
            {
                throw new NotSupportedException($"key `{odd.Name}` is unknown");
            }
            long? now = _root.TryGetProperty("now_ms", out JsonElement time) ? time.GetInt64() : null;
            Dictionary<string, string> rulesets = Rulesets();
            foreach (JsonElement one in _root.GetProperty("cases").EnumerateArray())
            {
                Run(one, rulesets, now);
            }
        }
        catch (Exception error)
        {
            _report.Fail(_dialect, $"{_path}\n  cannot be run: {error.Message}");
        }
    }

    private void Run(JsonElement one, Dictionary<string, string> rulesets, long? now)
    {
        string name = one.TryGetProperty("name", out JsonElement given) ? given.ToString() : "(no name)";
        try
        {
            using var run = new CaseRun(_dialect, one, rulesets, now);
            int number = 0;
            foreach (JsonElement step in one.GetProperty("steps").EnumerateArray())
            {
                number++;
                string? wrong = run.Step(step);
                if (wrong is not null)
                {
                    _report.Fail(_dialect, Block(name, number, step, wrong));
                }
                else if (step.TryGetProperty("expect", out _))
                {
                    _report.Pass(_dialect);
                }
            }
        }
        catch (Exception error)
        {
            _report.Fail(_dialect, $"{_path}\n  case: {name}\n  cannot be run: {error.Message}");
        }
    }

    private string Block(string name, int number, JsonElement step, string wrong)
    {
        var lines = new List<string> { _path, $"  case: {name}" };
        string op = step.TryGetProperty("op", out JsonElement given) ? given.ToString() : "(none)";
        lines.Add($"  step {number}: {op}");
        foreach (string key in (string[])["flag", "event", "user"])
        {
            if (step.TryGetProperty(key, out JsonElement value))
            {
                lines.Add($"  {key}: {value.GetRawText()}");
            }
        }
        lines.Add($"  {wrong}");
        return string.Join('\n', lines);
    }

    private Dictionary<string, string> Rulesets()
    {
        var rulesets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty ruleset in _root.GetProperty("rulesets").EnumerateObject())
        {
            rulesets[ruleset.Name] =
                ruleset.Value.ValueKind == JsonValueKind.Object && ruleset.Value.TryGetProperty("$file", out JsonElement file)
                    ? File.ReadAllText(Path.Combine(Path.GetDirectoryName(_path)!, file.GetString()!))
                    : ruleset.Value.GetRawText();
        }
        return rulesets;
    }
}
