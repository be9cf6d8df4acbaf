using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// The structs and constants of include/flagstay.h, member by member. Text is `byte*` and `nuint`, flags are `byte`: the
// marshaller has nothing to do. The functions are in Native.LibraryImport.cs and Native.DllImport.cs.
internal static unsafe partial class Native
{
    /// <summary>What the platforms' loaders look for; Linux finds a library that is already loaded by it.</summary>
    internal const string Soname = "libflagstay.so.1";

    internal const uint AbiVersion = 3;

    internal const int ModeExpose = 0;
    internal const int ModeRead = 1;

    internal const int StoreFailure = 0;
    internal const int StoreDone = 7001;

    [StructLayout(LayoutKind.Sequential)]
    internal struct DecisionStruct
    {
        internal nuint Size;
        internal nint Storage;
        internal int Reason;
        internal int Error;
        internal int ValueType;
        internal byte Found;
        internal byte Enabled;
        internal byte Sticky;
        internal byte ValueBoolean;
        internal double ValueNumber;
        internal byte* ValueText;
        internal nuint ValueTextLength;
        internal byte* ValueJson;
        internal nuint ValueJsonLength;
        internal byte* Flag;
        internal nuint FlagLength;
        internal byte* Variation;
        internal nuint VariationLength;
        internal byte* VariationId;
        internal nuint VariationIdLength;
        internal byte* RuleId;
        internal nuint RuleIdLength;
        internal byte* Message;
        internal nuint MessageLength;
        internal byte* StoreError;
        internal nuint StoreErrorLength;
        internal byte* DetailsJson;
        internal nuint DetailsJsonLength;
        internal int Kind;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct OptionsStruct
    {
        internal nuint Size;
        internal int Mode;
        internal byte* DefaultJson;
        internal nuint DefaultJsonLength;
        internal int Kind;
        internal byte EnforceTargeting;
        internal byte EnforceOverrides;
        internal byte Details;
        internal nint Assignments;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct StoreStruct
    {
        internal nuint Size;
        internal void* Context;
        internal nint Drop;
        internal nint Get;
        internal nint Set;
        internal nint Remove;
        internal nint Load;
        internal nint SetIfAbsent;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct CountriesStruct
    {
        internal nuint Size;
        internal void* Context;
        internal nint Drop;
        internal nint Country;
    }
}
