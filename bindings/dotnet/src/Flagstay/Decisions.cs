using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>The decisions for all flags of one user, made at one moment on one ruleset, in its order.</summary>
/// <remarks>
/// <para>Enumerating, indexing and <see cref="Peek"/> look without being seen. Taking a decision by its key means that the
/// user sees it: its exposure is queued as an evaluation of that flag would have, if the client collects exposures and the
/// options did not say that somebody only looks.</para>
/// <para>A decision is read out of the library when it is looked at first; one that nobody looks at costs nothing here.</para>
/// <para>Threads: any. Dispose it when the request is done; without that the garbage collector cleans up.</para>
/// </remarks>
public sealed unsafe class Decisions : IReadOnlyList<Decision>, IDisposable
{
    // A search in the library walks through the flags. Before that happens often, all of them are entered in a dictionary.
    private const int MostSearches = 16;

    private readonly FlagstayClient? _client;
    private readonly DecisionsHandle? _handle;
    private readonly Decision?[] _made;
    private readonly bool _exposes;
    private Dictionary<(string Flag, FlagKind Kind), int>? _indices;
    private int _searches;

    /// <summary>No decisions, and why.</summary>
    internal Decisions(FlagstayStatus error)
    {
        Error = error;
        _made = [];
    }

    internal Decisions(FlagstayClient client, DecisionsHandle handle, int count, bool exposes)
    {
        _client = client;
        _handle = handle;
        _made = new Decision?[count];
        _exposes = exposes;
    }

    /// <summary>
    /// Why there are no decisions: the platform's rules make none for this user, or there is no ruleset. Otherwise null.
    /// </summary>
    public FlagstayStatus? Error { get; }

    /// <summary>How many decisions there are.</summary>
    public int Count => _made.Length;

    /// <summary>The decision at a place in the order of the ruleset. No exposure is queued.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    /// <exception cref="ObjectDisposedException">It was not looked at before the decisions were disposed.</exception>
    public Decision this[int index]
    {
        get
        {
            if ((uint)index >= (uint)_made.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"There are {Count} decisions.");
            }
            return Volatile.Read(ref _made[index]) ?? Read(index);
        }
    }

    /// <summary>The decision for a flag that the user sees now.</summary>
    /// <exception cref="KeyNotFoundException">
    /// There is none; see <see cref="TryGet(string, FlagKind, out Decision?)"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The decisions have been disposed.</exception>
    public Decision this[string flag] => TryGet(flag, out Decision? decision)
        ? decision
        : throw new KeyNotFoundException(
            $"There is no decision for the flag `{flag}`{(Error is null ? "" : $" ({Error})")}.");

    /// <summary>The decision for a flag that the user sees now, if there is one.</summary>
    /// <exception cref="ObjectDisposedException">The decisions have been disposed.</exception>
    public bool TryGet(string flag, [NotNullWhen(true)] out Decision? decision) =>
        TryGet(flag, FlagKind.Any, out decision);

    /// <summary>The same for a flag of one kind, where flags of several kinds may share a name.</summary>
    /// <exception cref="ObjectDisposedException">The decisions have been disposed.</exception>
    public bool TryGet(string flag, FlagKind kind, [NotNullWhen(true)] out Decision? decision)
    {
        int index = IndexOf(flag, kind);
        decision = index < 0 ? null : this[index];
        if (decision is not null && _exposes)
        {
            Expose(index);
        }
        return decision is not null;
    }

    /// <summary>The decision for a flag, or null. No exposure is queued.</summary>
    /// <exception cref="ObjectDisposedException">The decisions have been disposed.</exception>
    public Decision? Peek(string flag, FlagKind kind = FlagKind.Any)
    {
        int index = IndexOf(flag, kind);
        return index < 0 ? null : this[index];
    }

    /// <summary>The decisions in the order of the ruleset. No exposure is queued.</summary>
    public IEnumerator<Decision> GetEnumerator()
    {
        for (int index = 0; index < _made.Length; index++)
        {
            yield return this[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Gives the library's memory back. Decisions that have been looked at stay as they are.</summary>
    public void Dispose() => _handle?.Dispose();

    private Decision Read(int index)
    {
        nint all = Enter();
        DecisionScratch scratch = DecisionScratch.Rent();
        try
        {
            nint error;
            int status = Native.flagstay_decisions_at(all, (nuint)index, scratch.Made, &error);
            Failure.Check(status, error);
            // Threads that read the same one at the same time agree on whose it is.
            var decision = new Decision(scratch.Made, null, scratch.Texts);
            return Interlocked.CompareExchange(ref _made[index], decision, null) ?? decision;
        }
        finally
        {
            scratch.Return();
            Leave();
        }
    }

    private int IndexOf(string flag, FlagKind kind)
    {
        Check.NotNull(flag, nameof(flag));
        if (_made.Length == 0)
        {
            return -1;
        }
        Dictionary<(string, FlagKind), int>? indices = Volatile.Read(ref _indices);
        if (indices is null)
        {
            if (kind == FlagKind.Any && Interlocked.Increment(ref _searches) <= MostSearches)
            {
                return Search(flag);
            }
            indices = Index();
            Volatile.Write(ref _indices, indices);
        }
        return indices.TryGetValue((flag, kind), out int index) ? index : -1;
    }

    [SkipLocalsInit]
    private int Search(string flag)
    {
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, flag.Length);
        Utf8 key = buffer.Add(flag, nameof(flag));
        nint all = Enter();
        try
        {
            nuint index;
            nint error;
            int status = Native.flagstay_decisions_find(all, key.Start, key.Length, &index, &error);
            if (status == 0)
            {
                return (int)index;
            }
            Failure.CheckEvaluation(status, error);
            return -1;
        }
        finally
        {
            Leave();
        }
    }

    // The first of several with the same name is the one that is found without a kind, as in a search.
    private Dictionary<(string, FlagKind), int> Index()
    {
        var indices = new Dictionary<(string, FlagKind), int>(Count);
        for (int index = Count - 1; index >= 0; index--)
        {
            Decision decision = this[index];
            indices[(decision.Flag, FlagKind.Any)] = index;
            indices[(decision.Flag, decision.Kind)] = index;
        }
        return indices;
    }

    private void Expose(int index)
    {
        nint all = Enter();
        try
        {
            nint error;
            int status = Native.flagstay_decisions_expose(all, _client!.Handle.Raw, (nuint)index, &error);
            GC.KeepAlive(_client);
            Failure.Check(status, error);
        }
        finally
        {
            Leave();
        }
    }

    // Not on the request's hot path: here the count that a SafeHandle keeps may guard against a Dispose.
    private nint Enter()
    {
        bool held = false;
        try
        {
            _handle!.DangerousAddRef(ref held);
        }
        catch (ObjectDisposedException)
        {
            throw new ObjectDisposedException(nameof(Decisions));
        }
        return _handle.Raw;
    }

    private void Leave() => _handle!.DangerousRelease();
}
