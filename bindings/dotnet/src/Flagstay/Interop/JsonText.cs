using System;
using System.Text.Json;

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
}
