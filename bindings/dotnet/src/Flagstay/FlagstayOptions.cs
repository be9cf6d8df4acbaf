using System;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>What a client is made from. What is not set has the library's default.</summary>
public sealed class FlagstayOptions
{
    /// <summary>What rulesets are written in: <c>flagstay</c> (the default), <c>vwo-fme</c>, <c>statsig</c> and so on.</summary>
    public string? Dialect { get; set; }

    /// <summary>
    /// The first ruleset, as JSON text. Without it and <see cref="RulesetFile"/> the client answers defaults until
    /// <see cref="FlagstayClient.Update"/> is called.
    /// </summary>
    public string? Ruleset { get; set; }

    /// <summary>The path of the first ruleset.</summary>
    public string? RulesetFile { get; set; }

    /// <summary>A built-in store: <c>memory:</c> or <c>sqlite:PATH</c>.</summary>
    public string? Store { get; set; }

    /// <summary>A store of the application's own, instead of <see cref="Store"/>.</summary>
    public IAssignmentStore? AssignmentStore { get; set; }

    /// <summary>How long a decision waits for another process that is writing to the store; default 2 s.</summary>
    public TimeSpan? StoreBusyTimeout { get; set; }

    /// <summary>A call of the store that takes longer is counted as slow in the client's status; default 50 ms.</summary>
    public TimeSpan? StoreSlowAfter { get; set; }

    /// <summary>
    /// Who knows the country of an IP address: its ISO 3166 code of two letters, or null where it is unknown. Asked for
    /// conditions on the country of users who come without one (Statsig).
    /// </summary>
    /// <remarks>
    /// <para>Called on the thread that decides, from several at once, with no lock held, for as long as it takes: look up a
    /// table, do not ask a network. What it throws is in <see cref="FlagstayClient.LastCountryException"/>; the country is
    /// then unknown.</para>
    /// <para>It goes before a table in the dialect's options. The client holds it until it is closed.</para>
    /// </remarks>
    public Func<string, string?>? CountryResolver { get; set; }

    /// <summary>What becomes of events.</summary>
    public EventOptions Events { get; set; } = new();

    /// <summary>A clock that stands still, for tests and simulations.</summary>
    public DateTimeOffset? FixedNow { get; set; }

    /// <summary>The dialect's own options, by its reference page.</summary>
    public JsonObject? DialectOptions { get; set; }

    /// <summary>The configuration document. The first ruleset's text is not in it: it is handed over as it is.</summary>
    internal string ToJson()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            WriteText(writer, "dialect", Dialect);
            WriteText(writer, "ruleset_file", RulesetFile);
            WriteStore(writer);
            Events.Write(writer);
            if (FixedNow is { } now)
            {
                writer.WriteNumber("now_ms", now.ToUnixTimeMilliseconds());
            }
            if (DialectOptions is not null)
            {
                JsonText.RequireText(DialectOptions, "options");
                writer.WritePropertyName("options");
                DialectOptions.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length);
    }

    private void WriteStore(Utf8JsonWriter writer)
    {
        if (Store is null && StoreBusyTimeout is null && StoreSlowAfter is null)
        {
            return;
        }
        writer.WriteStartObject("store");
        WriteText(writer, "url", Store);
        WriteMilliseconds(writer, "busy_timeout_ms", StoreBusyTimeout, nameof(StoreBusyTimeout));
        WriteMilliseconds(writer, "slow_ms", StoreSlowAfter, nameof(StoreSlowAfter));
        writer.WriteEndObject();
    }

    private static void WriteMilliseconds(Utf8JsonWriter writer, string name, TimeSpan? time, string option)
    {
        if (time is not { } given)
        {
            return;
        }
        if (given < TimeSpan.Zero || given.TotalMilliseconds > uint.MaxValue)
        {
            throw new InvalidConfigurationException(
                $"{option}: {given} is not a time between 0 and {uint.MaxValue} ms");
        }
        writer.WriteNumber(name, (uint)given.TotalMilliseconds);
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is null)
        {
            return;
        }
        JsonText.RequireText(text, name);
        writer.WriteString(name, text);
    }
}

/// <summary>What becomes of events.</summary>
public sealed class EventOptions
{
    internal const int DefaultCapacity = 10_000;

    /// <summary>
    /// How many events wait to be drained, default 10,000. When there are more the oldest leaves, and is counted in the
    /// client's status.
    /// </summary>
    public int? Capacity { get; set; }

    /// <summary>Whether decisions queue exposure events. Metric events are always queued.</summary>
    public bool Exposures { get; set; }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("events");
        if (Capacity is { } capacity)
        {
            writer.WriteNumber("capacity", capacity);
        }
        writer.WriteBoolean("exposures", Exposures);
        writer.WriteEndObject();
    }
}
