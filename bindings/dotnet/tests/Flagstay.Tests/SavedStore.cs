using System.Collections.Generic;
using System.Text.Json;

namespace Flagstay.Tests;

// The adapter of COMING-FROM-STATSIG.md; a test compares the two.

/// <summary>The storage that you have.</summary>
public interface IPersistentStorage<TRecord>
{
    IReadOnlyDictionary<string, TRecord>? Load(string key);
    void Save(string key, string configName, TRecord record);
    void Delete(string key, string configName);
}

/// <summary>A flagstay store over such a storage.</summary>
public sealed class SavedStore<TRecord> : ILoadingStore
{
    private readonly IPersistentStorage<TRecord> _storage;

    public SavedStore(IPersistentStorage<TRecord> storage) => _storage = storage;

    public IReadOnlyDictionary<string, string> Load(string unit)
    {
        var records = new Dictionary<string, string>();
        foreach (KeyValuePair<string, TRecord> saved in _storage.Load(unit) ?? new Dictionary<string, TRecord>())
        {
            records[saved.Key] = JsonSerializer.Serialize(saved.Value);
        }
        return records;
    }

    public string? Get(string unit, string flag) =>
        Load(unit).TryGetValue(flag, out string? record) ? record : null;

    public void Set(string unit, string flag, string record) =>
        _storage.Save(unit, flag, JsonSerializer.Deserialize<TRecord>(record)!);

    public void Remove(string unit, string flag) => _storage.Delete(unit, flag);
}
