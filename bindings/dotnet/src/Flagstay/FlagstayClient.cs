using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>
/// Decides for users by one ruleset, with at most one store. Make one per ruleset and process, and share it: every
/// member may be called from any thread.
/// </summary>
/// <remarks>
/// An evaluation that cannot decide answers the caller's default, also before the first ruleset and after the client has
/// been disposed. It throws only where the call itself is wrong: a text that is no text, a user that has been disposed.
/// </remarks>
public sealed unsafe partial class FlagstayClient : IDisposable
{
    // What Dispose gives background work to finish. Close takes any other time.
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(5);

    // What the queue sets aside for each event, which is most of a client.
    private const long EventWeight = 64;

    private readonly ClientHandle _handle = new();
    private readonly StoreTable? _store;

    /// <summary>Makes a client.</summary>
    /// <exception cref="InvalidConfigurationException">An option makes no sense; the message names it.</exception>
    /// <exception cref="InvalidRulesetException">The first ruleset cannot be used.</exception>
    /// <exception cref="FlagstayException">The first ruleset is not JSON, or the store cannot be opened.</exception>
    /// <exception cref="DllNotFoundException">The native library was not found; the message names all places.</exception>
    public FlagstayClient(FlagstayOptions options)
    {
        Check.NotNull(options, nameof(options));
        if (options.Ruleset is not null && options.RulesetFile is not null)
        {
            throw new InvalidConfigurationException("RulesetFile: give either Ruleset or RulesetFile, not both");
        }
        Library.Require();
        string configuration = options.ToJson();
        _store = options.AssignmentStore is { } store ? new StoreTable(store) : null;
        Open(configuration, options.Events.Capacity ?? EventOptions.DefaultCapacity);
        try
        {
            if (options.CountryResolver is not null)
            {
                SetCountryResolver(options.CountryResolver);
            }
            if (options.Ruleset is not null)
            {
                Update(options.Ruleset);
            }
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>Makes a client, as the constructor does.</summary>
    public static FlagstayClient Create(FlagstayOptions options) => new(options);

    /// <summary>The version of the native library.</summary>
    public static string NativeVersion
    {
        get
        {
            Library.Require();
            return Utf8.ReadTerminated(Native.flagstay_version())!;
        }
    }

    /// <summary>The exception that the <see cref="IAssignmentStore"/> threw last, on whichever thread.</summary>
    public Exception? LastStoreException => _store?.LastException;

    internal ClientHandle Handle => _handle;

    /// <summary>
    /// Hands the client a ruleset document: it replaces the current ruleset or, in dialects whose documents are
    /// messages, is applied to it. Evaluations go on meanwhile. A document that is refused changes nothing.
    /// </summary>
    /// <exception cref="InvalidRulesetException">The document was refused; the message names the place.</exception>
    /// <exception cref="FlagstayException">The text is not JSON.</exception>
    /// <exception cref="ObjectDisposedException">The client has been closed.</exception>
    [SkipLocalsInit]
    public void Update(string ruleset)
    {
        Check.NotNull(ruleset, nameof(ruleset));
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, ruleset.Length);
        Utf8 document = buffer.Add(ruleset, nameof(ruleset));
        nint error;
        int status = Native.flagstay_client_update(_handle.Raw, document.Start, document.Length, &error);
        _handle.CountRuleset();
        GC.KeepAlive(this);
        Failure.Check(status, error);
    }

    /// <summary>Tells how the client is doing. Works on a closed client too.</summary>
    public ClientStatus GetStatus()
    {
        nint json, error;
        int status = Native.flagstay_client_status(_handle.Raw, &json, &error);
        GC.KeepAlive(this);
        Failure.Check(status, error);
        return new ClientStatus(NativeText.Take(json)!);
    }

    /// <summary>
    /// Ends the client: evaluations answer the caller's default from now on. The store is let go. Waits for background
    /// work, at most as long as given, and returns whether that was enough. Closing twice is fine.
    /// </summary>
    /// <param name="timeout">The time to wait, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    public bool Close(TimeSpan timeout)
    {
        bool forever = timeout == Timeout.InfiniteTimeSpan;
        if (timeout < TimeSpan.Zero && !forever)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A time to wait is not negative.");
        }
        uint milliseconds = forever ? uint.MaxValue : (uint)Math.Min(timeout.TotalMilliseconds, uint.MaxValue);
        nint error;
        int status = Native.flagstay_client_close(_handle.Raw, milliseconds, &error);
        GC.KeepAlive(this);
        if (status == (int)FlagstayStatus.Timeout)
        {
            Native.flagstay_error_free(error);
            return false;
        }
        Failure.Check(status, error);
        return true;
    }

    /// <summary>
    /// Closes the client, waiting up to five seconds for background work. Calls that are under way on other threads are
    /// not disturbed: the little memory that is left is freed when nobody refers to the client any more.
    /// </summary>
    public void Dispose()
    {
        if (_handle.Raw != 0)
        {
            Close(DisposeTimeout);
        }
    }

    [SkipLocalsInit]
    private void Open(string configuration, long capacity)
    {
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, configuration.Length);
        Utf8 config = buffer.Add(configuration, nameof(configuration));
        Native.StoreStruct table = _store?.Open() ?? default;
        nint client, error;
        int status = Native.flagstay_client_new(
            config.Start, config.Length, _store is null ? null : &table, &client, &error);
        Failure.Check(status, error);
        _handle.Own(client, EventWeight * (1 + Math.Max(0, capacity)));
    }
}
