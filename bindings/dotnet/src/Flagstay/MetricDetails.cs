using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>What a metric event says beyond its name and its user.</summary>
public sealed class MetricDetails
{
    /// <summary>How much: a number, or what the platform takes.</summary>
    public JsonNode? Value { get; set; }

    /// <summary>Properties of the event.</summary>
    public JsonObject? Properties { get; set; }

    /// <summary>The flags that the event is meant for, where it is meant for some only.</summary>
    public IReadOnlyList<string>? Flags { get; set; }

    internal string ToJson()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (Value is not null)
            {
                JsonText.RequireText(Value, "value");
                writer.WritePropertyName("value");
                Value.WriteTo(writer);
            }
            if (Properties is not null)
            {
                JsonText.RequireText(Properties, "properties");
                writer.WritePropertyName("properties");
                Properties.WriteTo(writer);
            }
            if (Flags is not null)
            {
                writer.WriteStartArray("flags");
                foreach (string flag in Flags)
                {
                    JsonText.RequireText(flag, "flags");
                    writer.WriteStringValue(flag);
                }
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length);
    }
}
