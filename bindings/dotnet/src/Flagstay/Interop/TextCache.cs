using System;
using System.Runtime.CompilerServices;
#if NET
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
#endif

namespace Flagstay.Interop;

// Names of variations and ids of rules come back with each decision, and there are few of them: a string that was made
// for one is given to the next. Only short ASCII texts are kept, each in the one place that its bytes say, where it is
// replaced by the next that belongs there. Used by one thread at a time.
internal sealed unsafe class TextCache
{
    private const int Places = 256;
    private const int Longest = 32;

    private readonly string?[] _texts = new string?[Places];

    /// <summary>Text that the library hands out; null where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal string? Read(byte* start, nuint length) => start == null ? null : Find(start, length);

    private string Find(byte* start, nuint length)
    {
        if (length - 1 >= Longest)
        {
            return Utf8.Read(start, length)!;
        }
        ref string? place = ref _texts[Place(start, (uint)length)];
        string? text = place;
        if (text is not null && text.Length == (int)length && IsSame(text, start))
        {
            return text;
        }
        text = Utf8.Read(start, length)!;
        // Only ASCII has as many bytes as characters.
        if (text.Length == (int)length)
        {
            place = text;
        }
        return text;
    }

    // By the first and the last bytes, which for most texts are all of them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Place(byte* start, uint length)
    {
        ulong both = length switch
        {
            >= sizeof(ulong) => Unsafe.ReadUnaligned<ulong>(start)
                ^ (Unsafe.ReadUnaligned<ulong>(start + length - sizeof(ulong)) * 31),
            >= sizeof(uint) => Unsafe.ReadUnaligned<uint>(start)
                | ((ulong)Unsafe.ReadUnaligned<uint>(start + length - sizeof(uint)) << 32),
            _ => start[0] | ((ulong)start[length / 2] << 8) | ((ulong)start[length - 1] << 16),
        };
        return (byte)(((both + length) * 0x9E3779B97F4A7C15) >> 56);
    }

    // The text is ASCII.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSame(string text, byte* start)
    {
#if NET
        if (text.Length >= Vector128<ushort>.Count)
        {
            ref ushort chars = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text.AsSpan()));
            nuint last = (nuint)(text.Length - Vector128<ushort>.Count);
            for (nuint eight = 0; eight < last; eight += (nuint)Vector128<ushort>.Count)
            {
                if (Widen(start + eight) != Vector128.LoadUnsafe(ref chars, eight))
                {
                    return false;
                }
            }
            return Widen(start + last) == Vector128.LoadUnsafe(ref chars, last);
        }
#endif
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] != start[at])
            {
                return false;
            }
        }
        return true;
    }

#if NET
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Widen(byte* eight) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(eight)).AsByte());
#endif
}
