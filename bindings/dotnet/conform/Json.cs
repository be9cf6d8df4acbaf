using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstay.Conform;

// JSON as the vectors compare it: numbers by value, objects regardless of key order, everything else exactly.
internal static class Json
{
    public static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };

    public static bool Equal(JsonElement left, JsonElement right)
    {
        if (left.ValueKind != right.ValueKind)
        {
            return false;
        }
        switch (left.ValueKind)
        {
            case JsonValueKind.Number:
                return EqualNumbers(left, right);
            case JsonValueKind.String:
                return left.GetString() == right.GetString();
            case JsonValueKind.Array:
                return left.GetArrayLength() == right.GetArrayLength()
                    && left.EnumerateArray().Zip(right.EnumerateArray()).All(pair => Equal(pair.First, pair.Second));
            case JsonValueKind.Object:
                Dictionary<string, JsonElement> members = Members(left);
                Dictionary<string, JsonElement> others = Members(right);
                return members.Count == others.Count
                    && members.All(member => others.TryGetValue(member.Key, out JsonElement other) && Equal(member.Value, other));
            default:
                return true;
        }
    }

    /// <summary>Whether both lists have the same members, in any order.</summary>
    public static bool EqualSets(IReadOnlyList<JsonElement> left, IReadOnlyList<JsonElement> right)
    {
        var rest = new List<JsonElement>(right);
        foreach (JsonElement member in left)
        {
            int at = rest.FindIndex(other => Equal(member, other));
            if (at < 0)
            {
                return false;
            }
            rest.RemoveAt(at);
        }
        return rest.Count == 0;
    }

    public static JsonElement Parse(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text, Options);
        return document.RootElement.Clone();
    }

    public static JsonElement Of(bool value) => Parse(value ? "true" : "false");

    public static JsonElement Of(string? value) => Parse(value is null ? "null" : JsonSerializer.Serialize(value));

    /// <summary>The same without the keys of that name, at any depth.</summary>
    public static JsonElement Without(JsonElement value, string key) => Parse(Strip(value, key)?.ToJsonString() ?? "null");

    private static JsonNode? Strip(JsonElement value, string key) => value.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(value.EnumerateObject()
            .Where(member => member.Name != key)
            .Select(member => KeyValuePair.Create(member.Name, Strip(member.Value, key)))),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(member => Strip(member, key))]),
        _ => JsonNode.Parse(value.GetRawText()),
    };

    // The last of two equal names counts, as it does for most readers.
    private static Dictionary<string, JsonElement> Members(JsonElement value)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }
        return members;
    }

    // Whole numbers are compared as whole numbers: beyond 2^53 two different ones may share a double.
    private static bool EqualNumbers(JsonElement left, JsonElement right) =>
        Whole(left) is { } a && Whole(right) is { } b ? a == b : left.GetDouble() == right.GetDouble();

    private static BigInteger? Whole(JsonElement number) =>
        BigInteger.TryParse(number.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger whole)
            ? whole
            : null;
}
