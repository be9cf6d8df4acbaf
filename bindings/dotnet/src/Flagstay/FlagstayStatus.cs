namespace Flagstay;

/// <summary>The outcome of a call into the library, numbered as in <c>flagstay.h</c>.</summary>
public enum FlagstayStatus
{
    /// <summary>The call did what it says.</summary>
    Ok = 0,

    /// <summary>An argument makes no sense.</summary>
    InvalidArgument = 100,

    /// <summary>A text is not UTF-8.</summary>
    InvalidUtf8 = 101,

    /// <summary>A text is not JSON.</summary>
    InvalidJson = 200,

    /// <summary>The configuration has an unknown, missing or ill-typed option.</summary>
    InvalidConfiguration = 201,

    /// <summary>The ruleset was refused as a whole. The one before it stays.</summary>
    InvalidRuleset = 202,

    /// <summary>The user document does not have the shape of a user.</summary>
    InvalidUser = 203,

    /// <summary>The caller's default was answered: the ruleset has no such flag.</summary>
    FlagNotFound = 300,

    /// <summary>The caller's default was answered: there is no ruleset yet, or the client has been closed.</summary>
    ProviderNotReady = 301,

    /// <summary>The caller's default was answered: the user has no usable key.</summary>
    TargetingKeyMissing = 302,

    /// <summary>The caller's default was answered: the flag's value has another type.</summary>
    TypeMismatch = 303,

    /// <summary>The caller's default was answered: something could not be parsed.</summary>
    ParseError = 304,

    /// <summary>The caller's default was answered: the platform's rules refuse this user.</summary>
    InvalidContext = 305,

    /// <summary>The caller's default was answered: the evaluation failed.</summary>
    General = 306,

    /// <summary>The call needs a store, and the client has none.</summary>
    NoStore = 400,

    /// <summary>The store failed or returned garbage.</summary>
    StoreFailed = 401,

    /// <summary>The client has been closed.</summary>
    Closed = 500,

    /// <summary>A deadline passed.</summary>
    Timeout = 501,

    /// <summary>A bug in flagstay was caught. The process is unharmed.</summary>
    Internal = 900,
}
