using System;
using System.Runtime.CompilerServices;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>
/// A flag of a client that is asked for again and again, looked up once: <see cref="FlagstayClient.PrepareSwitch"/> makes it.
/// </summary>
/// <remarks>
/// <para>It answers what <see cref="FlagstayClient.IsEnabled(string, User, bool)"/> answers and follows the client: its
/// rulesets, its store, its end. Asking one whose client has been disposed answers <see cref="Fallback"/>.</para>
/// <para>Threads: any. Disposing is optional and disturbs no call that is under way; the few hundred bytes behind a switch are
/// given back by the garbage collector, and what is left of its client not before them.</para>
/// </remarks>
public sealed class PreparedSwitch : IDisposable
{
    private SwitchHandle _handle;

    /// <summary>Takes over a switch that the library has prepared.</summary>
    internal PreparedSwitch(string flag, bool fallback, SwitchHandle handle)
    {
        Flag = flag;
        Fallback = fallback;
        _handle = handle;
    }

    /// <summary>The flag's key.</summary>
    public string Flag { get; }

    /// <summary>The answer where there is no decision or the flag is no switch.</summary>
    public bool Fallback { get; }

    /// <summary>Decides the switch; <see cref="Fallback"/> where there is no decision or the flag is no switch.</summary>
    /// <exception cref="ObjectDisposedException">The switch or the user has been disposed.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool IsOn(User? user) => Decide(user);

    /// <summary>Ends the switch: asking it afterwards is an error.</summary>
    public void Dispose() => _handle = SwitchHandle.Ended;

    internal SwitchHandle Handle => _handle;

    /// <summary>Decides, as <see cref="IsOn"/> says.</summary>
    /// <remarks>
    /// Only for methods of objects that the library has made, and that are not inlined themselves: the runtime binds an
    /// import without a transition when it compiles the method that calls it, and a method of the host's may well be
    /// compiled before the library is loaded.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Decide(User? user)
    {
        SwitchHandle handle = _handle;
#if NET
        if (user is not null && handle.IsWorthTrying)
        {
            nint who = user.EnterBriefly();
            if (who != 0)
            {
                int answer = Native.flagstay_switch_try(handle.Raw, who);
                GC.KeepAlive(user);
                GC.KeepAlive(handle);
                if (answer >= 0)
                {
                    return answer != 0;
                }
                return AskAfterTrying(handle, user);
            }
        }
#endif
        return Ask(handle, user);
    }

#if NET
    private static bool AskAfterTrying(SwitchHandle handle, User user)
    {
        bool answer = Ask(handle, user);
        // For other users it may have been in vain whatever the flag is.
        if (user.IsTried)
        {
            handle.TriedInVain();
        }
        return answer;
    }
#endif

    // Apart, because a call with a transition makes the whole method that it stands in dearer.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Ask(SwitchHandle handle, User? user)
    {
        nint prepared = handle.Raw;
        if (prepared == 0)
        {
            throw new ObjectDisposedException(nameof(PreparedSwitch));
        }
        nint who = user is null ? 0 : user.Enter();
        int answer = Native.flagstay_switch_on(prepared, who);
        user?.Leave();
        GC.KeepAlive(user);
        GC.KeepAlive(handle);
        return Failure.Answer(answer);
    }
}
