using System.Collections.Generic;

namespace Flagstay;

/// <summary>
/// Where assignments are kept: JSON records under (unit, flag). Implement it over what the application already runs.
/// </summary>
/// <remarks>
/// <para>Threads: called on the thread that is inside a call of the client, from several such threads at once, with no
/// lock held. An implementation may itself call the client.</para>
/// <para>An exception never leaves a decision: the rules answer, and the exception is told by
/// <see cref="Decision.StoreError"/>, <see cref="FlagstayClient.LastStoreException"/> and the client's status.</para>
/// <para>The client holds the store until it is closed. A store that refers to its client keeps both alive until
/// then.</para>
/// </remarks>
public interface IAssignmentStore
{
    /// <summary>Returns the record of (unit, flag), or null if there is none.</summary>
    string? Get(string unit, string flag);

    /// <summary>Stores the record of (unit, flag), replacing what is there.</summary>
    void Set(string unit, string flag, string record);

    /// <summary>Removes the record of (unit, flag). That there is none is no failure.</summary>
    void Remove(string unit, string flag);
}

/// <summary>
/// A store that can list what it holds for a unit. Without it <see cref="FlagstayClient.Forget"/> asks for every flag
/// of the ruleset, and cannot find records of flags that are gone.
/// </summary>
public interface ILoadingStore : IAssignmentStore
{
    /// <summary>Returns all records of a unit by flag.</summary>
    IReadOnlyDictionary<string, string> Load(string unit);
}

/// <summary>
/// A store in which the first writer wins. Without it two processes that meet a new user at the same instant may answer
/// differently once.
/// </summary>
public interface IFirstWriterStore : IAssignmentStore
{
    /// <summary>
    /// Stores the record of (unit, flag) if there is none, in one atomic step, and returns the record that stands
    /// afterwards: this one, or the one that was there first.
    /// </summary>
    string SetIfAbsent(string unit, string flag, string record);
}
