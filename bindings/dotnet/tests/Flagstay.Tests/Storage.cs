using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Flagstay.Tests;

// A persistent storage as an application has it, with the SDK's three methods.
internal sealed class Storage : IPersistentStorage<JsonElement>
{
    public ConcurrentDictionary<(string Key, string Name), JsonElement> Saved { get; } = new();

    public ConcurrentQueue<string> Calls { get; } = new();

    public Action<string> Before { get; set; } = _ => { };

    public static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    // As many are written: nothing is null.
    public IReadOnlyDictionary<string, JsonElement>? Load(string key)
    {
        Called($"load {key}");
        var found = Saved.Where(one => one.Key.Key == key).ToDictionary(one => one.Key.Name, one => one.Value);
        return found.Count == 0 ? null : found;
    }

    public void Save(string key, string configName, JsonElement record)
    {
        Called($"save {key} {configName}");
        Saved[(key, configName)] = record.Clone();
    }

    public void Delete(string key, string configName)
    {
        Called($"delete {key} {configName}");
        Saved.TryRemove((key, configName), out _);
    }

    private void Called(string call)
    {
        Calls.Enqueue(call);
        Before(call);
    }
}
