using System;

namespace Flagstay;

/// <summary>Something outside a decision went wrong. The message names the place: JSON path, flag or option.</summary>
/// <remarks>A decision that cannot be made is no exception: it answers the caller's default and says why.</remarks>
public class FlagstayException : Exception
{
    /// <summary>Makes an exception.</summary>
    public FlagstayException(FlagstayStatus status, string message, Exception? cause = null)
        : base(message, cause) => Status = status;

    /// <summary>What kind of thing went wrong.</summary>
    public FlagstayStatus Status { get; }
}

/// <summary>The options that a client was to be made from do not make sense.</summary>
public sealed class InvalidConfigurationException : FlagstayException
{
    /// <summary>Makes an exception.</summary>
    public InvalidConfigurationException(string message)
        : base(FlagstayStatus.InvalidConfiguration, message)
    {
    }
}

/// <summary>A ruleset was refused. The one before it, if any, stays.</summary>
public sealed class InvalidRulesetException : FlagstayException
{
    /// <summary>Makes an exception.</summary>
    public InvalidRulesetException(string message)
        : base(FlagstayStatus.InvalidRuleset, message)
    {
    }
}

/// <summary>A document does not have the shape of a user.</summary>
public sealed class InvalidUserException : FlagstayException
{
    /// <summary>Makes an exception.</summary>
    public InvalidUserException(string message)
        : base(FlagstayStatus.InvalidUser, message)
    {
    }
}

/// <summary>
/// The store failed, or there is none. <see cref="Exception.InnerException"/> is what an
/// <see cref="IAssignmentStore"/> threw, if it did.
/// </summary>
public sealed class StoreException : FlagstayException
{
    /// <summary>Makes an exception.</summary>
    public StoreException(FlagstayStatus status, string message, Exception? cause = null)
        : base(status, message, cause)
    {
    }
}
