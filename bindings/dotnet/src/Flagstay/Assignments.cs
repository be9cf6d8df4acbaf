using System;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>
/// What a store held for a user when it was asked, to be passed to any number of evaluations by
/// <see cref="EvaluationOptions.Assignments"/>: one call of the store, then no more reads.
/// </summary>
/// <remarks>
/// <para>Only Statsig's contract takes assignments from the caller; the other platforms read the store themselves. Three
/// cases differ there: no assignments are passed (the stored one is removed), assignments without the flag (the user is
/// enrolled), assignments with the flag (they answer).</para>
/// <para>Threads: any. Later evaluations do not change it. Disposing gives its memory back at once, or when the last call
/// that is using it is over; without that the garbage collector does.</para>
/// </remarks>
public sealed unsafe class Assignments : IDisposable
{
    // About what a unit with a few records takes in the library, where its size is not known.
    private const int Weight = 2048;

    private readonly AssignmentsHandle _handle = new();

    /// <summary>Makes assignments from a JSON object: flag to record, each as the platform writes it.</summary>
    /// <remarks>
    /// A record that is not as the platform writes them counts for its flag alone, as if no assignments were passed.
    /// </remarks>
    /// <exception cref="FlagstayException">The text is no JSON object.</exception>
    /// <exception cref="DllNotFoundException">The native library was not found.</exception>
    [SkipLocalsInit]
    public Assignments(string records)
    {
        Check.NotNull(records, nameof(records));
        Library.Require();
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, records.Length);
        Utf8 text = buffer.Add(records, nameof(records));
        nint assignments, error;
        int status = Native.flagstay_assignments_from_json(text.Start, text.Length, &assignments, &error);
        Failure.Check(status, error);
        _handle.Own(assignments, 2 * (long)records.Length);
    }

    /// <summary>Makes assignments from a JSON object, see the other constructor.</summary>
    public Assignments(JsonElement records)
        : this(JsonText.Of(records) ?? throw new ArgumentException("There is no value.", nameof(records)))
    {
    }

    internal Assignments(nint loaded, Exception? thrown)
    {
        _handle.Own(loaded, Weight);
        nuint length;
        byte* error = Native.flagstay_assignments_error(loaded, &length);
        StoreError = Utf8.Read(error, length);
        StoreException = StoreError is null ? null : thrown;
    }

    /// <summary>
    /// Why the store did not say what it holds; null where it did. Decisions are then made by the rules, carry this error,
    /// and store and remove nothing.
    /// </summary>
    public string? StoreError { get; }

    /// <summary>What the <see cref="IAssignmentStore"/> threw, if it was that.</summary>
    public Exception? StoreException { get; }

    /// <summary>What is in it, as JSON text: an object, flag to record.</summary>
    /// <exception cref="ObjectDisposedException">It has been disposed.</exception>
    public string Json
    {
        get
        {
            nint assignments = Enter();
            try
            {
                nint records, error;
                int status = Native.flagstay_assignments_json(assignments, &records, &error);
                Failure.Check(status, error);
                return NativeText.Take(records)!;
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>What is in it: an object, flag to record.</summary>
    /// <exception cref="ObjectDisposedException">It has been disposed.</exception>
    public JsonElement Records => JsonText.Parse(Json);

    /// <summary>
    /// Ends it. Passing it to an evaluation afterwards is an error; one that is using it right now is not disturbed.
    /// </summary>
    public void Dispose() => _handle.Dispose();

    internal AssignmentsHandle Handle => _handle;

    /// <summary>The assignments for a call, which ends with <see cref="Leave"/>.</summary>
    /// <exception cref="ObjectDisposedException">They have been disposed.</exception>
    internal nint Enter()
    {
        // Off the plain path, so the count that a SafeHandle keeps may guard against a Dispose.
        bool held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
        }
        catch (ObjectDisposedException)
        {
            throw new ObjectDisposedException(nameof(Assignments));
        }
        return _handle.Raw;
    }

    internal void Leave() => _handle.DangerousRelease();
}
