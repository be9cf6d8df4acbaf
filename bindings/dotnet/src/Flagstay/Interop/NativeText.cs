using System;
using System.Text;

namespace Flagstay.Interop;

// Strings that a call makes for its caller: read once, freed at once.
internal static unsafe class NativeText
{
    /// <summary>The text, and null for none.</summary>
    internal static string? Take(nint text)
    {
        if (text == 0)
        {
            return null;
        }
        try
        {
            nuint length;
            byte* data = Native.flagstay_string_data(text, &length);
            return Encoding.UTF8.GetString(data, checked((int)length));
        }
        finally
        {
            Native.flagstay_string_free(text);
        }
    }
}
