using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// The addresses of the functions, as each runtime gives them.
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

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Drop(void* context) => DropCore(context);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Get(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        GetCore(context, unit, unitLength, flag, flagLength, sink, sinkContext);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Set(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        SetCore(context, unit, unitLength, flag, flagLength, record, recordLength, sink, sinkContext);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Remove(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        RemoveCore(context, unit, unitLength, flag, flagLength, sink, sinkContext);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Load(
        void* context, byte* unit, nuint unitLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        LoadCore(context, unit, unitLength, sink, sinkContext);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetIfAbsent(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext) =>
        SetIfAbsentCore(context, unit, unitLength, flag, flagLength, record, recordLength, sink, sinkContext);
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
    private static readonly DropFunction Drop = DropCore;
    private static readonly KeyFunction Get = GetCore;
    private static readonly RecordFunction Set = SetCore;
    private static readonly KeyFunction Remove = RemoveCore;
    private static readonly UnitFunction Load = LoadCore;
    private static readonly RecordFunction SetIfAbsent = SetIfAbsentCore;

    private static Native.StoreStruct Functions => new()
    {
        Drop = Marshal.GetFunctionPointerForDelegate(Drop),
        Get = Marshal.GetFunctionPointerForDelegate(Get),
        Set = Marshal.GetFunctionPointerForDelegate(Set),
        Remove = Marshal.GetFunctionPointerForDelegate(Remove),
        Load = Marshal.GetFunctionPointerForDelegate(Load),
        SetIfAbsent = Marshal.GetFunctionPointerForDelegate(SetIfAbsent),
    };
#endif
}
