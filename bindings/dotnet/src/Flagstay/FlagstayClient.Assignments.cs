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
