using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;

namespace Flagstay.Tests;

// A store over a map, with a hook that may do to the caller what stores do.
internal class MapStore : IAssignmentStore
{
    public ConcurrentDictionary<(string Unit, string Flag), string> Records { get; } = new();

    /// <summary>Called first in each operation, with its name.</summary>
    public Action<string> Before { get; set; } = _ => { };

    public string? Get(string unit, string flag)
    {
        Before("get");
        return Records.TryGetValue((unit, flag), out string? record) ? record : null;
    }

    public void Set(string unit, string flag, string record)
    {
        Before("set");
        Records[(unit, flag)] = record;
    }

    public void Remove(string unit, string flag)
    {
        Before("remove");
        Records.TryRemove((unit, flag), out _);
    }
}

// The same with everything that a store may offer.
internal sealed class FullStore : MapStore, ILoadingStore, IFirstWriterStore
{
    public IReadOnlyDictionary<string, string> Load(string unit)
    {
        Before("load");
        return Records.Where(r => r.Key.Unit == unit).ToDictionary(r => r.Key.Flag, r => r.Value);
    }

    public string SetIfAbsent(string unit, string flag, string record)
    {
        Before("set_if_absent");
        return Records.GetOrAdd((unit, flag), record);
    }
}
