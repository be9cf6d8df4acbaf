using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstay.Conform;

// The store of a case: a map of JSON text, with the faults that the case asks for.
internal sealed class CaseStore : ILoadingStore
{
    private readonly Dictionary<(string Unit, string Flag), string> _records = [];
    private readonly bool _getFails;
    private readonly bool _setFails;

    public CaseStore(JsonElement records, string? fault)
    {
        foreach (JsonElement record in records.EnumerateArray())
        {
            (string, string) key = (record.GetProperty("unit").GetString()!, record.GetProperty("flag").GetString()!);
            _records[key] = record.GetProperty("record").GetRawText();
        }
        _getFails = fault is "get" or "both";
        _setFails = fault is "set" or "both";
        if (fault is not (null or "get" or "set" or "both"))
        {
            throw new NotSupportedException($"store_fault `{fault}` is unknown");
        }
    }

    public string? Get(string unit, string flag) =>
        _getFails ? throw new InvalidOperationException("the case makes `get` fail") : _records.GetValueOrDefault((unit, flag));

    public IReadOnlyDictionary<string, string> Load(string unit) =>
        _getFails
            ? throw new InvalidOperationException("the case makes `get` fail")
            : _records.Where(record => record.Key.Unit == unit).ToDictionary(record => record.Key.Flag, record => record.Value);

    public void Set(string unit, string flag, string record)
    {
        if (_setFails)
        {
            throw new InvalidOperationException("the case makes `set` fail");
        }
        _records[(unit, flag)] = record;
    }

    public void Remove(string unit, string flag) => _records.Remove((unit, flag));

    /// <summary>Everything that is held, as the vectors write it.</summary>
    public List<JsonElement> Everything() => [.. _records.Select(record => Json.Parse(new JsonObject
    {
        ["unit"] = record.Key.Unit,
        ["flag"] = record.Key.Flag,
        ["record"] = JsonNode.Parse(record.Value),
    }.ToJsonString()))];
}
