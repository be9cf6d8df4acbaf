using System;
using System.Runtime.InteropServices;
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

    /// <summary>Encodes a short text on the stack, without the care that a larger one needs.</summary>
    internal static bool Fits(string text) => text.Length <= StackSize / MostBytesPerChar;

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
