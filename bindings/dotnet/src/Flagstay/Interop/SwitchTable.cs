using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Flagstay.Interop;

// The switches that a client has prepared by itself, found by key and fallback without a lock or a conversion. A key leads
// to a place of its own and to a few near it. What stands there stays there, so that keys cannot drive each other out over
// and over: when all these places are taken, a further key is decided without a prepared switch.
internal sealed class SwitchTable
{
    private const int SizeLog2 = 11;
    private const int Near = 4;

    private readonly Place[] _places = new Place[1 << SizeLog2];

    /// <summary>
    /// What leads to a switch: four characters at the beginning, in the middle and at the end of the key, which for most keys
    /// are all that tells them apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Mark(string flag)
    {
        const int Four = sizeof(ulong) / sizeof(char);
        ulong mixed = (uint)flag.Length;
        if (flag.Length >= Four)
        {
            ref byte chars = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(flag.AsSpan()));
            uint last = (uint)flag.Length - Four;
            ulong middle = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref chars, (nint)(last & ~1u)));
            ulong end = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref chars, (nint)(last * sizeof(char))));
            mixed += Unsafe.ReadUnaligned<ulong>(ref chars) + RotateLeft(middle, 23) + RotateLeft(end, 45);
        }
        else
        {
            foreach (char one in flag)
            {
                mixed = (mixed << 16) + one;
            }
        }
        return mixed * 0x9E3779B97F4A7C15;
    }

    /// <summary>
    /// The switch that stands where it belongs and was prepared with this very string, as keys that are written into programs
    /// are. Null: <see cref="FindNear"/> compares what keys say.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PreparedSwitch? Find(ulong mark, string flag, bool fallback)
    {
        PreparedSwitch? there = Volatile.Read(ref _places[IndexOf(mark)].Switch);
        return there is not null && ReferenceEquals(there.Flag, flag) && there.Fallback == fallback ? there : null;
    }

    /// <summary>The switch that stands nearby; null, and whether there is room for it.</summary>
    internal PreparedSwitch? FindNear(ulong mark, string flag, bool fallback, out bool hasRoom)
    {
        hasRoom = false;
        for (uint near = 0; near < Near; near++)
        {
            ref Place place = ref _places[IndexOf(mark) ^ near];
            // Few of the keys that stand nearby have the same mark: those alone are looked at.
            if (Volatile.Read(ref place.Mark) == mark && place.Switch is { } there && Is(there, flag, fallback))
            {
                return there;
            }
            hasRoom |= Volatile.Read(ref place.Switch) is null;
        }
        return null;
    }

    /// <summary>Adds a switch, unless another thread has added it or taken the last place.</summary>
    internal void Add(ulong mark, PreparedSwitch prepared)
    {
        for (uint near = 0; near < Near; near++)
        {
            ref Place place = ref _places[IndexOf(mark) ^ near];
            PreparedSwitch? there = Interlocked.CompareExchange(ref place.Switch, prepared, null);
            if (there is null)
            {
                // Whoever sees the mark sees the switch.
                Volatile.Write(ref place.Mark, mark);
                return;
            }
            if (Is(there, prepared.Flag, prepared.Fallback))
            {
                return;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Is(PreparedSwitch there, string flag, bool fallback) =>
        (ReferenceEquals(there.Flag, flag) || string.Equals(there.Flag, flag)) && there.Fallback == fallback;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint IndexOf(ulong mark) => (uint)(mark >> (64 - SizeLog2));

    private static ulong RotateLeft(ulong value, int by) => (value << by) | (value >> (64 - by));

    private struct Place
    {
        internal ulong Mark;
        internal PreparedSwitch? Switch;
    }
}
