using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Flagstay.Interop;

namespace Flagstay;

// One foreign call each.
public sealed unsafe partial class FlagstayClient
{
    // About what the library keeps of one decision among many.
    private const long DecisionWeight = 512;

    // Where there is no decision a typed call answers what the library does: the fallback or, before it, the default that
    // the dialect's options have for the flag.

    /// <summary>
    /// Decides a number; <paramref name="fallback"/> where there is no decision or the value is no number. Whole numbers
    /// beyond 2^53 are rounded; <see cref="Decision.Json"/> has them exactly.
    /// </summary>
    [SkipLocalsInit]
    public double Number(string flag, User? user, double fallback)
    {
        Check.NotNull(flag, nameof(flag));
        if (!Utf8Buffer.Fits(flag))
        {
            using var buffer = new Utf8Buffer(null, flag.Length);
            return DecideNumber(buffer.Add(flag, nameof(flag)), user, fallback);
        }
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        int length = Utf8Buffer.EncodeShort(flag, stack, nameof(flag));
        return DecideNumber(new Utf8(stack, (nuint)length), user, fallback);
    }

    /// <summary>Decides a text; <paramref name="fallback"/> where there is no decision or the value is no text.</summary>
    [SkipLocalsInit]
    public string Text(string flag, User? user, string fallback)
    {
        Check.NotNull(flag, nameof(flag));
        Check.NotNull(fallback, nameof(fallback));
        if (!Utf8Buffer.Fits(flag, fallback))
        {
            using var buffer = new Utf8Buffer(null, (long)flag.Length + fallback.Length);
            Utf8 key = buffer.Add(flag, nameof(flag));
            return DecideText(key, user, buffer.Add(fallback, nameof(fallback)), fallback);
        }
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        int length = Utf8Buffer.EncodeShort(flag, stack, nameof(flag));
        int rest = Utf8Buffer.EncodeShort(fallback, stack + length, nameof(fallback));
        return DecideText(new Utf8(stack, (nuint)length), user, new Utf8(stack + length, (nuint)rest), fallback);
    }

    /// <summary>
    /// Decides any JSON value; <paramref name="fallback"/> where there is no decision or the value has another type than
    /// it. A fallback of null, or none at all, accepts every type.
    /// </summary>
    [SkipLocalsInit]
    public JsonElement Json(string flag, User? user, JsonElement fallback = default)
    {
        Check.NotNull(flag, nameof(flag));
        string json = JsonText.Of(fallback) ?? "null";
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)flag.Length + json.Length);
        Utf8 key = buffer.Add(flag, nameof(flag));
        Utf8 other = buffer.Add(json, nameof(fallback));
        nint who = user is null ? 0 : user.Enter();
        DecisionScratch scratch = DecisionScratch.Rent();
        nint error;
        int status = Native.flagstay_json(
            _handle.Raw, who, key.Start, key.Length, other.Start, other.Length, scratch.Made, &error);
        Left(user);
        try
        {
            if (status != 0 && !Failure.IsAnswered(status, error))
            {
                return fallback;
            }
            string? value = Utf8.Read(scratch.Made->ValueJson, scratch.Made->ValueJsonLength);
            return value is null || value == json ? fallback : JsonText.Parse(value);
        }
        finally
        {
            scratch.Return();
        }
    }

    /// <summary>
    /// Decides a value and reads it as a <typeparamref name="T"/>; <paramref name="fallback"/> where there is no
    /// decision, or the value is null or does not read as one.
    /// </summary>
    /// <param name="flag">The flag's key.</param>
    /// <param name="user">Who the decision is for.</param>
    /// <param name="fallback">The caller's default.</param>
    /// <param name="type">How to read it, from a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    public T Value<T>(string flag, User? user, T fallback, JsonTypeInfo<T> type)
    {
        Check.NotNull(type, nameof(type));
        JsonElement other = JsonSerializer.SerializeToElement(fallback, type);
        Decision decision = Evaluate(flag, user, new EvaluationOptions { Default = other });
        // A dialect's options may have defaults of their own, which go before the caller's.
        if (decision.Json is null || (decision.Error is not null && decision.Json == other.GetRawText()))
        {
            return fallback;
        }
        try
        {
            return JsonSerializer.Deserialize(decision.Json, type) ?? fallback;
        }
        catch (JsonException)
        {
            return fallback;
        }
    }

    /// <summary>As the other overload, reading <typeparamref name="T"/> by reflection.</summary>
#if NET
    [RequiresUnreferencedCode("Reads T by reflection. Pass a JsonTypeInfo<T> in trimmed programs.")]
    [RequiresDynamicCode("Reads T by reflection. Pass a JsonTypeInfo<T> in programs compiled ahead of time.")]
