using System;
using System.Runtime.CompilerServices;
using Flagstay.Interop;

namespace Flagstay;

// Flags that are on or off.
public sealed unsafe partial class FlagstayClient
{
    private readonly SwitchTable _switches = new();

    // IsEnabled is not inlined for the reason that PreparedSwitch.Decide tells.

    /// <summary>Decides a switch; <paramref name="fallback"/> where there is no decision or the flag is no switch.</summary>
    /// <remarks>
    /// The first two thousand keys or so that a client is asked for it prepares by itself, and decides them nearly as fast as
    /// <see cref="PreparedSwitch.IsOn"/> does from then on. A key may be a string that is made for the call; one that is the
    /// same object each time is found faster.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool IsEnabled(string flag, User? user, bool fallback = false)
    {
        Check.NotNull(flag, nameof(flag));
        ulong mark = SwitchTable.Mark(flag);
        if (_switches.Find(mark, flag, fallback) is { } known)
        {
            return known.Decide(user);
        }
        return IsEnabledElsewhere(mark, flag, user, fallback);
    }

    /// <summary>Decides a switch whose key is given in UTF-8, such as <c>"checkout"u8</c>.</summary>
    public bool IsEnabled(ReadOnlySpan<byte> flag, User? user, bool fallback = false)
    {
        fixed (byte* start = flag)
        {
            return Switch(new Utf8(start, (nuint)flag.Length), user, fallback);
        }
    }

    /// <summary>
    /// Prepares a switch: a flag that is asked for again and again. Make it once and keep it, as one does a compiled regular
    /// expression.
    /// </summary>
    /// <param name="flag">The flag's key. It need not be in a ruleset, nor be a switch: what it is shows when it is asked.</param>
    /// <param name="fallback">The answer where there is no decision.</param>
    /// <exception cref="ArgumentException">The key holds half a surrogate pair.</exception>
    /// <remarks>Works on a closed client too: such a switch answers its fallback.</remarks>
    [SkipLocalsInit]
    public PreparedSwitch PrepareSwitch(string flag, bool fallback = false)
    {
        Check.NotNull(flag, nameof(flag));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, flag.Length);
        Utf8 key = buffer.Add(flag, nameof(flag));
        var handle = new SwitchHandle();
        nint prepared, error;
        int status = Native.flagstay_switch_new(
            _handle.Raw, key.Start, key.Length, fallback ? (byte)1 : (byte)0, &prepared, &error);
        Failure.Check(status, error);
        handle.Own(prepared, flag.Length, _handle);
        GC.KeepAlive(this);
        return new PreparedSwitch(flag, fallback, handle);
    }

    // No switch with this very string stands where the key belongs.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsEnabledElsewhere(ulong mark, string flag, User? user, bool fallback)
    {
        if (_switches.FindNear(mark, flag, fallback, out bool hasRoom) is { } known)
        {
            return known.Decide(user);
        }
        if (!Utf8Buffer.Fits(flag))
        {
            return IsLongEnabled(flag, user, fallback);
        }
        if (hasRoom)
        {
            return IsNewEnabled(mark, flag, user, fallback);
        }
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        int length = Utf8Buffer.EncodeShort(flag, stack, nameof(flag));
        return Switch(new Utf8(stack, (nuint)length), user, fallback);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsNewEnabled(ulong mark, string flag, User? user, bool fallback)
    {
        PreparedSwitch prepared = PrepareSwitch(flag, fallback);
        _switches.Add(mark, prepared);
        return prepared.Decide(user);
    }

    // Apart, because a method that has something to dispose is slower even where it does not.
    private bool IsLongEnabled(string flag, User? user, bool fallback)
    {
        using var buffer = new Utf8Buffer(null, flag.Length);
        return Switch(buffer.Add(flag, nameof(flag)), user, fallback);
    }

    private bool Switch(Utf8 flag, User? user, bool fallback)
    {
        nint who = user is null ? 0 : user.Enter();
        int answer = Native.flagstay_on(_handle.Raw, who, flag.Start, flag.Length, fallback ? (byte)1 : (byte)0);
        Left(user);
        return Failure.Answer(answer);
    }
}
