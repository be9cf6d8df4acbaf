using System;

namespace Flagstay.Tests;

internal static class Collections
{
    /// <summary>Collects what nobody refers to, with what only its finalizers let go of.</summary>
    public static void Run()
    {
        for (int n = 0; n < 3; n++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
