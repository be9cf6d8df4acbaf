using System.Text.Json;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>One decision: the answer, and how it came about. It never changes, and may be kept and shared.</summary>
public sealed unsafe partial class Decision
{
    // A JsonElement, in one piece for threads that race to parse it.
    private object? _value;
    // A string until it is asked for first, then a JsonElement.
    private object? _details;
    private readonly double _number;
    private readonly ushort _error;
    private readonly byte _reason;
    private readonly byte _valueKind;
    private readonly byte _kind;

    /// <summary>A decision as the library made it.</summary>
    internal Decision(Native.DecisionStruct* made, string? flag, TextCache texts)
    {
        Flag = flag ?? texts.Read(made->Flag, made->FlagLength) ?? "";
        Found = made->Found != 0;
        Enabled = made->Enabled != 0;
        Sticky = made->Sticky != 0;
        _reason = (byte)made->Reason;
        _error = (ushort)made->Error;
        _kind = (byte)made->Kind;
        _valueKind = (byte)made->ValueType;
        _number = ValueKind == ValueKind.Boolean ? made->ValueBoolean : made->ValueNumber;
        Text = texts.Read(made->ValueText, made->ValueTextLength);
        Json = texts.Read(made->ValueJson, made->ValueJsonLength);
        Variation = texts.Read(made->Variation, made->VariationLength);
        VariationId = texts.Read(made->VariationId, made->VariationIdLength);
        RuleId = texts.Read(made->RuleId, made->RuleIdLength);
        Message = texts.Read(made->Message, made->MessageLength);
        StoreError = texts.Read(made->StoreError, made->StoreErrorLength);
        _details = Utf8.Read(made->DetailsJson, made->DetailsJsonLength);
    }

    /// <summary>A decision that could not be made because the library itself failed.</summary>
    internal Decision(string flag, FlagstayStatus error, string? message, JsonElement fallback)
    {
        Flag = flag;
        _reason = (byte)Reason.Error;
        _error = (ushort)error;
        Message = message;
        Json = JsonText.Of(fallback);
        _valueKind = (byte)(fallback.ValueKind switch
        {
            JsonValueKind.Undefined => ValueKind.None,
            JsonValueKind.Null => ValueKind.Null,
            JsonValueKind.True or JsonValueKind.False => ValueKind.Boolean,
            JsonValueKind.Number => ValueKind.Number,
            JsonValueKind.String => ValueKind.Text,
            JsonValueKind.Array => ValueKind.List,
            _ => ValueKind.Object,
        });
        _number = ValueKind switch
        {
            ValueKind.Boolean => fallback.GetBoolean() ? 1 : 0,
            ValueKind.Number => fallback.GetDouble(),
            _ => 0,
        };
        Text = ValueKind == ValueKind.Text ? fallback.GetString() : null;
    }

    /// <summary>The flag's key.</summary>
    public string Flag { get; }

    /// <summary>What the flag is, on a platform where flags of several kinds may share a name.</summary>
    public FlagKind Kind => (FlagKind)_kind;

    /// <summary>The ruleset has the flag.</summary>
    public bool Found { get; }

    /// <summary>The flag read as a switch is on: gate passed, feature on, user part of the campaign.</summary>
    public bool Enabled { get; }

    /// <summary>The answer came from a stored assignment.</summary>
    public bool Sticky { get; }

    /// <summary>Why the decision is what it is.</summary>
    public Reason Reason => (Reason)_reason;

    /// <summary>Why the caller's default was answered: a status 3xx, or null where there is a decision.</summary>
    public FlagstayStatus? Error => _error == 0 ? null : (FlagstayStatus)_error;

    /// <summary>The type of the value.</summary>
    public ValueKind ValueKind => (ValueKind)_valueKind;

    /// <summary>The value where it is a boolean.</summary>
    public bool? Boolean => ValueKind == ValueKind.Boolean ? _number != 0 : null;

    /// <summary>The value where it is a number. A whole number beyond 2^53 is exact in <see cref="Json"/> only.</summary>
    public double? Number => ValueKind == ValueKind.Number ? _number : null;

    /// <summary>The value where it is a text.</summary>
    public string? Text { get; }

    /// <summary>The value, whatever it is, as JSON text; null where there is none.</summary>
    public string? Json { get; }

    /// <summary>
    /// The value, whatever it is. Its kind is <see cref="JsonValueKind.Undefined"/> where there is none. It is parsed
    /// when it is asked for first.
    /// </summary>
    public JsonElement Value => Json is null ? default : (JsonElement)(_value ??= JsonText.Parse(Json));

    /// <summary>The variation's name.</summary>
    public string? Variation { get; }

    /// <summary>The platform's id of the variation.</summary>
    public string? VariationId { get; }

    /// <summary>The id of the rule that answered.</summary>
    public string? RuleId { get; }

    /// <summary>A sentence about <see cref="Error"/>.</summary>
    public string? Message { get; }

    /// <summary>What went wrong with the store on the way. The decision stands all the same.</summary>
    public string? StoreError { get; }

    /// <summary>
    /// The platform's further facts, an object, where <see cref="EvaluationOptions.Details"/> asked for them; otherwise its
    /// kind is <see cref="JsonValueKind.Undefined"/>. What is in it is on the dialect's reference page.
    /// </summary>
    public JsonElement Details
    {
        get
        {
            object? details = _details;
            if (details is string json)
            {
                _details = details = JsonText.Parse(json);
            }
            return details is null ? default : (JsonElement)details;
        }
    }

    /// <summary>The decision in one line, for logs.</summary>
    public override string ToString() =>
        $"{Flag} = {Json ?? "nothing"} ({Reason}{(Error is null ? "" : $", {Error}: {Message}")})";
}
