using System;
using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// Something of the host's as the library sees it: a table of functions and a context. The functions are the same for
// all; the context is a GCHandle to one of these, freed by `drop`, which is called exactly once whatever happens.
internal abstract unsafe class HostTable
{
    /// <summary>The context of a table that is handed over now. From then on it is the library's to let go.</summary>
    protected void* NewContext() => (void*)GCHandle.ToIntPtr(GCHandle.Alloc(this));

    /// <summary>Remembers what the host's code threw.</summary>
    protected abstract void Note(Exception error);

    protected static HostTable Of(void* context) => (HostTable)GCHandle.FromIntPtr((nint)context).Target!;

    protected static void DropCore(void* context)
    {
        try
        {
            GCHandle.FromIntPtr((nint)context).Free();
        }
        catch (Exception error)
        {
            Environment.FailFast("flagstay: a callback's context was let go twice.", error);
        }
    }

    protected static string Text(byte* start, nuint length) => Utf8.Read(start, length) ?? "";

    // Keeps the exception and tells the library what it said. If even that is impossible there is no honest way on.
    protected static int Failed(void* context, Exception error, Sink sink)
    {
        try
        {
            Of(context).Note(error);
            sink.Tell(error);
            return Native.StoreFailure;
        }
        catch (Exception worse)
        {
            Environment.FailFast("flagstay: an exception of a callback could not be reported.", worse);
            return Native.StoreFailure;
        }
    }
}
