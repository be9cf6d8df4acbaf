using System;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Flagstay.Interop;

namespace Flagstay;

// Members of a value that is an object, as the variables of a flag are on some platforms.
public sealed unsafe partial class Decision
{
    // Up to here every whole number is one that a double can be.
    private const double MostWhole = 9007199254740992;

    /// <summary>
    /// Reads one member of a value that is an object. <paramref name="fallback"/> stands where the value is no object,
    /// where it has no such member, and where the member is null or of another type; that is no error.
    /// </summary>
    /// <param name="name">The member's name, compared exactly.</param>
    /// <param name="fallback">The caller's default.</param>
    public bool Variable(string name, bool fallback) => Member(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => fallback,
    };

    /// <summary>As for a boolean, with a text. A number does not become one.</summary>
    /// <param name="name">The member's name, compared exactly.</param>
    /// <param name="fallback">The caller's default.</param>
    public string Variable(string name, string fallback)
    {
        JsonElement member = Member(name);
        return member.ValueKind == JsonValueKind.String ? member.GetString()! : fallback;
    }

    /// <summary>As for a boolean, with a number, whole or not.</summary>
    /// <param name="name">The member's name, compared exactly.</param>
    /// <param name="fallback">The caller's default.</param>
    public double Variable(string name, double fallback)
    {
        JsonElement member = Member(name);
        return member.ValueKind == JsonValueKind.Number && member.TryGetDouble(out double number) ? number : fallback;
    }

    /// <summary>As for a boolean, with a whole number, however it is written: 3.0 is one, 3.5 is not.</summary>
    /// <param name="name">The member's name, compared exactly.</param>
    /// <param name="fallback">The caller's default.</param>
    public long Variable(string name, long fallback)
    {
        JsonElement member = Member(name);
        if (member.ValueKind != JsonValueKind.Number)
        {
            return fallback;
        }
        return member.TryGetInt64(out long number) ? number : Whole(member) ?? fallback;
    }

    /// <inheritdoc cref="Variable(string, long)"/>
    public int Variable(string name, int fallback) =>
        Variable(name, (long)fallback) is >= int.MinValue and <= int.MaxValue and var number ? (int)number : fallback;

    /// <summary>
    /// As for a boolean, with whatever reads as a <typeparamref name="T"/>: an object, a list. A whole number reads as
    /// an integer however it is written.
    /// </summary>
    /// <param name="name">The member's name, compared exactly.</param>
    /// <param name="fallback">The caller's default.</param>
    /// <param name="type">How to read it, from a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</param>
    public T Variable<T>(string name, T fallback, JsonTypeInfo<T> type)
    {
        Check.NotNull(type, nameof(type));
        JsonElement member = Member(name);
        if (member.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return fallback;
        }
        try
        {
            return member.Deserialize(type) ?? fallback;
        }
        catch (JsonException)
        {
            return member.ValueKind == JsonValueKind.Number && Whole(member) is long whole
                ? OfWhole(whole, fallback, type)
                : fallback;
        }
    }

    /// <summary>As the other overload, reading <typeparamref name="T"/> by reflection.</summary>
    /// <param name="name">The member's name, compared exactly.</param>
    /// <param name="fallback">The caller's default.</param>
    /// <param name="options">How to read it.</param>
#if NET
    [RequiresUnreferencedCode("Reads T by reflection. Pass a JsonTypeInfo<T> in trimmed programs.")]
    [RequiresDynamicCode("Reads T by reflection. Pass a JsonTypeInfo<T> in programs compiled ahead of time.")]
#endif
    public T Variable<T>(string name, T fallback, JsonSerializerOptions? options = null)
    {
        options ??= JsonSerializerOptions.Default;
        options.MakeReadOnly(populateMissingResolver: true);
        return Variable(name, fallback, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)));
    }

    private JsonElement Member(string name)
    {
        Check.NotNull(name, nameof(name));
        return ValueKind == ValueKind.Object && Value.TryGetProperty(name, out JsonElement member) ? member : default;
    }

    // A whole number that is written with a point or an exponent, which System.Text.Json does not read as an integer.
    private static long? Whole(JsonElement number) =>
        number.TryGetDouble(out double value) && Math.Truncate(value) == value && Math.Abs(value) <= MostWhole
            ? (long)value
            : null;

    private static T OfWhole<T>(long whole, T fallback, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(whole.ToString(System.Globalization.CultureInfo.InvariantCulture), type)
                ?? fallback;
        }
        catch (JsonException)
        {
            return fallback;
        }
    }
}
