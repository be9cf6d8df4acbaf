#if NET
using System.Runtime.InteropServices;

namespace Flagstay.Interop;

// The functions of include/flagstay.h for runtimes that generate their imports at build time.
internal static unsafe partial class Native
{
    [LibraryImport(Soname)]
    internal static partial uint flagstay_abi_version();

    [LibraryImport(Soname)]
    internal static partial byte* flagstay_version();

    [LibraryImport(Soname)]
    internal static partial int flagstay_error_status(nint error);

    [LibraryImport(Soname)]
    internal static partial byte* flagstay_error_message(nint error, nuint* len);

    [LibraryImport(Soname)]
    internal static partial void flagstay_error_free(nint error);

    [LibraryImport(Soname)]
    internal static partial byte* flagstay_string_data(nint text, nuint* len);

    [LibraryImport(Soname)]
    internal static partial void flagstay_string_free(nint text);

    [LibraryImport(Soname)]
    internal static partial int flagstay_client_new(
        byte* config, nuint configLen, StoreStruct* store, nint* client, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_client_update(nint client, byte* document, nuint documentLen, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_client_status(nint client, nint* status, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_client_close(nint client, uint timeoutMs, nint* error);

    [LibraryImport(Soname)]
    internal static partial void flagstay_client_free(nint client);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_new(byte* key, nuint keyLen, nint* user, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_from_json(byte* json, nuint jsonLen, nint* user, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_set_text(
        nint user, int part, byte* name, nuint nameLen, byte* value, nuint valueLen, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_set_number(
        nint user, int part, byte* name, nuint nameLen, double value, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_set_integer(
        nint user, int part, byte* name, nuint nameLen, long value, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_set_boolean(
        nint user, int part, byte* name, nuint nameLen, byte value, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_user_set_json(
        nint user, int part, byte* name, nuint nameLen, byte* json, nuint jsonLen, nint* error);

    [LibraryImport(Soname)]
    internal static partial void flagstay_user_free(nint user);

    [LibraryImport(Soname)]
    internal static partial void flagstay_decision_clear(DecisionStruct* decision);

    [LibraryImport(Soname)]
    internal static partial int flagstay_evaluate(
        nint client, nint user, byte* flag, nuint flagLen, OptionsStruct* options, DecisionStruct* decision,
        nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_boolean(
        nint client, nint user, byte* flag, nuint flagLen, byte fallback, byte* value, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_on(nint client, nint user, byte* flag, nuint flagLen, byte fallback);

    [LibraryImport(Soname)]
    internal static partial int flagstay_number(
        nint client, nint user, byte* flag, nuint flagLen, double fallback, double* value, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_text(
        nint client, nint user, byte* flag, nuint flagLen, byte* fallback, nuint fallbackLen,
        DecisionStruct* decision, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_json(
        nint client, nint user, byte* flag, nuint flagLen, byte* fallback, nuint fallbackLen,
        DecisionStruct* decision, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_switch_new(
        nint client, byte* flag, nuint flagLen, byte fallback, nint* prepared, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_switch_on(nint prepared, nint user);

    // Without the transition that lets the collector go on meanwhile, which costs as much as the decision. What the runtime
    // asks of such a function is what the header promises of this one: well below a microsecond, no waiting, no lock, no
    // system call, no callback.
    [LibraryImport(Soname)]
    [SuppressGCTransition]
    internal static partial int flagstay_switch_try(nint prepared, nint user);

    [LibraryImport(Soname)]
    internal static partial void flagstay_switch_free(nint prepared);

    [LibraryImport(Soname)]
    internal static partial int flagstay_evaluate_all(
        nint client, nint user, OptionsStruct* options, nint* decisions, nint* error);

    [LibraryImport(Soname)]
    internal static partial nuint flagstay_decisions_count(nint decisions);

    [LibraryImport(Soname)]
    internal static partial int flagstay_decisions_at(
        nint decisions, nuint index, DecisionStruct* decision, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_decisions_find(
        nint decisions, byte* flag, nuint flagLen, nuint* index, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_decisions_expose(nint decisions, nint client, nuint index, nint* error);

    [LibraryImport(Soname)]
    internal static partial void flagstay_decisions_free(nint decisions);

    [LibraryImport(Soname)]
    internal static partial int flagstay_explain(
        nint client, nint user, byte* flag, nuint flagLen, OptionsStruct* options, nint* explanation, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_assignments_load(
        nint client, nint user, byte* idType, nuint idTypeLen, nint* assignments, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_assignments_from_json(
        byte* records, nuint recordsLen, nint* assignments, nint* error);

    [LibraryImport(Soname)]
    internal static partial byte* flagstay_assignments_error(nint assignments, nuint* len);

    [LibraryImport(Soname)]
    internal static partial int flagstay_assignments_json(nint assignments, nint* records, nint* error);

    [LibraryImport(Soname)]
    internal static partial void flagstay_assignments_free(nint assignments);

    [LibraryImport(Soname)]
    internal static partial int flagstay_peek(
        nint client, byte* unit, nuint unitLen, byte* flag, nuint flagLen, nint* record, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_forget(nint client, byte* unit, nuint unitLen, ulong* removed, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_override_set(
        nint client, int kind, byte* flag, nuint flagLen, byte* id, nuint idLen, byte* value, nuint valueLen,
        nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_override_set_group(
        nint client, byte* flag, nuint flagLen, byte* id, nuint idLen, byte* group, nuint groupLen, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_override_remove(
        nint client, int kind, byte* flag, nuint flagLen, byte* id, nuint idLen, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_override_clear(nint client, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_client_set_countries(nint client, CountriesStruct* countries, nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_track(
        nint client, nint user, byte* name, nuint nameLen, byte* details, nuint detailsLen, byte* accepted,
        nint* error);

    [LibraryImport(Soname)]
    internal static partial int flagstay_drain_events(nint client, nuint most, nint* lines, nint* error);
}
#endif