#endif
    public T Value<T>(string flag, User? user, T fallback, JsonSerializerOptions? options = null)
    {
        options ??= JsonSerializerOptions.Default;
        // What every use of the options does; without it new ones do not know how to read anything.
        options.MakeReadOnly(populateMissingResolver: true);
        return Value(flag, user, fallback, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)));
    }

    /// <summary>Decides, and tells everything about it.</summary>
    [SkipLocalsInit]
    public Decision Evaluate(string flag, User? user)
    {
        Check.NotNull(flag, nameof(flag));
        if (!Utf8Buffer.Fits(flag))
        {
            using var buffer = new Utf8Buffer(null, flag.Length);
            return Decide(buffer.Add(flag, nameof(flag)), flag, user, null, null);
        }
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        int length = Utf8Buffer.EncodeShort(flag, stack, nameof(flag));
        return Decide(new Utf8(stack, (nuint)length), flag, user, null, null);
    }

    /// <summary>Decides, and tells everything about it. What is asked besides is in the options.</summary>
    /// <exception cref="ObjectDisposedException">The options have assignments that have been disposed.</exception>
    [SkipLocalsInit]
    public Decision Evaluate(string flag, User? user, EvaluationOptions? options)
    {
        if (options is null)
        {
            return Evaluate(flag, user);
        }
        Check.NotNull(flag, nameof(flag));
        using var asked = new GivenOptions(options);
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)flag.Length + asked.DefaultLength);
        Utf8 key = buffer.Add(flag, nameof(flag));
        Native.OptionsStruct given = asked.With(asked.Default is null ? default : buffer.Add(asked.Default, nameof(options)));
        return Decide(key, flag, user, &given, options);
    }

    /// <summary>
    /// Decides every flag for a user. Nothing is exposed by this call: that is done for each decision that is taken by its
    /// key. The default and the kind that <paramref name="options"/> name are not used.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The options have assignments that have been disposed.</exception>
    public Decisions EvaluateAll(User? user, EvaluationOptions? options = null)
    {
        if (options is null)
        {
            return DecideAll(user, null);
        }
        using var asked = new GivenOptions(options);
        Native.OptionsStruct given = asked.With(default);
        return DecideAll(user, &given);
    }

    /// <summary>
    /// Says why a decision is what it is: <c>flag</c>, <c>decision</c> and <c>steps</c>, each of which may have steps of
    /// its own. Stored assignments are read; nothing is stored or queued. For people and logs, not for requests.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The options have assignments that have been disposed.</exception>
    [SkipLocalsInit]
    public JsonElement Explain(string flag, User? user, EvaluationOptions? options = null)
    {
        Check.NotNull(flag, nameof(flag));
        using var asked = new GivenOptions(options ?? new EvaluationOptions());
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)flag.Length + asked.DefaultLength);
        Utf8 key = buffer.Add(flag, nameof(flag));
        Native.OptionsStruct given = asked.With(asked.Default is null ? default : buffer.Add(asked.Default, nameof(options)));
        nint who = user is null ? 0 : user.Enter();
        nint explanation, error;
        int status = Native.flagstay_explain(_handle.Raw, who, key.Start, key.Length, &given, &explanation, &error);
        Left(user);
        Failure.Check(status, error);
        return JsonText.Parse(NativeText.Take(explanation)!);
    }

    private Decision Decide(Utf8 key, string flag, User? user, Native.OptionsStruct* given, EvaluationOptions? options)
    {
        nint who = user is null ? 0 : user.Enter();
        DecisionScratch scratch = DecisionScratch.Rent();
        nint error;
        int status = Native.flagstay_evaluate(_handle.Raw, who, key.Start, key.Length, given, scratch.Made, &error);
        Left(user);
        try
        {
            return status == 0
                ? new Decision(scratch.Made, flag, scratch.Texts)
                : Undecided(flag, status, error, options);
        }
        finally
        {
            scratch.Return();
        }
    }

    private Decisions DecideAll(User? user, Native.OptionsStruct* given)
    {
        var handle = new DecisionsHandle();
        nint who = user is null ? 0 : user.Enter();
        nint decisions, error;
        int status = Native.flagstay_evaluate_all(_handle.Raw, who, given, &decisions, &error);
        Left(user);
        if (status != 0)
        {
            Failure.CheckEvaluation(status, error);
            return new Decisions((FlagstayStatus)status);
        }
        int count = checked((int)Native.flagstay_decisions_count(decisions));
        handle.Own(decisions, DecisionWeight * (1 + (long)count));
        return new Decisions(this, handle, count, exposes: given is null || given->Mode == Native.ModeExpose);
    }

    private double DecideNumber(Utf8 flag, User? user, double fallback)
    {
        nint who = user is null ? 0 : user.Enter();
        double value;
        nint error;
        int status = Native.flagstay_number(_handle.Raw, who, flag.Start, flag.Length, fallback, &value, &error);
        Left(user);
        if (status != 0)
        {
            Failure.CheckEvaluation(status, error);
        }
        return value;
    }

    private string DecideText(Utf8 flag, User? user, Utf8 other, string fallback)
    {
        nint who = user is null ? 0 : user.Enter();
        DecisionScratch scratch = DecisionScratch.Rent();
        nint error;
        int status = Native.flagstay_text(
            _handle.Raw, who, flag.Start, flag.Length, other.Start, other.Length, scratch.Made, &error);
        Left(user);
        try
        {
            if (status != 0 && !Failure.IsAnswered(status, error))
            {
                return fallback;
            }
            return scratch.Texts.Read(scratch.Made->ValueText, scratch.Made->ValueTextLength) ?? fallback;
        }
        finally
        {
            scratch.Return();
        }
    }

    // The call is over: until here neither the client nor the user may be collected.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Left(User? user)
    {
        user?.Leave();
        GC.KeepAlive(user);
        GC.KeepAlive(this);
    }

    private static Decision Undecided(string flag, int status, nint error, EvaluationOptions? options)
    {
        if (status < (int)FlagstayStatus.FlagNotFound)
        {
            throw Failure.Make(status, error, null);
        }
        return new Decision(flag, (FlagstayStatus)status, Failure.Message(error), options?.Default ?? default);
    }
}
