using System;

namespace Flagstay.Interop;

// The memory that the library writes a decision's texts into. Each thread keeps one from call to call, so that a
// decision costs one foreign call and the library allocates nothing. A store that decides from its callback finds the
// thread's scratch taken, and gets another.
internal sealed unsafe class DecisionScratch : Handle
{
    // A huge decision is not worth keeping memory for.
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static DecisionScratch? t_free;

    internal static DecisionScratch Rent()
    {
        DecisionScratch scratch = t_free ?? new DecisionScratch();
        t_free = null;
        return scratch;
    }

    /// <summary>A struct for a call. Whatever happens, it is given back.</summary>
    internal Native.DecisionStruct Begin()
    {
        Native.DecisionStruct made = default;
        made.Size = (nuint)sizeof(Native.DecisionStruct);
        made.Storage = handle;
        handle = IntPtr.Zero;
        return made;
    }

    /// <summary>Takes the struct back; its texts are gone.</summary>
    internal void Return(Native.DecisionStruct* made)
    {
        if (made->ValueJsonLength + made->MessageLength > MostKept)
        {
            Native.flagstay_decision_clear(made);
        }
        handle = made->Storage;
        t_free = this;
    }

    protected override void Free(nint pointer)
    {
        Native.DecisionStruct made = default;
        made.Size = (nuint)sizeof(Native.DecisionStruct);
        made.Storage = pointer;
        Native.flagstay_decision_clear(&made);
    }
}
