using System;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstay.Interop;

namespace Flagstay;

// What the application adds to the ruleset: answers of its own for single flags, and the country of an address.
public sealed unsafe partial class FlagstayClient
{
    private readonly CountryTable.Log _countryLog = new();

    /// <summary>The exception that a country resolver threw last, on whichever thread.</summary>
    public Exception? LastCountryException => _countryLog.LastException;

    /// <summary>
    /// Sets what a flag answers, in place of the ruleset, from the next evaluation on. The flag need not be in the
    /// ruleset. Setting anew replaces. Overrides live as long as the client and are no part of a store.
    /// </summary>
    /// <param name="kind">Which kind of flag it is; not <see cref="FlagKind.Any"/>.</param>
    /// <param name="flag">The flag's key.</param>
    /// <param name="value">A boolean for a gate, an object for everything else.</param>
    /// <param name="id">
    /// Only for users who have that id, their key or any other. Null: for everybody who has no answer of their own.
    /// </param>
    /// <exception cref="FlagstayException">The dialect knows no overrides, or the value is not of the kind's type.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    public void Override(FlagKind kind, string flag, JsonNode value, string? id = null)
    {
        Check.NotNull(value, nameof(value));
        JsonText.RequireText(value, nameof(value));
        SetOverride(kind, flag, value.ToJsonString(), id);
    }

    /// <inheritdoc cref="Override(FlagKind, string, JsonNode, string?)"/>
    public void Override(FlagKind kind, string flag, JsonElement value, string? id = null) =>
        SetOverride(kind, flag, JsonText.Of(value) ?? throw new ArgumentException("There is no value.", nameof(value)), id);

    /// <summary>
    /// Sets that an experiment answers what one of its groups gets, as <see cref="Override(FlagKind, string, JsonNode,
    /// string?)"/> does a value. A group that the ruleset does not have answers an empty object.
    /// </summary>
    /// <param name="experiment">The experiment's name.</param>
    /// <param name="group">The group's name.</param>
    /// <param name="id">As for a value.</param>
    /// <exception cref="FlagstayException">The dialect knows no overrides.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public void OverrideGroup(string experiment, string group, string? id = null)
    {
        Check.NotNull(experiment, nameof(experiment));
        Check.NotNull(group, nameof(group));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)experiment.Length + group.Length + (id?.Length ?? 0));
        Utf8 key = buffer.Add(experiment, nameof(experiment));
        Utf8 wanted = buffer.Add(group, nameof(group));
        Utf8 who = id is null ? default : buffer.Add(id, nameof(id));
        nint error;
        int status = Native.flagstay_override_set_group(
            _handle.Raw, key.Start, key.Length, who.Start, who.Length, wanted.Start, wanted.Length, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
    }

    /// <summary>Removes the override of a flag for an id or, without one, all overrides of the flag.</summary>
    /// <exception cref="FlagstayException">The dialect knows no overrides.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public void RemoveOverride(FlagKind kind, string flag, string? id = null)
    {
        Check.NotNull(flag, nameof(flag));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)flag.Length + (id?.Length ?? 0));
        Utf8 key = buffer.Add(flag, nameof(flag));
        Utf8 who = id is null ? default : buffer.Add(id, nameof(id));
        nint error;
        int status = Native.flagstay_override_remove(
            _handle.Raw, (int)kind, key.Start, key.Length, who.Start, who.Length, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
    }

    /// <summary>Removes all overrides.</summary>
    /// <exception cref="FlagstayException">The dialect knows no overrides.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    public void ClearOverrides()
    {
        nint error;
        int status = Native.flagstay_override_clear(_handle.Raw, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
    }

    /// <summary>
    /// Sets who knows the country of an IP address, from the next evaluation on; null: nobody any more. See
    /// <see cref="FlagstayOptions.CountryResolver"/>.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    public void SetCountryResolver(Func<string, string?>? resolver)
    {
        Native.CountriesStruct table = resolver is null ? default : new CountryTable(resolver, _countryLog).Open();
        nint error;
        int status = Native.flagstay_client_set_countries(_handle.Raw, resolver is null ? null : &table, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
    }

    [SkipLocalsInit]
    private void SetOverride(FlagKind kind, string flag, string json, string? id)
    {
        Check.NotNull(flag, nameof(flag));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)flag.Length + json.Length + (id?.Length ?? 0));
        Utf8 key = buffer.Add(flag, nameof(flag));
        Utf8 value = buffer.Add(json, nameof(value));
        Utf8 who = id is null ? default : buffer.Add(id, nameof(id));
        nint error;
        int status = Native.flagstay_override_set(
            _handle.Raw, (int)kind, key.Start, key.Length, who.Start, who.Length, value.Start, value.Length, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
    }
}
