using System.Text.Json;

namespace Flagstay.Interop;

// The options of one call: what they hold is held until the call is over.
internal readonly unsafe ref struct GivenOptions
{
    private readonly Assignments? _assignments;
    private readonly nint _held;
    private readonly EvaluationOptions _options;

    /// <summary>The caller's default as JSON text; null for none.</summary>
    internal readonly string? Default;

    /// <exception cref="System.ObjectDisposedException">The assignments have been disposed.</exception>
    internal GivenOptions(EvaluationOptions options)
    {
        _options = options;
        Default = JsonText.Of(options.Default);
        _assignments = options.Assignments;
        _held = _assignments is null ? 0 : _assignments.Enter();
    }

    internal int DefaultLength => Default?.Length ?? 0;

    /// <summary>As the library takes them, with the default in UTF-8.</summary>
    internal Native.OptionsStruct With(Utf8 fallback) => new()
    {
        Size = (nuint)sizeof(Native.OptionsStruct),
        Mode = _options.ReadOnly ? Native.ModeRead : Native.ModeExpose,
        DefaultJson = fallback.Start,
        DefaultJsonLength = fallback.Length,
        Kind = (int)_options.Kind,
        EnforceTargeting = _options.EnforceTargeting ? (byte)1 : (byte)0,
        EnforceOverrides = _options.EnforceOverrides ? (byte)1 : (byte)0,
        Details = _options.Details ? (byte)1 : (byte)0,
        Assignments = _held,
    };

    internal void Dispose() => _assignments?.Leave();
}
