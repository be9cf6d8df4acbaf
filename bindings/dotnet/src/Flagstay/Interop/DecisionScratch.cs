using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// The struct that the library writes decisions into, with the memory that their texts are in. Each thread keeps one from
// call to call, so that a decision costs one foreign call and the library allocates nothing. A store that decides from its
// callback finds the thread's scratch taken, and gets another for as long as it needs it.
internal sealed unsafe class DecisionScratch : Handle
{
    // A huge decision is not worth keeping memory for.
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static DecisionScratch? t_own;

    private readonly bool _kept;
    private bool _taken;

    private DecisionScratch(bool kept)
    {
        _kept = kept;
        var made = (Native.DecisionStruct*)Marshal.AllocHGlobal(sizeof(Native.DecisionStruct));
        *made = default;
        made->Size = (nuint)sizeof(Native.DecisionStruct);
        SetHandle((nint)made);
    }

    /// <summary>Where the library writes; what it wrote stands until the scratch is returned.</summary>
    internal Native.DecisionStruct* Made => (Native.DecisionStruct*)handle;

    /// <summary>The short texts that this thread's decisions had lately.</summary>
    internal TextCache Texts { get; } = new();

    /// <summary>A scratch for a call. Whatever happens, it is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DecisionScratch Rent()
    {
        DecisionScratch? own = t_own;
        if (own is null || own._taken)
        {
            own = RentAnother(own);
        }
        own._taken = true;
        return own;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Return()
    {
        Native.DecisionStruct* made = Made;
        if (made->ValueJsonLength + made->MessageLength + made->DetailsJsonLength > MostKept)
        {
            Native.flagstay_decision_clear(made);
        }
        _taken = false;
        if (!_kept)
        {
            Dispose();
        }
    }

    protected override void Free(nint pointer)
    {
        Native.flagstay_decision_clear((Native.DecisionStruct*)pointer);
        Marshal.FreeHGlobal(pointer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DecisionScratch RentAnother(DecisionScratch? own)
    {
        bool first = own is null;
        var another = new DecisionScratch(kept: first);
        if (first)
        {
            t_own = another;
        }
        return another;
    }
}
