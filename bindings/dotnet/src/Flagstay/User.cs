using System;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading;
using Flagstay.Interop;

namespace Flagstay;

/// <summary>Who a decision is for: a key, and named values in six parts.</summary>
/// <remarks>
/// <para>A user is built first and then only read: after its first use in a call its values are fixed, and any number of
/// threads may decide for it at the same time.</para>
/// <para>Disposing gives its memory back at once if only one thread has used it, which is the case for a user that is made for
/// one request. Otherwise, and without disposing, the garbage collector does that.</para>
/// </remarks>
public sealed unsafe class User : IDisposable
{
    // What _reader says: still being built, used by the thread with that (positive) id, used by several, disposed.
    private const int Nobody = 0;
    private const int Several = -1;
    private const int Disposed = -2;

    // About what a user with a handful of values takes in the library; longer texts count besides.
    private const int Weight = 768;
    private const int LongText = 256;

    // In bytes: the header's bound for flagstay_switch_try.
    private const int LongestTried = 512;

    private readonly UserHandle _handle;
    private int _reader;
    // How deep the only reader is in calls for this user; counted by that thread alone.
    private int _depth;

    /// <summary>Makes a user with a key. An empty key is a key.</summary>
    /// <exception cref="ArgumentException">The key holds half a surrogate pair.</exception>
    /// <exception cref="DllNotFoundException">The native library was not found.</exception>
    [SkipLocalsInit]
    public User(string key)
    {
        Check.NotNull(key, nameof(key));
        Library.Require();
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, key.Length);
        Utf8 text = buffer.Add(key, nameof(key));
        _handle = new UserHandle();
        nint user, error;
        int status = Native.flagstay_user_new(text.Start, text.Length, &user, &error);
        Failure.Check(status, error);
        _handle.Own(user, Weight + key.Length);
        IsTried = text.Length is > 0 and <= LongestTried;
    }

    private User(UserHandle handle) => _handle = handle;

    /// <summary>
    /// Makes a user from JSON: <c>{"key": …, "attributes": {…}, "private_attributes": {…}, "ids": {…}, "targeting": {…},
    /// "environment": {…}, "context": {…}}</c>, each member optional, no other member allowed. <c>null</c> makes the
    /// absent user, for which every evaluation answers the default.
    /// </summary>
    /// <exception cref="InvalidUserException">The document has not the shape of a user.</exception>
    /// <exception cref="FlagstayException">The text is not JSON.</exception>
    [SkipLocalsInit]
    public static User FromJson(string json)
    {
        Check.NotNull(json, nameof(json));
        Library.Require();
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, json.Length);
        Utf8 text = buffer.Add(json, nameof(json));
        var handle = new UserHandle();
        nint user, error;
        int status = Native.flagstay_user_from_json(text.Start, text.Length, &user, &error);
        Failure.Check(status, error);
        handle.Own(user, Weight + (2 * json.Length));
        return new User(handle);
    }

    /// <summary>Makes a user from JSON, see <see cref="FromJson(string)"/>.</summary>
    public static User FromJson(JsonElement json) => FromJson(JsonText.Of(json) ?? "null");

    /// <summary>
    /// Whether flagstay_switch_try answers for such a key wherever the flag is plain. False for users from JSON, of whom it is
    /// not known.
    /// </summary>
    internal bool IsTried { get; }

    /// <summary>Sets an attribute: what is known about the user, and what conditions look at.</summary>
    public User With(string name, UserValue value) => With(UserPart.Attributes, name, value);

    /// <summary>Sets an attribute that must not appear in events.</summary>
    public User WithPrivate(string name, UserValue value) => With(UserPart.PrivateAttributes, name, value);

    /// <summary>Sets another id than the key: of a company, a device, an anonymous visitor.</summary>
    public User WithId(string name, UserValue value) => With(UserPart.Ids, name, value);

    /// <summary>Sets a value in a part of the user. A name that is already there gets the new value.</summary>
    /// <exception cref="InvalidOperationException">The user has been used in a call already.</exception>
    /// <exception cref="ArgumentException">
    /// A text holds half a surrogate pair, or a number is an infinity or none.
    /// </exception>
    [SkipLocalsInit]
    public User With(UserPart part, string name, UserValue value)
    {
        Check.NotNull(name, nameof(name));
        JsonText.RequireNumber(value.Number, name);
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, (long)name.Length + (value.Text?.Length ?? 4));
        Utf8 key = buffer.Add(name, nameof(name));
        nint error;
        int status;
        lock (_handle)
        {
            RequireUnread();
            nint user = _handle.Raw;
            switch (value.Kind)
            {
                case UserValue.Kinds.Text:
                    Utf8 text = buffer.Add(value.Text!, name);
                    status = Native.flagstay_user_set_text(
                        user, (int)part, key.Start, key.Length, text.Start, text.Length, &error);
                    break;
                case UserValue.Kinds.Number:
                    status = Native.flagstay_user_set_number(
                        user, (int)part, key.Start, key.Length, value.Number, &error);
                    break;
                case UserValue.Kinds.Integer:
                    status = Native.flagstay_user_set_integer(
                        user, (int)part, key.Start, key.Length, value.Integer, &error);
                    break;
                case UserValue.Kinds.Boolean:
                    status = Native.flagstay_user_set_boolean(
                        user, (int)part, key.Start, key.Length, (byte)value.Integer, &error);
                    break;
                default:
                    Utf8 json = buffer.Add(value.Text ?? "null", name);
                    status = Native.flagstay_user_set_json(
                        user, (int)part, key.Start, key.Length, json.Start, json.Length, &error);
                    break;
            }
        }
        Failure.Check(status, error);
        if (value.Text is { Length: > LongText } large)
        {
            _handle.Weigh(large.Length);
        }
        return this;
    }

    /// <summary>Ends the user. Using it afterwards is an error; a call that is using it right now is not disturbed.</summary>
    public void Dispose()
    {
        lock (_handle)
        {
            if (_reader == Disposed)
            {
                return;
            }
            bool alone = _reader == Nobody || (_reader == Environment.CurrentManagedThreadId && _depth == 0);
            _reader = Disposed;
            if (alone)
            {
                _handle.Dispose();
            }
        }
    }

    /// <summary>
    /// The user for a call, which ends with <see cref="Leave"/> and <see cref="GC.KeepAlive"/>. The thread that is the
    /// only reader pays a comparison, and so does everybody once there are several; what lies between takes a lock.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The user has been disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nint Enter()
    {
        int reader = Volatile.Read(ref _reader);
        if (reader == Several)
        {
            return _handle.Raw;
        }
        if (reader == Environment.CurrentManagedThreadId)
        {
            _depth++;
            return _handle.Raw;
        }
        return EnterFirst();
    }

    /// <summary>
    /// The user for a call that calls nobody back, so that nothing can dispose it on this thread meanwhile: there is nothing to
    /// leave, and the call ends with <see cref="GC.KeepAlive"/> alone. 0: <see cref="Enter"/> knows more.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nint EnterBriefly()
    {
        int reader = Volatile.Read(ref _reader);
        return reader == Several || reader == Environment.CurrentManagedThreadId ? _handle.Raw : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Leave()
    {
        // Never again positive once it is not: whoever sees an only reader here is that reader.
        if (Volatile.Read(ref _reader) > Nobody)
        {
            _depth--;
        }
    }

    private nint EnterFirst()
    {
        lock (_handle)
        {
            switch (_reader)
            {
                case Disposed:
                    throw new ObjectDisposedException(nameof(User));
                case Nobody:
                    _reader = Environment.CurrentManagedThreadId;
                    _depth = 1;
                    break;
                default:
                    _reader = Several;
                    break;
            }
            return _handle.Raw;
        }
    }

    private void RequireUnread()
    {
        switch (_reader)
        {
            case Nobody:
                return;
            case Disposed:
                throw new ObjectDisposedException(nameof(User));
            default:
                throw new InvalidOperationException(
                    "A user is built before its first use in a call, and only read afterwards: make a new one.");
        }
    }
}

/// <summary>The parts of a user. Which of them a dialect reads, and what for, is on its reference page.</summary>
public enum UserPart
{
    /// <summary>What is known about the user; conditions look here.</summary>
    Attributes = 0,

    /// <summary>The same for values that must not appear in events.</summary>
    PrivateAttributes = 1,

    /// <summary>Other ids than the key.</summary>
    Ids = 2,

    /// <summary>Values for individual targeting (VWO).</summary>
    Targeting = 3,

    /// <summary>The environment that the user is in (Statsig).</summary>
    Environment = 4,

    /// <summary>What else a platform's call takes (VWO).</summary>
    Context = 5,
}
