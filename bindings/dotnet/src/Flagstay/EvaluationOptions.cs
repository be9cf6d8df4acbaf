using System.Text.Json;

namespace Flagstay;

/// <summary>What an evaluation may say beyond flag and user.</summary>
public sealed class EvaluationOptions
{
    /// <summary>
    /// Somebody only looks: stored assignments answer, nothing is queued, and nothing is stored but where the platform's
    /// own contract says so all the same. Otherwise the user sees the variation: a new assignment is stored, and an
    /// exposure is queued if the client collects them.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>The caller's default, answered when there is no decision.</summary>
    public JsonElement Default { get; set; }

    /// <summary>Which kind of flag is meant, where names can collide (Statsig).</summary>
    public FlagKind Kind { get; set; }

    /// <summary>
    /// What was loaded by <see cref="FlagstayClient.LoadAssignments"/> before, or put together (Statsig). Null: none are
    /// passed, which on that platform ends the stored assignment.
    /// </summary>
    public Assignments? Assignments { get; set; }

    /// <summary>
    /// Users for whom the targeting rules decide otherwise today do not keep their stored assignment (Statsig).
    /// </summary>
    public bool EnforceTargeting { get; set; }

    /// <summary>Users whom an override rule matches today do not keep their stored assignment (Statsig).</summary>
    public bool EnforceOverrides { get; set; }

    /// <summary>
    /// Gather the platform's further facts for <see cref="Decision.Details"/>. That costs time and memory.
    /// </summary>
    public bool Details { get; set; }
}
