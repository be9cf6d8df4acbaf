using System.Runtime.CompilerServices;

namespace Flagstay.Interop;

// Counts as a use of its client, which is therefore freed last, in whatever order the collector comes across the two.
internal sealed class SwitchHandle : Handle
{
    // Beside the key, of which there is a copy.
    private const long Weight = 320;

    // Many, because threads that meet a flag while another one is just noting it must not take it for one of another kind.
    private const int MostInVain = 64;

    private ClientHandle? _client;

    // How often trying was in vain under the ruleset with that number. Threads may overwrite each other's counts, which
    // costs a few more trials.
    private int _inVain;
    private int _rulesets;

    /// <summary>What a switch that has been disposed has in the place of its own, which calls under way hold on to.</summary>
    internal static SwitchHandle Ended { get; } = new();

    /// <summary>
    /// Whether flagstay_switch_try may know the answer. For flags with rules it never does, and they are decided
    /// faster without trying.
    /// </summary>
    internal bool IsWorthTrying
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _inVain < MostInVain || _rulesets != _client!.Rulesets;
    }

    /// <summary>Owns a switch of a client from now on.</summary>
    internal void Own(nint prepared, int keyLength, ClientHandle client)
    {
        Own(prepared, Weight + keyLength);
        bool counted = false;
        client.DangerousAddRef(ref counted);
        _client = client;
    }

    /// <summary>flagstay_switch_try did not know the answer for a user who has a key, flagstay_switch_on did.</summary>
    internal void TriedInVain()
    {
        int rulesets = _client!.Rulesets;
        if (_rulesets != rulesets)
        {
            _rulesets = rulesets;
            _inVain = 0;
        }
        _inVain++;
    }

    protected override void Free(nint pointer)
    {
        Native.flagstay_switch_free(pointer);
        _client?.DangerousRelease();
    }
}
