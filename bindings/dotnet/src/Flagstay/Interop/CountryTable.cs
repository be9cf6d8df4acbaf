using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Flagstay.Interop;

// A host's function from address to country as the library sees it. It knows nothing of its client, so that one which
// nobody disposed can be collected.
internal sealed unsafe class CountryTable(Func<string, string?> resolver, CountryTable.Log log) : HostTable
{
    /// <summary>A table to hand over.</summary>
    internal Native.CountriesStruct Open() => new()
    {
        Size = (nuint)sizeof(Native.CountriesStruct),
        Context = NewContext(),
#if NET
        Drop = (nint)(delegate* unmanaged[Cdecl]<void*, void>)&Drop,
        Country = (nint)(delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void>, void*, int>)&Country,
#else
        Drop = Marshal.GetFunctionPointerForDelegate(DropDelegate),
        Country = Marshal.GetFunctionPointerForDelegate(CountryDelegate),
#endif
    };

    protected override void Note(Exception error) => log.Note(error);

    private static int CountryCore(void* context, byte* ip, nuint ipLength, Sink sink)
    {
        try
        {
            sink.Give(((CountryTable)Of(context)).Resolve(Text(ip, ipLength)), "country");
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink);
        }
    }

    private string? Resolve(string ip) => resolver(ip);

#if !NET
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void DropFunction(void* context);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int CountryFunction(
        void* context, byte* ip, nuint ipLength, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink,
        void* sinkContext);

    // Native code keeps only the addresses: these fields keep the delegates from being collected.
    private static readonly DropFunction DropDelegate = Drop;
    private static readonly CountryFunction CountryDelegate = Country;
#endif

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static void Drop(void* context) => DropCore(context);

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static int Country(
        void* context, byte* ip, nuint ipLength, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink,
        void* sinkContext) =>
        CountryCore(context, ip, ipLength, new Sink(sink, sinkContext));

    /// <summary>What the resolvers of one client threw, the last of them whichever that was.</summary>
    internal sealed class Log
    {
        private Exception? _lastException;

        internal Exception? LastException => Volatile.Read(ref _lastException);

        internal void Note(Exception error) => Volatile.Write(ref _lastException, error);
    }
}
