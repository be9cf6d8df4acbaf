using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Flagstay.Interop;

// Owners of what the library made. They are not passed to calls: that would count each use on one shared word, which
// costs two threads most of their speed. A call takes Raw and is followed by GC.KeepAlive, so no finalizer can run
// while a call is under way.
internal abstract class Handle : SafeHandle
{
    // About how many bytes there are behind the pointer.
    private long _weight;

    protected Handle()
        : base(IntPtr.Zero, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == IntPtr.Zero;

    /// <summary>The pointer; 0, which every call answers with an error, when it has been freed.</summary>
    internal nint Raw => handle;

    /// <summary>Owns a pointer from now on. <paramref name="weight"/>: about how many bytes there are behind it.</summary>
    internal void Own(nint pointer, long weight)
    {
        SetHandle(pointer);
        Weigh(weight);
    }

    /// <summary>There is so much more behind the pointer now.</summary>
    internal void Weigh(long more)
    {
        NativeWeight.Add(more);
        _weight += more;
    }

    protected override bool ReleaseHandle()
    {
        nint pointer = handle;
        handle = IntPtr.Zero;
        Free(pointer);
        NativeWeight.Add(-_weight);
        return true;
    }

    protected abstract void Free(nint pointer);
}

internal sealed class ClientHandle : Handle
{
    private int _rulesets;

    /// <summary>How many rulesets the client has been handed.</summary>
    internal int Rulesets => Volatile.Read(ref _rulesets);

    internal void CountRuleset() => Interlocked.Increment(ref _rulesets);

    protected override void Free(nint pointer) => Native.flagstay_client_free(pointer);
}

internal sealed class UserHandle : Handle
{
    protected override void Free(nint pointer) => Native.flagstay_user_free(pointer);
}

internal sealed class DecisionsHandle : Handle
{
    protected override void Free(nint pointer) => Native.flagstay_decisions_free(pointer);
}

internal sealed class AssignmentsHandle : Handle
{
    protected override void Free(nint pointer) => Native.flagstay_assignments_free(pointer);
}
