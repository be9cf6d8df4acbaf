using System;
using System.Threading;

namespace Flagstay.Interop;

// How much memory lies behind all handles. The collector sees small objects only and would let hundreds of megabytes
// pile up behind those that nobody disposed, so it is told; but only of large changes, because each telling may make it
// collect, and a program that disposes its users gives it no reason to.
internal static class NativeWeight
{
    private const long Step = 16 * 1024 * 1024;

    private static readonly object Gate = new();
    private static long s_actual;
    private static long s_told;

    /// <summary>So many bytes more, or fewer.</summary>
    internal static void Add(long bytes)
    {
        long actual = Interlocked.Add(ref s_actual, bytes);
        if (Math.Abs(actual - Volatile.Read(ref s_told)) >= Step)
        {
            Tell();
        }
    }

    private static void Tell()
    {
        long change;
        lock (Gate)
        {
            change = Volatile.Read(ref s_actual) - s_told;
            if (Math.Abs(change) < Step)
            {
                return;
            }
            Volatile.Write(ref s_told, s_told + change);
        }
        if (change > 0)
        {
            GC.AddMemoryPressure(change);
        }
        else
        {
            GC.RemoveMemoryPressure(-change);
        }
    }
}
