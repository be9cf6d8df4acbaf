using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// The functions of the table, and their addresses as each runtime gives them.
internal sealed unsafe partial class StoreTable
{
#if NET
    private static Native.StoreStruct Functions => new()
    {
        Drop = (nint)(delegate* unmanaged[Cdecl]<void*, void>)&Drop,
        Get = (nint)(delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, byte*, nuint, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void>, void*, int>)&Get,
        Set = (nint)(delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, byte*, nuint, byte*, nuint, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void>, void*, int>)&Set,
        Remove = (nint)(delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, byte*, nuint, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void>, void*, int>)&Remove,
        Load = (nint)(delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void>, void*, int>)&Load,
        SetIfAbsent = (nint)(delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, byte*, nuint, byte*, nuint, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void>, void*, int>)&SetIfAbsent,
    };
#else
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void DropFunction(void* context);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int KeyFunction(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int RecordFunction(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int UnitFunction(
        void* context, byte* unit, nuint unitLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext);

    // Native code keeps only the addresses: these fields keep the delegates from being collected.
    private static readonly DropFunction DropDelegate = Drop;
    private static readonly KeyFunction GetDelegate = Get;
    private static readonly RecordFunction SetDelegate = Set;
    private static readonly KeyFunction RemoveDelegate = Remove;
    private static readonly UnitFunction LoadDelegate = Load;
    private static readonly RecordFunction SetIfAbsentDelegate = SetIfAbsent;

    private static Native.StoreStruct Functions => new()
    {
        Drop = Marshal.GetFunctionPointerForDelegate(DropDelegate),
        Get = Marshal.GetFunctionPointerForDelegate(GetDelegate),
        Set = Marshal.GetFunctionPointerForDelegate(SetDelegate),
        Remove = Marshal.GetFunctionPointerForDelegate(RemoveDelegate),
        Load = Marshal.GetFunctionPointerForDelegate(LoadDelegate),
        SetIfAbsent = Marshal.GetFunctionPointerForDelegate(SetIfAbsentDelegate),
    };
#endif

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static void Drop(void* context) => DropCore(context);

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static int Get(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        GetCore(context, unit, unitLength, flag, flagLength, new Sink(sink, sinkContext));

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static int Set(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        SetCore(context, unit, unitLength, flag, flagLength, record, recordLength, new Sink(sink, sinkContext));

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static int Remove(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        RemoveCore(context, unit, unitLength, flag, flagLength, new Sink(sink, sinkContext));

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static int Load(
        void* context, byte* unit, nuint unitLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        LoadCore(context, unit, unitLength, new Sink(sink, sinkContext));

#if NET
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
#endif
    private static int SetIfAbsent(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        SetIfAbsentCore(context, unit, unitLength, flag, flagLength, record, recordLength, new Sink(sink, sinkContext));
}
