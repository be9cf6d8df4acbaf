using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Flagstay.Interop;

namespace Flagstay;

// What is remembered about users, and what is told about them.
public sealed unsafe partial class FlagstayClient
{
    /// <summary>
    /// Loads what the store holds for a user, to be passed to any number of evaluations (Statsig). Null: the user has no
    /// such id; passing that on is passing none.
    /// </summary>
    /// <remarks>
    /// A store that fails fails no decision: <see cref="Assignments.StoreError"/> says so. The same holds while there is no
    /// ruleset. Without a store there is nothing in it.
    /// </remarks>
    /// <param name="user">Who it is.</param>
    /// <param name="idType"><c>userID</c> for their key, otherwise the name of one of their ids.</param>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public Assignments? LoadAssignments(User? user, string idType)
    {
        Check.NotNull(idType, nameof(idType));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, idType.Length);
        Utf8 type = buffer.Add(idType, nameof(idType));
        StoreTable.TakeThrown();
        nint who = user is null ? 0 : user.Enter();
        nint assignments, error;
        int status = Native.flagstay_assignments_load(
            _handle.Raw, who, type.Start, type.Length, &assignments, &error);
        Left(user);
        Exception? thrown = StoreTable.TakeThrown();
        Failure.Check(status, error, thrown);
        return assignments == 0 ? null : new Assignments(assignments, thrown);
    }

    /// <summary>
    /// Reads the assignment of (unit, flag) without deciding or enrolling: its record as JSON text, in the platform's own
    /// shape, or null where nothing is stored.
    /// </summary>
    /// <exception cref="StoreException">There is no store, or it failed.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public string? Peek(string unit, string flag)
    {
        Check.NotNull(unit, nameof(unit));
        Check.NotNull(flag, nameof(flag));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)unit.Length + flag.Length);
        Utf8 who = buffer.Add(unit, nameof(unit));
        Utf8 key = buffer.Add(flag, nameof(flag));
        StoreTable.TakeThrown();
        nint record, error;
        int status = Native.flagstay_peek(
            _handle.Raw, who.Start, who.Length, key.Start, key.Length, &record, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error, StoreTable.TakeThrown());
        return NativeText.Take(record);
    }

    /// <summary>Removes every assignment of a unit, for all flags, and returns how many there were.</summary>
    /// <exception cref="StoreException">There is no store, or it failed; it may have removed a part.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public long Forget(string unit)
    {
        Check.NotNull(unit, nameof(unit));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, unit.Length);
        Utf8 who = buffer.Add(unit, nameof(unit));
        StoreTable.TakeThrown();
        ulong removed;
        nint error;
        int status = Native.flagstay_forget(_handle.Raw, who.Start, who.Length, &removed, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error, StoreTable.TakeThrown());
        return checked((long)removed);
    }

    /// <summary>
    /// Takes a metric event: what a user did. Returns false where the platform's rules do not take it. Never waits: when
    /// the queue is full the oldest event leaves, and is counted in the status.
    /// </summary>
    /// <exception cref="FlagstayException">The details make no sense.</exception>
    /// <exception cref="ArgumentException">There is half a surrogate pair in a text.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public bool Track(string name, User? user, MetricDetails? details = null)
    {
        Check.NotNull(name, nameof(name));
        string json = details?.ToJson() ?? "";
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)name.Length + json.Length);
        Utf8 key = buffer.Add(name, nameof(name));
        Utf8 rest = buffer.Add(json, nameof(details));
        nint who = user is null ? 0 : user.Enter();
        byte accepted;
        nint error;
        int status = Native.flagstay_track(
            _handle.Raw, who, key.Start, key.Length, rest.Start, rest.Length, &accepted, &error);
        Left(user);
        Failure.Check(status, error);
        return accepted != 0;
    }

    /// <summary>Takes a metric event with a value, see the other overload.</summary>
    public bool Track(string name, User? user, double value)
    {
        JsonText.RequireNumber(value, nameof(value));
        return Track(name, user, new MetricDetails { Value = value });
    }

    /// <summary>
    /// Takes queued events out, oldest first, in the shape of the ruleset's platform. What has been drained is the
    /// caller's to deliver. Works on a closed client too, so that nothing need be lost.
    /// </summary>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<JsonElement> DrainEvents(int most = int.MaxValue)
    {
        if (most < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(most), most, "A number of events is not negative.");
        }
        nint lines, error;
        int status = Native.flagstay_drain_events(_handle.Raw, (nuint)most, &lines, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
        var events = new List<JsonElement>();
        foreach (string line in NativeText.Take(lines)!.Split(LineEnds, StringSplitOptions.RemoveEmptyEntries))
        {
            events.Add(JsonText.Parse(line));
        }
        return events;
    }

    private static readonly char[] LineEnds = ['\n'];
}
