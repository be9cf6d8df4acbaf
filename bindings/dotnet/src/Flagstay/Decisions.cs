using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>The decisions for all flags of one user, made at one moment on one ruleset.</summary>
/// <remarks>
/// <para>Enumerating looks without being seen. Taking a decision by its key means that the user sees it: its exposure is
/// queued, once, if the client collects exposures.</para>
/// <para>Threads: any. Dispose it when the request is done; without that the garbage collector cleans up.</para>
/// </remarks>
public sealed unsafe class Decisions : IReadOnlyCollection<Decision>, IDisposable
{
    private readonly FlagstayClient? _client;
    private readonly DecisionsHandle? _handle;
    private readonly Decision[] _decisions;
    private readonly Dictionary<string, int> _indices;
    private readonly int[] _exposed;

    /// <summary>No decisions, and why.</summary>
    internal Decisions(FlagstayStatus error)
    {
        Error = error;
        _decisions = [];
        _indices = [];
        _exposed = [];
    }

    internal Decisions(FlagstayClient client, DecisionsHandle handle)
    {
        _client = client;
        _handle = handle;
        int count = checked((int)Native.flagstay_decisions_count(handle.Raw));
        _decisions = new Decision[count];
        _exposed = new int[count];
        _indices = new Dictionary<string, int>(count, StringComparer.Ordinal);
        Native.DecisionStruct made = default;
        made.Size = (nuint)sizeof(Native.DecisionStruct);
        try
        {
            for (int index = 0; index < count; index++)
            {
                nint error;
                int status = Native.flagstay_decisions_at(handle.Raw, (nuint)index, &made, &error);
                Failure.Check(status, error);
                var decision = new Decision(made, flag: null);
                _decisions[index] = decision;
                _indices[decision.Flag] = index;
            }
        }
        finally
        {
            Native.flagstay_decision_clear(&made);
            GC.KeepAlive(handle);
        }
    }

    /// <summary>
    /// Why there are no decisions: the platform's rules make none for this user, or there is no ruleset. Otherwise null.
    /// </summary>
    public FlagstayStatus? Error { get; }

    /// <summary>How many decisions there are.</summary>
    public int Count => _decisions.Length;

    /// <summary>The decision for a flag that the user sees now.</summary>
    /// <exception cref="KeyNotFoundException">There is none; see <see cref="TryGet"/>.</exception>
    public Decision this[string flag] => TryGet(flag, out Decision? decision)
        ? decision
        : throw new KeyNotFoundException(
            $"There is no decision for the flag `{flag}`{(Error is null ? "" : $" ({Error})")}.");

    /// <summary>The decision for a flag that the user sees now, if there is one.</summary>
    public bool TryGet(string flag, [NotNullWhen(true)] out Decision? decision)
    {
        Check.NotNull(flag, nameof(flag));
        if (!_indices.TryGetValue(flag, out int index))
        {
            decision = null;
            return false;
        }
        decision = _decisions[index];
        if (Interlocked.Exchange(ref _exposed[index], 1) == 0)
        {
            Expose(index);
        }
        return true;
    }

    /// <summary>The decisions in the order of the ruleset. No exposure is queued.</summary>
    public IEnumerator<Decision> GetEnumerator() => ((IEnumerable<Decision>)_decisions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Gives the library's memory back. What has been decided can still be enumerated, not exposed.</summary>
    public void Dispose() => _handle?.Dispose();

    private void Expose(int index)
    {
        bool held = false;
        try
        {
            // Not on the request's hot path: here the count that a SafeHandle keeps may guard against a Dispose.
            _handle!.DangerousAddRef(ref held);
            nint error;
            int status = Native.flagstay_decisions_expose(_handle.Raw, _client!.Handle.Raw, (nuint)index, &error);
            GC.KeepAlive(_client);
            Failure.Check(status, error);
        }
        finally
        {
            if (held)
            {
                _handle!.DangerousRelease();
            }
        }
    }
}
