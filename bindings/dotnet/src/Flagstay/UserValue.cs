using System.Text.Json;

namespace Flagstay;

/// <summary>
/// A value that a user has under a name. Texts, numbers, booleans, null and JSON convert to it by themselves.
/// </summary>
/// <remarks>
/// A whole number that fits a <see cref="long"/> is kept exactly; a larger one is exact as <see cref="JsonElement"/>.
/// </remarks>
public readonly struct UserValue
{
    internal enum Kinds : byte
    {
        Null,
        Text,
        Number,
        Integer,
        Boolean,
        Json,
    }

    private UserValue(Kinds kind, string? text = null, double number = 0, long integer = 0)
    {
        Kind = kind;
        Text = text;
        Number = number;
        Integer = integer;
    }

    internal Kinds Kind { get; }

    /// <summary>The text, or the JSON text.</summary>
    internal string? Text { get; }

    internal double Number { get; }

    /// <summary>The whole number; 1 and 0 for booleans.</summary>
    internal long Integer { get; }

    /// <summary>A text, or null.</summary>
    public static implicit operator UserValue(string? value) =>
        value is null ? default : new UserValue(Kinds.Text, text: value);

    /// <summary>A number. There are no infinities and no NaN in JSON: setting one is an error.</summary>
    public static implicit operator UserValue(double value) => new(Kinds.Number, number: value);

    /// <summary>A whole number.</summary>
    public static implicit operator UserValue(long value) => new(Kinds.Integer, integer: value);

    /// <summary>A whole number.</summary>
    public static implicit operator UserValue(int value) => new(Kinds.Integer, integer: value);

    /// <summary>A boolean.</summary>
    public static implicit operator UserValue(bool value) => new(Kinds.Boolean, integer: value ? 1 : 0);

    /// <summary>Any JSON value.</summary>
    public static implicit operator UserValue(JsonElement value) =>
        value.ValueKind == JsonValueKind.Undefined ? default : new UserValue(Kinds.Json, text: value.GetRawText());
}
