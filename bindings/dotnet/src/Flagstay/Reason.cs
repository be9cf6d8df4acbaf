namespace Flagstay;

/// <summary>Why a decision is what it is.</summary>
public enum Reason
{
    /// <summary>There is no decision; <see cref="Decision.Error"/> says why, and the value is the caller's default.</summary>
    Error = 0,

    /// <summary>The flag is off, or the user was held out of everything that it offers.</summary>
    Off = 1,

    /// <summary>No rule matched, and the default applied.</summary>
    Fallthrough = 2,

    /// <summary>The user is one of the flag's individual targets.</summary>
    TargetMatch = 3,

    /// <summary>A rule matched; <see cref="Decision.RuleId"/> says which.</summary>
    RuleMatch = 4,

    /// <summary>Another flag that this one depends on stands in the way.</summary>
    PrerequisiteFailed = 5,

    /// <summary>A stored assignment answered.</summary>
    Sticky = 6,
}

/// <summary>The type of a decision's value.</summary>
public enum ValueKind
{
    /// <summary>There is no value: the ruleset has none, and the caller gave no default.</summary>
    None = 0,

    /// <summary>JSON's null.</summary>
    Null = 1,

    /// <summary>A boolean.</summary>
    Boolean = 2,

    /// <summary>A number.</summary>
    Number = 3,

    /// <summary>A text.</summary>
    Text = 4,

    /// <summary>A list.</summary>
    List = 5,

    /// <summary>An object.</summary>
    Object = 6,
}
