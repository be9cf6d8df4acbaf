using System;
using System.Runtime.CompilerServices;

namespace Flagstay.Interop;

// From a status and an error object to an exception.
internal static unsafe class Failure
{
    /// <summary>Throws unless the status is OK; frees the error object.</summary>
    internal static void Check(int status, nint error, Exception? cause = null)
    {
        if (status != (int)FlagstayStatus.Ok)
        {
            throw Make(status, error, cause);
        }
    }

    /// <summary>
    /// Throws where the call itself was wrong (1xx, 2xx). Every other status leaves the caller's default in place: an
    /// evaluation never fails a request.
    /// </summary>
    internal static void CheckEvaluation(int status, nint error)
    {
        if (status < (int)FlagstayStatus.FlagNotFound)
        {
            throw Make(status, error, null);
        }
        Native.flagstay_error_free(error);
    }

    /// <summary>The answer of a switch, which comes with its status in one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Answer(int answer)
    {
        if (answer > 1)
        {
            CheckEvaluation(answer >> 1, 0);
        }
        return (answer & 1) != 0;
    }

    /// <summary>
    /// As <see cref="CheckEvaluation"/>. Returns whether the library has answered all the same, if only with a default.
    /// </summary>
    internal static bool IsAnswered(int status, nint error)
    {
        CheckEvaluation(status, error);
        return status < (int)FlagstayStatus.NoStore;
    }

    /// <summary>The message of an error object, which is freed.</summary>
    internal static string? Message(nint error)
    {
        nuint length;
        byte* message = Native.flagstay_error_message(error, &length);
        string? text = Utf8.Read(message, length);
        Native.flagstay_error_free(error);
        return text;
    }

    internal static Exception Make(int status, nint error, Exception? cause)
    {
        string message = Message(error) ?? $"flagstay answered status {status}.";
        var kind = (FlagstayStatus)status;
        return kind switch
        {
            FlagstayStatus.InvalidConfiguration => new InvalidConfigurationException(message),
            FlagstayStatus.InvalidRuleset => new InvalidRulesetException(message),
            FlagstayStatus.InvalidUser => new InvalidUserException(message),
            FlagstayStatus.NoStore or FlagstayStatus.StoreFailed => new StoreException(kind, message, cause),
            FlagstayStatus.Closed => new ObjectDisposedException(nameof(FlagstayClient), message),
            _ => new FlagstayException(kind, message),
        };
    }
}
