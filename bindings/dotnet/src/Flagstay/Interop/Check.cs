using System;

namespace Flagstay.Interop;

internal static class Check
{
    /// <summary>Refuses null, by the parameter's name.</summary>
    internal static void NotNull(object? argument, string name)
    {
        if (argument is null)
        {
            throw new ArgumentNullException(name);
        }
    }
}
