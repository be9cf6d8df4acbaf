using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Flagstay.Tests;

// The adapter of COMING-FROM-VWO-FME.md; a test compares the two.

/// <summary>What a storage connector for VWO's SDK offers.</summary>
public interface IConnector
{
    object? Get(string featureKey, string userId);
    void Set(Dictionary<string, object?> data);
}

/// <summary>A flagstay store over such a connector.</summary>
public sealed class ConnectorStore(IConnector connector) : IAssignmentStore
{
    public string? Get(string unit, string flag) =>
        connector.Get(flag, unit) is { } data ? data as string ?? JsonSerializer.Serialize(data) : null;

    public void Set(string unit, string flag, string record) => // has featureKey and userId
        connector.Set(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(record)!
            .ToDictionary(member => member.Key, member => Plain(member.Value)));

    // A connector cannot delete. For Forget, delete in its place what Get finds.
    public void Remove(string unit, string flag) => throw new NotSupportedException("the connector cannot delete");

    // Connectors know values of .NET, not those of System.Text.Json.
    private static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt32(out int id) ? id : value.GetDouble() as object,
        JsonValueKind.Array => value.EnumerateArray().Select(Plain).ToList(),
        _ => null,
    };
}
