using System;
using System.Runtime.CompilerServices;
using System.Text;

namespace Flagstay.Interop;

// Where a callback of the host's gives its answer, or says why it has none.
internal readonly unsafe struct Sink(delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> function, void* context)
{
    /// <summary>Gives a text; null gives nothing.</summary>
    /// <exception cref="ArgumentException">It is not valid UTF-16.</exception>
    [SkipLocalsInit]
    internal void Give(string? text, string what)
    {
        if (text is null)
        {
            return;
        }
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, text.Length);
        Utf8 given = buffer.Add(text, what);
        function(context, given.Start, given.Length);
    }

    /// <summary>Says what was thrown.</summary>
    internal void Tell(Exception error)
    {
        byte[] message = Encoding.UTF8.GetBytes(Describe(error));
        fixed (byte* start = message)
        {
            function(context, start, (nuint)message.Length);
        }
    }

    private static string Describe(Exception error)
    {
        string type = error.GetType().FullName ?? error.GetType().Name;
        try
        {
            return $"{type}: {error.Message}";
        }
        catch (Exception)
        {
            // A message may be computed, and fail.
            return type;
        }
    }
}
