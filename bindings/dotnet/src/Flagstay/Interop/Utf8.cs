using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
#if NET
using System.Runtime.Intrinsics;
#endif
using System.Text;

namespace Flagstay.Interop;

// A text as a call takes it.
internal readonly unsafe struct Utf8(byte* start, nuint length)
{
    internal readonly byte* Start = start;
    internal readonly nuint Length = length;

    /// <summary>Text that the library hands out; null where there is none.</summary>
    internal static string? Read(byte* start, nuint length) =>
        start == null ? null : Encoding.UTF8.GetString(start, checked((int)length));

    /// <summary>Text that ends with a NUL; null where there is none.</summary>
    internal static string? ReadTerminated(byte* start)
    {
        nuint length = 0;
        while (start != null && start[length] != 0)
        {
            length++;
        }
        return Read(start, length);
    }
}

// The UTF-8 copies of all texts of one call: on the caller's stack where they fit, else in one piece of unmanaged
// memory, which unlike a rented array needs no pinning.
internal unsafe ref struct Utf8Buffer
{
    /// <summary>What the caller provides.</summary>
    internal const int StackSize = 384;

    private const int MostBytesPerChar = 3;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte* _owned;
    private readonly byte* _end;
    private byte* _next;

    /// <param name="stack"><see cref="StackSize"/> bytes.</param>
    /// <param name="chars">The length of all texts together.</param>
    internal Utf8Buffer(byte* stack, long chars)
    {
        long most = chars * MostBytesPerChar;
        if (most <= StackSize)
        {
            _next = stack;
            _end = stack + StackSize;
        }
        else
        {
            _owned = _next = (byte*)Marshal.AllocHGlobal((nint)most);
            _end = _next + most;
        }
    }

    /// <summary>Adds a text.</summary>
    /// <exception cref="ArgumentException">It is not valid UTF-16.</exception>
    internal Utf8 Add(string text, string name)
    {
        byte* start = _next;
        int written = Encode(text, start, (int)Math.Min(_end - start, int.MaxValue), name);
        _next = start + written;
        return new Utf8(start, (nuint)written);
    }

    internal readonly void Dispose()
    {
        if (_owned != null)
        {
            Marshal.FreeHGlobal((nint)_owned);
        }
    }

    /// <summary>Whether a text fits on the stack whatever is in it; such a one is for <see cref="EncodeShort"/>.</summary>
    internal static bool Fits(string text) => text.Length <= StackSize / MostBytesPerChar;

    /// <summary>The same for two texts, one after the other.</summary>
    internal static bool Fits(string text, string next) =>
        (long)text.Length + next.Length <= StackSize / MostBytesPerChar;

    /// <summary>
    /// Encodes a text that fits. Keys of flags are short and mostly ASCII: they are narrowed eight at a time, the last eight
    /// perhaps twice, which takes less than the call of an encoder does.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int EncodeShort(string text, byte* target, string name)
    {
#if NET
        if (text.Length >= Vector128<ushort>.Count)
        {
            ref ushort chars = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text.AsSpan()));
            nuint last = (nuint)(text.Length - Vector128<ushort>.Count);
            Vector128<ushort> all = Narrow(ref chars, last, target);
            for (nuint at = 0; at < last; at += (nuint)Vector128<ushort>.Count)
            {
                all |= Narrow(ref chars, at, target);
            }
            if ((all & Vector128.Create((ushort)0xFF80)) == Vector128<ushort>.Zero)
            {
                return text.Length;
            }
        }
        else if (BitConverter.IsLittleEndian && text.Length >= FourChars)
        {
            ref byte chars = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(text.AsSpan()));
            int last = text.Length - FourChars;
            ulong first = Unsafe.ReadUnaligned<ulong>(ref chars);
            ulong second = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref chars, last * sizeof(char)));
            if (((first | second) & 0xFF80FF80FF80FF80) == 0)
            {
                Unsafe.WriteUnaligned(target, Narrow(first));
                Unsafe.WriteUnaligned(target + last, Narrow(second));
                return text.Length;
            }
        }
        else
        {
            int at = 0;
            while (at < text.Length && text[at] < 0x80)
            {
                target[at] = (byte)text[at];
                at++;
            }
            if (at == text.Length)
            {
                return at;
            }
        }
#endif
        return Encode(text, target, text.Length * MostBytesPerChar, name);
    }

#if NET
    private const int FourChars = sizeof(ulong) / sizeof(char);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Narrow(ulong four)
    {
        ulong pairs = (four | (four >> 8)) & 0x0000FFFF0000FFFF;
        return (uint)(pairs | (pairs >> 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Narrow(ref ushort chars, nuint at, byte* target)
    {
        Vector128<ushort> eight = Vector128.LoadUnsafe(ref chars, at);
        Vector128.Narrow(eight, eight).GetLower().Store(target + at);
        return eight;
    }
#endif

    /// <summary>Encodes into memory that is large enough.</summary>
    internal static int Encode(string text, byte* target, int size, string name)
    {
#if NET
        var status = System.Text.Unicode.Utf8.FromUtf16(
            text, new Span<byte>(target, size), out int read, out int written, replaceInvalidSequences: false);
        if (status != System.Buffers.OperationStatus.Done)
        {
            throw NotText(name, read);
        }
        return written;
#else
        fixed (char* chars = text)
        {
            try
            {
                return Strict.GetBytes(chars, text.Length, target, size);
            }
            catch (EncoderFallbackException error)
            {
                throw NotText(name, error.Index);
            }
        }
#endif
    }

    internal static ArgumentException NotText(string name, int index) => new(
        $"`{name}` cannot be written as UTF-8: there is half a surrogate pair at index {index}.", name);
}
