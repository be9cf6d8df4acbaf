using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace Flagstay.Interop;

// A host's store as the library sees it.
internal sealed unsafe partial class StoreTable : HostTable
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

    /// <summary>The table to make a client with.</summary>
    internal Native.StoreStruct Open()
    {
        Native.StoreStruct table = Functions;
        table.Size = (nuint)sizeof(Native.StoreStruct);
        table.Context = NewContext();
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

    protected override void Note(Exception error)
    {
        Volatile.Write(ref _lastException, error);
        t_thrown = error;
    }

    private static IAssignmentStore StoreOf(void* context) => ((StoreTable)Of(context))._store;

    private static int GetCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, Sink sink)
    {
        try
        {
            sink.Give(StoreOf(context).Get(Text(unit, unitLength), Text(flag, flagLength)), "Get");
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink);
        }
    }

    private static int SetCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        Sink sink)
    {
        try
        {
            StoreOf(context).Set(Text(unit, unitLength), Text(flag, flagLength), Text(record, recordLength));
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink);
        }
    }

    private static int RemoveCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, Sink sink)
    {
        try
        {
            StoreOf(context).Remove(Text(unit, unitLength), Text(flag, flagLength));
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink);
        }
    }

    private static int LoadCore(void* context, byte* unit, nuint unitLength, Sink sink)
    {
        try
        {
            var store = (ILoadingStore)StoreOf(context);
            IReadOnlyDictionary<string, string> records = store.Load(Text(unit, unitLength))
                ?? throw new InvalidOperationException("`Load` returned null; a unit without records has an empty dictionary.");
            sink.Give(Listing(records), "Load");
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink);
        }
    }

    private static int SetIfAbsentCore(
        void* context, byte* unit, nuint unitLength, byte* flag, nuint flagLength, byte* record, nuint recordLength,
        Sink sink)
    {
        try
        {
            var store = (IFirstWriterStore)StoreOf(context);
            string standing = store.SetIfAbsent(Text(unit, unitLength), Text(flag, flagLength), Text(record, recordLength))
                ?? throw new InvalidOperationException("`SetIfAbsent` returned null; it returns the record that stands.");
            sink.Give(standing, "SetIfAbsent");
            return Native.StoreDone;
        }
        catch (Exception error)
        {
            return Failed(context, error, sink);
        }
    }

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
}
