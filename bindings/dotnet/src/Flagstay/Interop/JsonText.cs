using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstay.Interop;

// JSON between the library's UTF-8 and System.Text.Json.
internal static class JsonText
{
    // The library reads documents of up to 128 levels; what it hands out may wrap them in a few more.
    internal const int MostLevels = 256;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MostLevels };

    internal static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json, Options);
        return document.RootElement.Clone();
    }

    /// <summary>The text of a value, and null for one that is not there.</summary>
    internal static string? Of(JsonElement value) =>
        value.ValueKind == JsonValueKind.Undefined ? null : value.GetRawText();

    /// <summary>Whether a text is JSON that the library will read as a part of a larger document.</summary>
    internal static bool IsValid(string text)
    {
        try
        {
            JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 100 }).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Refuses half a surrogate pair, which a JSON writer would silently replace. <paramref name="place"/> says where.
    /// </summary>
    internal static void RequireText(string text, string place)
    {
        for (int at = 0; at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at]))
            {
                continue;
            }
            if (!char.IsSurrogatePair(text, at))
            {
                throw Utf8Buffer.NotText(place, at);
            }
            at++;
        }
    }

    /// <summary>The same for every name and every text in a value.</summary>
    internal static void RequireText(JsonNode? node, string place)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (KeyValuePair<string, JsonNode?> member in members)
                {
                    string path = $"{place}.{member.Key}";
                    RequireText(member.Key, path);
                    RequireText(member.Value, path);
                }
                break;
            case JsonArray list:
                for (int at = 0; at < list.Count; at++)
                {
                    RequireText(list[at], $"{place}[{at}]");
                }
                break;
            // What was parsed from JSON is written as it was, and the library judges it.
            case JsonValue value when !value.TryGetValue(out JsonElement _) && value.TryGetValue(out string? text):
                RequireText(text!, place);
                break;
        }
    }

    /// <summary>Refuses a number that JSON does not know.</summary>
    internal static void RequireNumber(double number, string place)
    {
        if (double.IsNaN(number) || double.IsInfinity(number))
        {
            throw new ArgumentException($"`{place}` is {number}, and JSON knows no such number.", place);
        }
    }
}
