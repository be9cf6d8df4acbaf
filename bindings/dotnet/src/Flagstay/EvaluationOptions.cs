using System.Text.Json;

namespace Flagstay;

/// <summary>What an evaluation may say beyond flag and user.</summary>
public sealed class EvaluationOptions
{
    /// <summary>
    /// Somebody only looks: stored assignments answer, nothing is stored, nothing is queued. Otherwise the user sees the
    /// variation: a new assignment is stored, and an exposure is queued if the client collects them.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>The caller's default, answered when there is no decision.</summary>
    public JsonElement Default { get; set; }
}
