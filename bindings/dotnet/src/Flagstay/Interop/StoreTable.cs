using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace Flagstay.Interop;

// A host's store as the library sees it: a table of functions and a context. The functions are the same for every
// store; the context is a GCHandle to one of these, freed by `drop`, which is called exactly once whatever happens.
internal sealed unsafe partial class StoreTable
{
    [ThreadStatic]
    private static Exception? t_thrown;

    private readonly IAssignmentStore _store;
    private Exception? _lastException;

    internal StoreTable(IAssignmentStore store) => _store = store;

    /// <summary>The exception that the store threw last, on whichever thread.</summary>
    internal Exception? LastException => Volatile.Read(ref _lastException);

    /// <summary>What a store threw on this thread since this was called last.</summary>
    internal static Exception? TakeThrown()
    {
        Exception? thrown = t_thrown;
        t_thrown = null;
        return thrown;
    }

    /// <summary>The table to make a client with. From that call on it is the library's to let go.</summary>
    internal Native.StoreStruct Open()
    {
        Native.StoreStruct table = Functions;
        table.Size = (nuint)sizeof(Native.StoreStruct);
        table.Context = (void*)GCHandle.ToIntPtr(GCHandle.Alloc(this));
        if (_store is not ILoadingStore)
        {
            table.Load = 0;
        }
        if (_store is not IFirstWriterStore)
        {
            table.SetIfAbsent = 0;
        }
        return table;
    }

    private static StoreTable Of(void* context) => (StoreTable)GCHandle.FromIntPtr((nint)context).Target!;

    private static void DropCore(void* context)
    {
        try
        {
            GCHandle.FromIntPtr((nint)context).Free();
        }
        catch (Exception error)
        {
            Environment.FailFast("flagstay: a store's context was let go twice.", error);
        }
    }

    private static int GetCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        try
        {
            Give(Of(context)._store.Get(Text(unit, unitLength), Text(flag, flagLength)), "Get", sink, sinkContext);
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink, sinkContext);
        }
    }

    private static int SetCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        try
        {
            Of(context)._store.Set(Text(unit, unitLength), Text(flag, flagLength), Text(record, recordLength));
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink, sinkContext);
        }
    }

    private static int RemoveCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        try
        {
            Of(context)._store.Remove(Text(unit, unitLength), Text(flag, flagLength));
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink, sinkContext);
        }
    }

    private static int LoadCore(
        void* context, byte* unit, nuint unitLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        try
        {
            var store = (ILoadingStore)Of(context)._store;
            IReadOnlyDictionary<string, string> records = store.Load(Text(unit, unitLength))
                ?? throw new InvalidOperationException("`Load` returned null; a unit without records has an empty dictionary.");
            Give(Listing(records), "Load", sink, sinkContext);
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink, sinkContext);
        }
    }

    private static int SetIfAbsentCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        try
        {
            var store = (IFirstWriterStore)Of(context)._store;
            string standing = store.SetIfAbsent(Text(unit, unitLength), Text(flag, flagLength), Text(record, recordLength))
                ?? throw new InvalidOperationException("`SetIfAbsent` returned null; it returns the record that stands.");
            Give(standing, "SetIfAbsent", sink, sinkContext);
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink, sinkContext);
        }
    }

    private static string Text(byte* start, nuint length) => Utf8.Read(start, length) ?? "";

    private static string Listing(IReadOnlyDictionary<string, string> records)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { MaxDepth = JsonText.MostLevels }))
        {
            writer.WriteStartObject();
            foreach (KeyValuePair<string, string> record in records)
            {
                JsonText.RequireText(record.Key, "Load");
                writer.WritePropertyName(record.Key);
                if (JsonText.IsValid(record.Value))
                {
                    writer.WriteRawValue(record.Value, skipInputValidation: true);
                }
                else
                {
                    // One broken record must not hide the others: a person who is to be forgotten is forgotten whole.
                    writer.WriteStringValue(record.Value);
                }
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(json.GetBuffer(), 0, (int)json.Length);
    }

    [SkipLocalsInit]
    private static void Give(
        string? text, string what, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        if (text is null)
        {
            return;
        }
        byte* stack = stackalloc byte[Utf8Buffer.StackSize];
        using var buffer = new Utf8Buffer(stack, text.Length);
        Utf8 given = buffer.Add(text, what);
        sink(sinkContext, given.Start, given.Length);
    }

    // Keeps the exception and tells the library what it said. If even that is impossible there is no honest way on.
    private static int Failed(
        void* context, Exception error, delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> sink, void* sinkContext)
    {
        try
        {
            Volatile.Write(ref Of(context)._lastException, error);
            t_thrown = error;
            byte[] message = Encoding.UTF8.GetBytes(Describe(error));
            fixed (byte* start = message)
            {
                sink(sinkContext, start, (nuint)message.Length);
            }
            return Native.StoreFailure;
        }
        catch (Exception worse)
        {
            Environment.FailFast("flagstay: an exception of a store could not be reported.", worse);
            return Native.StoreFailure;
        }
    }

    private static string Describe(Exception error)
    {
        string type = error.GetType().FullName ?? error.GetType().Name;
        try
        {
            return $"{type}: {error.Message}";
        }
        catch (Exception)
        {
            // A message may be computed, and fail.
            return type;
        }
    }
}
