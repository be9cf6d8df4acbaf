using System;
using System.Collections.Generic;
using System.Text.Json;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>How a client is doing, at one moment.</summary>
public sealed class ClientStatus
{
    internal ClientStatus(string json)
    {
        Json = JsonText.Parse(json);
        State = Enum.TryParse(Text(Json, "state"), ignoreCase: true, out ClientState state) ? state : ClientState.Unknown;
        Dialect = Text(Json, "dialect") ?? "";
        Flags = Json.TryGetProperty("flags", out JsonElement flags) && flags.ValueKind == JsonValueKind.Number
            ? flags.GetInt32()
            : null;
        var problems = new List<RulesetProblem>();
        if (Json.TryGetProperty("problems", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement problem in list.EnumerateArray())
            {
                problems.Add(new RulesetProblem(
                    Text(problem, "flag"), Text(problem, "path") ?? "", Text(problem, "message") ?? ""));
            }
        }
        Problems = problems;
        var notes = new List<string>();
        if (Json.TryGetProperty("notes", out JsonElement said) && said.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement note in said.EnumerateArray())
            {
                notes.Add(note.GetString() ?? "");
            }
        }
        Notes = notes;
        Overrides = Count(Json, "overrides");
        JsonElement updates = Json.GetProperty("updates");
        Updates = new UpdateStatus(
            Count(updates, "loaded"), Count(updates, "unchanged"), Count(updates, "refused"),
            Text(updates, "last_error"));
        JsonElement store = Json.GetProperty("store");
        Store = new StoreStatus(
            Text(store, "kind"), Count(store, "writes"), Count(store, "lost_races"), Count(store, "failures"),
            Count(store, "garbage"), Count(store, "slow"), Text(store, "last_error"));
        JsonElement events = Json.GetProperty("events");
        Events = new EventStatus(
            Count(events, "queued"), Count(events, "capacity"), Count(events, "accepted"), Count(events, "dropped"));
    }

    /// <summary>Whether there are rules to decide by.</summary>
    public ClientState State { get; }

    /// <summary>What rulesets are written in.</summary>
    public string Dialect { get; }

    /// <summary>The number of flags; null before the first ruleset.</summary>
    public int? Flags { get; }

    /// <summary>What is broken in the ruleset.</summary>
    public IReadOnlyList<RulesetProblem> Problems { get; }

    /// <summary>What the client was not given and rulesets may ask for, such as a table of countries.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The number of overrides that are set.</summary>
    public long Overrides { get; }

    /// <summary>What arrived.</summary>
    public UpdateStatus Updates { get; }

    /// <summary>How the store is doing.</summary>
    public StoreStatus Store { get; }

    /// <summary>What becomes of events.</summary>
    public EventStatus Events { get; }

    /// <summary>The whole report, with what a newer library may have added.</summary>
    public JsonElement Json { get; }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static long Count(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            ? value.GetInt64()
            : 0;
}

/// <summary>The states of a client.</summary>
public enum ClientState
{
    /// <summary>A state that only a newer library knows; <see cref="ClientStatus.Json"/> names it.</summary>
    Unknown,

    /// <summary>There has been no ruleset yet.</summary>
    Initializing,

    /// <summary>There is a ruleset.</summary>
    Ready,

    /// <summary>There is a ruleset, and its source cannot be reached.</summary>
    Interrupted,

    /// <summary>The client has been closed.</summary>
    Off,
}

/// <summary>Something that is broken in a ruleset. A broken flag fails alone.</summary>
/// <param name="Flag">The flag, if it is one's.</param>
/// <param name="Path">The place in the document.</param>
/// <param name="Message">What is wrong.</param>
public sealed record RulesetProblem(string? Flag, string Path, string Message);

/// <summary>The rulesets that arrived.</summary>
/// <param name="Loaded">How many took effect.</param>
/// <param name="Unchanged">How many said nothing new.</param>
/// <param name="Refused">How many were refused.</param>
/// <param name="LastError">Why the last one was refused; null after one that took effect.</param>
public sealed record UpdateStatus(long Loaded, long Unchanged, long Refused, string? LastError);

/// <summary>How the store is doing.</summary>
/// <param name="Kind">Which one it is, or null for none.</param>
/// <param name="Writes">Records written.</param>
/// <param name="LostRaces">New assignments for which another writer was first.</param>
/// <param name="Failures">Calls that failed.</param>
/// <param name="Garbage">Replies that made no sense.</param>
/// <param name="Slow">Calls that took longer than <see cref="FlagstayOptions.StoreSlowAfter"/>.</param>
/// <param name="LastError">What went wrong last.</param>
public sealed record StoreStatus(
    string? Kind, long Writes, long LostRaces, long Failures, long Garbage, long Slow, string? LastError);

/// <summary>What becomes of events.</summary>
/// <param name="Queued">How many wait.</param>
/// <param name="Capacity">How many can wait.</param>
/// <param name="Accepted">How many were queued so far.</param>
/// <param name="Dropped">How many left because the queue was full.</param>
public sealed record EventStatus(long Queued, long Capacity, long Accepted, long Dropped);
