/* flagstay: feature flags and experiments that stay.
 *
 * This header is the reference manual. A program makes a client from a configuration, makes a user, and asks:
 *
 *     const char *config = "{\"ruleset_file\": \"flags.json\", \"store\": \"sqlite:assignments.db\"}";
 *     flagstay_client *client;
 *     flagstay_error *error;
 *     if (flagstay_client_new(config, strlen(config), NULL, &client, &error) != FLAGSTAY_OK) {
 *         size_t length;
 *         const char *message = flagstay_error_message(error, &length);
 *         fprintf(stderr, "%.*s\n", (int)length, message);
 *         flagstay_error_free(error);
 *         return 1;
 *     }
 *     flagstay_user *user;
 *     flagstay_user_new("user-1", 6, &user, NULL);
 *     uint8_t on;
 *     flagstay_boolean(client, user, "new-checkout", 12, 0, &on, NULL);
 *     flagstay_user_free(user);
 *     flagstay_client_close(client, 1000, NULL);
 *     flagstay_client_free(client);
 *
 * What holds everywhere:
 *
 * Text      is UTF-8, given as pointer and length in bytes; it is not NUL-terminated, and NUL is an ordinary character.
 *           NULL with length 0 is the empty text. What is given is borrowed until the call returns. Text that comes
 *           back says how long it is borrowed.
 * Handles   are opaque. What `..._new` makes, `..._free` ends; NULL is fine there, and an error everywhere else, except
 *           where an item says what it means.
 * Outputs   are written on every path: NULL, 0 or the caller's default where there is nothing better.
 * Errors    are a status, and on request an object with a message. An evaluation that fails still answers the
 *           caller's default.
 * Threads   are free to share clients and to read users; each item says so. No error is kept per thread.
 * Structs   that may grow begin with their own size. Zero them, set `size`, set what you need: a program that was
 *           compiled with an older header keeps working, and one with a newer header is told if it asks too much.
 * Promises  are C's own: a pointer that is not NULL points to what it should, aligned, alive, readable for the length
 *           given, and changed by nobody during the call.
 * Misuse    of a handle is told where it can be: one of another kind is FLAGSTAY_INVALID_ARGUMENT, or as good as NULL
 *           where there is no status. To be told as surely about one that has been freed, set FLAGSTAY_CHECK=1 in the
 *           environment while developing: freed handles then keep a few hundred bytes each as their tombstone, and each
 *           misuse is also a line on stderr.
 * Nothing   unwinds, aborts, installs signal handlers or starts threads behind the caller's back.
 * Versions  the soname is libflagstay.so.1, and every symbol has the version FLAGSTAY_1. Once loaded, the library stays:
 *           dlclose() leaves it in place. */

#ifndef FLAGSTAY_H
#define FLAGSTAY_H

/* Generated from src/abi by cbindgen. Do not edit: change the Rust source and run `make header`. */

#include <stddef.h>
#include <stdint.h>

// The number that `flagstay_abi_version` returns for this header. It grows when a function or a struct member is
// added; a function is never removed and never changes its meaning under the soname `libflagstay.so.1`.
#define FLAGSTAY_ABI_VERSION 3

// The outcome of a call. Numbers are stable; new ones may be added within their hundred.
enum flagstay_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The call did what it says.
  FLAGSTAY_OK = 0,
  // A handle is NULL, of another kind, or known to be freed; a constant is unknown; a size is absurd.
  FLAGSTAY_INVALID_ARGUMENT = 100,
  // A text is not UTF-8.
  FLAGSTAY_INVALID_UTF8 = 101,
  // A text is not JSON.
  FLAGSTAY_INVALID_JSON = 200,
  // The configuration has an unknown, missing or ill-typed option.
  FLAGSTAY_INVALID_CONFIG = 201,
  // The ruleset was refused as a whole. The one before it stays.
  FLAGSTAY_INVALID_RULESET = 202,
  // The user document does not have the shape of a user.
  FLAGSTAY_INVALID_USER = 203,
  // The caller's default was answered: the ruleset has no such flag.
  FLAGSTAY_FLAG_NOT_FOUND = 300,
  // The caller's default was answered: there is no ruleset yet, or the client has been closed.
  FLAGSTAY_PROVIDER_NOT_READY = 301,
  // The caller's default was answered: the user has no usable key.
  FLAGSTAY_TARGETING_KEY_MISSING = 302,
  // The caller's default was answered: the flag's value has another type.
  FLAGSTAY_TYPE_MISMATCH = 303,
  // The caller's default was answered: something could not be parsed.
  FLAGSTAY_PARSE_ERROR = 304,
  // The caller's default was answered: the platform's rules refuse this user.
  FLAGSTAY_INVALID_CONTEXT = 305,
  // The caller's default was answered: the evaluation failed; the decision's message says how.
  FLAGSTAY_GENERAL = 306,
  // The call needs a store, and the client has none.
  FLAGSTAY_NO_STORE = 400,
  // The store failed or returned garbage.
  FLAGSTAY_STORE_FAILED = 401,
  // The client has been closed.
  FLAGSTAY_CLOSED = 500,
  // A deadline passed.
  FLAGSTAY_TIMEOUT = 501,
  // A bug in flagstay was caught at the boundary. The process is unharmed.
  FLAGSTAY_INTERNAL = 900,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_status flagstay_status;
#else
typedef int32_t flagstay_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Why a decision is what it is.
enum flagstay_reason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // There is no decision; `error` says why, and the value is the caller's default.
  FLAGSTAY_REASON_ERROR = 0,
  // The flag is off, or the user was held out of everything that it offers.
  FLAGSTAY_REASON_OFF = 1,
  // No rule matched, and the default applied.
  FLAGSTAY_REASON_FALLTHROUGH = 2,
  // The user is one of the flag's individual targets.
  FLAGSTAY_REASON_TARGET_MATCH = 3,
  // A rule matched; `rule_id` says which.
  FLAGSTAY_REASON_RULE_MATCH = 4,
  // Another flag that this one depends on stands in the way.
  FLAGSTAY_REASON_PREREQUISITE_FAILED = 5,
  // A stored assignment answered.
  FLAGSTAY_REASON_STICKY = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_reason flagstay_reason;
#else
typedef int32_t flagstay_reason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The type of a decision's value.
enum flagstay_type
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // There is no value: the ruleset has none, and the caller gave no default.
  FLAGSTAY_TYPE_NONE = 0,
  // JSON's null.
  FLAGSTAY_TYPE_NULL = 1,
  // In `value_boolean`.
  FLAGSTAY_TYPE_BOOLEAN = 2,
  // In `value_number`.
  FLAGSTAY_TYPE_NUMBER = 3,
  // In `value_text`.
  FLAGSTAY_TYPE_TEXT = 4,
  // In `value_json` only.
  FLAGSTAY_TYPE_LIST = 5,
  // In `value_json` only.
  FLAGSTAY_TYPE_OBJECT = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_type flagstay_type;
#else
typedef int32_t flagstay_type;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What an evaluation does to the store and to the event queue.
enum flagstay_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The user sees the variation: a new assignment is stored, and an exposure is queued if the client collects them.
  FLAGSTAY_MODE_EXPOSE = 0,
  // Somebody only looks: stored assignments answer, nothing is queued, and nothing is stored but where the platform's
  // own contract says so all the same: VWO FullStack replaces a stored record that no longer counts, and Statsig
  // stores and removes by the assignments that are passed.
  FLAGSTAY_MODE_READ = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_mode flagstay_mode;
#else
typedef int32_t flagstay_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The parts of a user. Which of them a dialect reads, and what for, is on its reference page.
enum flagstay_part
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // What is known about the user; conditions look here.
  FLAGSTAY_ATTRIBUTES = 0,
  // The same for values that must not appear in events.
  FLAGSTAY_PRIVATE_ATTRIBUTES = 1,
  // Other ids than the key: of a company, a device, an anonymous visitor.
  FLAGSTAY_IDS = 2,
  // Values for individual targeting (VWO).
  FLAGSTAY_TARGETING = 3,
  // The environment that the user is in (Statsig).
  FLAGSTAY_ENVIRONMENT = 4,
  // What else a platform's call takes (VWO).
  FLAGSTAY_CONTEXT = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_part flagstay_part;
#else
typedef int32_t flagstay_part;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a callback of the host's returns. Zero is not a success, so that a reply which a language runtime zeroed by
// itself (after an exception, say) counts as a failure.
enum flagstay_store_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The host could not do it. Text given to the sink, if any, is taken as the reason.
  FLAGSTAY_STORE_FAILURE = 0,
  // The host did it.
  FLAGSTAY_STORE_DONE = 7001,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_store_result flagstay_store_result;
#else
typedef int32_t flagstay_store_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a flag is. Statsig's four kinds may share a name; all other platforms have flags, and no kinds.
enum flagstay_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // In options: whatever has the name. In a decision: the platform has no kinds.
  FLAGSTAY_KIND_ANY = 0,
  // A switch that users pass or do not pass.
  FLAGSTAY_KIND_GATE = 1,
  // A dynamic config: an object chosen by rules.
  FLAGSTAY_KIND_CONFIG = 2,
  // An experiment: an object for each of its groups.
  FLAGSTAY_KIND_EXPERIMENT = 3,
  // A layer: parameters that experiments share, each user being in one of them at most.
  FLAGSTAY_KIND_LAYER = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum flagstay_kind flagstay_kind;
#else
typedef int32_t flagstay_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a store held for a user when it was asked, to be passed to any number of evaluations: one store call, then no
// more reads. A snapshot: later evaluations do not change it.
//
// Only Statsig's contract takes assignments from the caller; the other platforms read the store themselves. There,
// three cases differ: no assignments passed (the stored one is removed), assignments without the flag (the user is
// enrolled), assignments with the flag (they answer).
//
// Threads: any number may read it at once.
typedef struct flagstay_assignments flagstay_assignments;

// Decides for users by one ruleset, with at most one store. Make one per ruleset and process, and share it.
//
// Threads: any number may use a client at once.
typedef struct flagstay_client flagstay_client;

// The decisions for all flags of one user, made at one moment on one ruleset.
//
// Threads: any number may read them at once.
typedef struct flagstay_decisions flagstay_decisions;

// What went wrong, in words. A call that takes a `flagstay_error **` sets it to NULL when it succeeds, or when it
// answers the caller's default (status 3xx), and to a new object, owned by the caller, otherwise. Pass NULL when the
// status is enough.
//
// Threads: any number may read an error at once.
typedef struct flagstay_error flagstay_error;

// Text that belongs to the caller until it is passed to `flagstay_string_free`.
//
// Threads: any number may read a string at once.
typedef struct flagstay_string flagstay_string;

// A flag of a client that is asked again and again whether it is on. Made once, it is the cheapest way to ask: nothing
// is looked up by a name any more. It follows the client's rulesets: an answer is never older than the last
// `flagstay_client_update` that returned before it was asked for.
//
// It belongs to its client: once that has been freed, a switch can only be freed.
//
// Threads: any number may ask a switch at once.
typedef struct flagstay_switch flagstay_switch;

// Who a decision is for: a key, and named values in six parts.
//
// Threads: one while it is being built; then any number may read it at once.
typedef struct flagstay_user flagstay_user;

// Takes the text that a callback returns: UTF-8, copied before the sink returns. `sink_context` is what the callback
// was given. Call it at most once per callback, on the same thread, before the callback returns; a second call makes
// the callback count as failed. Not calling it means "nothing": nothing stored, country unknown.
typedef void (*flagstay_sink)(void *sink_context, const char *text, size_t len);

// A store of the host's: where assignments are kept, as JSON records under (unit, flag).
//
// The callbacks run only on threads that are inside a flagstay call made by the host, on that very thread, with no
// lock of flagstay held. They may be called from several threads at once, and may themselves call any flagstay
// function for the same client, except `flagstay_client_free`. They must not unwind: an exception of the host's
// language has to be caught, kept, and reported as `FLAGSTAY_STORE_FAILURE`. All text is UTF-8, not
// NUL-terminated, and borrowed until the callback returns. Whatever comes back through a sink is validated.
//
// A member that is NULL means "not offered". `get` and `set` must be offered.
//
// The table itself is copied; it need not outlive the call that it is passed to.
//
// Threads: the callbacks must be ready for several at once, unless the host makes one call at a time.
typedef struct flagstay_store {
  // `sizeof(flagstay_store)`.
  size_t size;
  // Passed to every callback. May be NULL.
  void *context;
  // Called exactly once, when the store is needed no longer: on the thread that closes or frees the client, on one
  // that is inside a call for the client at that moment, when it is done, or on the one whose `flagstay_client_new`
  // fails. May be NULL.
  void (*drop)(void *context);
  // Gives the record of (unit, flag) to the sink, or does not call the sink if there is none.
  int32_t (*get)(void *context,
                 const char *unit,
                 size_t unit_len,
                 const char *flag,
                 size_t flag_len,
                 flagstay_sink sink,
                 void *sink_context);
  // Stores the record of (unit, flag), replacing what is there.
  int32_t (*set)(void *context,
                 const char *unit,
                 size_t unit_len,
                 const char *flag,
                 size_t flag_len,
                 const char *record,
                 size_t record_len,
                 flagstay_sink sink,
                 void *sink_context);
  // Removes the record of (unit, flag); that there is none is no failure.
  int32_t (*remove)(void *context,
                    const char *unit,
                    size_t unit_len,
                    const char *flag,
                    size_t flag_len,
                    flagstay_sink sink,
                    void *sink_context);
  // Gives everything held for a unit to the sink: one JSON object, flag to record. Optional; without it
  // `flagstay_forget` and `flagstay_assignments_load` ask for every flag of the ruleset.
  int32_t (*load)(void *context, const char *unit, size_t unit_len, flagstay_sink sink, void *sink_context);
  // Stores the record of (unit, flag) if there is none, in one atomic step, and gives the record that stands
  // afterwards to the sink: the one stored now, or the one that was there first. Optional; without it two processes
  // that meet a new user at the same instant may answer differently once.
  int32_t (*set_if_absent)(void *context,
                           const char *unit,
                           size_t unit_len,
                           const char *flag,
                           size_t flag_len,
                           const char *record,
                           size_t record_len,
                           flagstay_sink sink,
                           void *sink_context);
} flagstay_store;

// One decision. The struct is the caller's, on the stack or wherever; zero it, set `size`, and use it for any number
// of evaluations, one after the other:
//
// ```c
// flagstay_decision decision = { .size = sizeof decision };
// flagstay_evaluate(client, user, "checkout", 8, NULL, &decision, NULL);
// … read decision …
// flagstay_decision_clear(&decision);
// ```
//
// The texts are UTF-8, not NUL-terminated, and borrowed from `storage`: they live until the struct is used for the
// next evaluation or cleared. A text that there is not is NULL with length 0; an empty one is not NULL. The storage
// grows to what the largest decision needed and is then reused, so a decision allocates nothing. A store may evaluate
// into the same struct from its callbacks, all but `drop`; the outer decision is the one that stays.
//
// Under a call that fails the struct is filled too, unless it is itself what the call refuses: with the caller's
// default, no reason, and `FLAGSTAY_GENERAL` as its error. Members that are newer than the library become zero.
//
// Threads: one at a time for each struct.
typedef struct flagstay_decision {
  // `sizeof(flagstay_decision)`.
  size_t size;
  // The library's. Zero it once, then leave it alone; never copy it to a second struct.
  void *storage;
  // A `flagstay_reason`.
  int32_t reason;
  // A `flagstay_status`: `FLAGSTAY_OK`, or the 3xx for which the caller's default was answered.
  int32_t error;
  // The `flagstay_type` of the value.
  int32_t value_type;
  // 1: the ruleset has the flag.
  uint8_t found;
  // 1: the flag read as a switch is on: gate passed, feature on, user part of the campaign.
  uint8_t enabled;
  // 1: the answer came from a stored assignment.
  uint8_t sticky;
  // The value where it is a boolean, otherwise 0.
  uint8_t value_boolean;
  // The value where it is a number, otherwise 0. A whole number beyond 2^53 is exact in `value_json` only.
  double value_number;
  // The value where it is a text.
  const char *value_text;
  // The length of `value_text` in bytes, as with each text below.
  size_t value_text_len;
  // The value, whatever it is, as JSON.
  const char *value_json;
  size_t value_json_len;
  // The flag's key.
  const char *flag;
  size_t flag_len;
  // The variation's name.
  const char *variation;
  size_t variation_len;
  // The platform's id of the variation.
  const char *variation_id;
  size_t variation_id_len;
  // The id of the rule that answered.
  const char *rule_id;
  size_t rule_id_len;
  // A sentence about `error`.
  const char *message;
  size_t message_len;
  // What went wrong with the store on the way. The decision stands all the same.
  const char *store_error;
  size_t store_error_len;
  // The platform's further facts as a JSON object, where the options ask for `details`. What is in it is on the
  // dialect's reference page.
  const char *details_json;
  size_t details_json_len;
  // A `flagstay_kind`: what the flag is, on platforms where flags of several kinds may share a name.
  int32_t kind;
} flagstay_decision;

// What a call may say beyond user and flag. Zero it, set `size`, set what you need.
//
// Threads: any number of calls may read the same struct at once.
typedef struct flagstay_options {
  // `sizeof(flagstay_options)`.
  size_t size;
  // A `flagstay_mode`.
  int32_t mode;
  // The caller's default, as JSON; NULL for none. Answered, as it is, when there is no decision. Borrowed until the
  // call returns. A default that is no JSON is `FLAGSTAY_INVALID_JSON`.
  const char *default_json;
  // The length of `default_json` in bytes.
  size_t default_json_len;
  // A `flagstay_kind`: which kind of flag is meant, where names can collide (Statsig).
  int32_t kind;
  // 1: users for whom the targeting rules decide otherwise today do not keep their stored assignment (Statsig).
  uint8_t enforce_targeting;
  // 1: users whom an override rule matches today do not keep their stored assignment (Statsig).
  uint8_t enforce_overrides;
  // 1: fill `details_json` in the decision. Gathering it costs time and memory.
  uint8_t details;
  // Assignments that were loaded before (Statsig); NULL: none are passed. Borrowed until the call returns.
  const struct flagstay_assignments *assignments;
} flagstay_options;

// Finds the country of an IP address, for conditions on the country of users who come without one (Statsig).
//
// The callback runs on the thread that evaluates, with no lock of flagstay held, and for as long as it takes: look up a
// table, do not ask a network. It must not unwind. What holds for the callbacks of a store holds here.
//
// Threads: the callback must be ready for several calls at once.
typedef struct flagstay_countries {
  // `sizeof(flagstay_countries)`.
  size_t size;
  // Passed to every callback. May be NULL.
  void *context;
  // Called exactly once, when the callback is needed no longer: when another table takes its place or the client is
  // closed or freed, on that thread or on one that is inside a call for the client at that moment, when it is done.
  // May be NULL.
  void (*drop)(void *context);
  // Gives the ISO 3166 code of two letters to the sink, or does not call the sink where the country is unknown.
  // Returns `FLAGSTAY_STORE_DONE`; anything else, or text that is not UTF-8, is as good as an unknown country. The
  // code is compared with those of the ruleset as it is given.
  int32_t (*country)(void *context, const char *ip, size_t ip_len, flagstay_sink sink, void *sink_context);
} flagstay_countries;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns the ABI version of the loaded library. A program built against this header works with any library for
// which this is at least `FLAGSTAY_ABI_VERSION`.
//
// Threads: any.
uint32_t flagstay_abi_version(void);

// Returns the version of the loaded library, such as "0.1.0": NUL-terminated, and valid for ever.
//
// Threads: any.
const char *flagstay_version(void);

// Returns the status that came with the error, or `FLAGSTAY_OK` for NULL.
//
// Threads: any.
flagstay_status flagstay_error_status(const struct flagstay_error *error);

// Returns the message, UTF-8 and not NUL-terminated, borrowed until the error is freed; its length in bytes goes to
// `*len`. It names the place: the JSON path, flag key or option. For NULL: NULL and 0.
//
// Threads: any.
const char *flagstay_error_message(const struct flagstay_error *error,
                                   size_t *len);

// Frees an error. NULL is fine.
//
// Threads: any; nobody may use the error afterwards.
void flagstay_error_free(struct flagstay_error *error);

// Returns the text, UTF-8 and not NUL-terminated, borrowed until the string is freed; its length in bytes goes to
// `*len`. For NULL: NULL and 0.
//
// Threads: any.
const char *flagstay_string_data(const struct flagstay_string *string,
                                 size_t *len);

// Frees a string. NULL is fine.
//
// Threads: any; nobody may use the string afterwards.
void flagstay_string_free(struct flagstay_string *string);

// Makes a client from a configuration, a JSON object:
//
// - `dialect`: what rulesets are written in; default "flagstay".
// - `ruleset`: the first ruleset, inline, or `ruleset_file`: the path of one. Without either the client answers
//   defaults until the first `flagstay_client_update`.
// - `store`: "memory:", "sqlite:PATH", or `{"url": …, "busy_timeout_ms": 2000, "slow_ms": 50}`. `busy_timeout_ms` is
//   how long a decision waits for another process that is writing; a call over `slow_ms` is counted in the status.
// - `events`: `{"capacity": 10000, "exposures": false}`: how many events wait to be drained, 1 to 1,000,000 (then the
//   oldest leaves, counted), and whether decisions queue exposure events.
// - `now_ms`: a fixed clock in Unix milliseconds, for tests and simulations.
// - `options`: the dialect's own options, by its reference page.
//
// An unknown or ill-typed option is an error that names it, and so is a first ruleset that cannot be used.
//
// `store`: the host's own store, or NULL. Its `drop` is called exactly once, also when this call fails, unless its
// `size` ends before `drop`.
//
// On success `*client` is a new client, to be freed with `flagstay_client_free`; otherwise NULL.
//
// Threads: any. Fork: a client that was made before `fork()` works in the child too; events that were queued at that
// moment stay with the parent.
flagstay_status flagstay_client_new(const char *config,
                                    size_t config_len,
                                    const struct flagstay_store *store,
                                    struct flagstay_client **client,
                                    struct flagstay_error **error);

// Hands the client a ruleset document: it replaces the current ruleset or, in dialects whose documents are messages,
// is applied to it. Evaluations go on meanwhile, each on the ruleset it began with. A document that is refused changes
// nothing. Time: that of parsing the document.
//
// Threads: any; concurrent updates take effect one after the other.
flagstay_status flagstay_client_update(const struct flagstay_client *client,
                                       const char *document,
                                       size_t document_len,
                                       struct flagstay_error **error);

// Tells how the client is doing, as JSON: `state` (INITIALIZING, READY, OFF), `dialect`, `flags` (their number),
// `problems` (what is broken in the ruleset: `flag`, JSON `path`, `message`), `notes` (what the client was not given and
// rulesets may ask for), `overrides` (their number), `updates` (`loaded`, `unchanged`,
// `refused`, `last_error`), `store` (`kind`, `writes`, `lost_races`, `failures`, `garbage`, `slow`, `last_error`) and
// `events` (`queued`, `capacity`, `accepted`, `dropped`). Members may be added.
//
// `*status` receives a new string.
//
// Threads: any.
flagstay_status flagstay_client_status(const struct flagstay_client *client,
                                       struct flagstay_string **status,
                                       struct flagstay_error **error);

// Ends the client. The handle stays valid: evaluations answer the caller's default from now on, other calls return
// `FLAGSTAY_CLOSED`. Store and countries are let go, by this thread or by one that is inside a call right now, when it is
// done.
// Waits at most `timeout_ms` milliseconds for background work; `FLAGSTAY_TIMEOUT` says that it took longer. Closing
// twice is fine.
//
// Threads: any.
flagstay_status flagstay_client_close(const struct flagstay_client *client,
                                      uint32_t timeout_ms,
                                      struct flagstay_error **error);

// Frees a client, closing it first if that has not been done. Never waits, so a finalizer may call it. NULL is fine.
//
// Threads: any, but no other call may use the client at the same time or afterwards, and no callback of the host's may
// call this for the client that called it.
void flagstay_client_free(struct flagstay_client *client);

// Makes a user with a key. `*user` receives it, to be freed with `flagstay_user_free`. An empty key is a key; for a
// user without one use `flagstay_user_from_json` with "{}".
//
// Threads: any.
flagstay_status flagstay_user_new(const char *key,
                                  size_t key_len,
                                  struct flagstay_user **user,
                                  struct flagstay_error **error);

// Makes a user from JSON: `{"key": …, "attributes": {…}, "private_attributes": {…}, "ids": {…}, "targeting": {…},
// "environment": {…}, "context": {…}}`, each member optional, no other member allowed. "null" makes the absent user,
// for which every evaluation answers the default. `*user` receives it, to be freed with `flagstay_user_free`.
//
// Threads: any.
flagstay_status flagstay_user_from_json(const char *json,
                                        size_t json_len,
                                        struct flagstay_user **user,
                                        struct flagstay_error **error);

// Sets a text value. A name that is already there keeps its place and gets the new value; so do all setters.
//
// Threads: one at a time for each user, and none while the user is being read by an evaluation.
flagstay_status flagstay_user_set_text(struct flagstay_user *user,
                                       int32_t part,
                                       const char *name,
                                       size_t name_len,
                                       const char *value,
                                       size_t value_len,
                                       struct flagstay_error **error);

// Sets a number. JSON knows neither infinities nor NaN: they are `FLAGSTAY_INVALID_ARGUMENT`.
//
// Threads: as `flagstay_user_set_text`.
flagstay_status flagstay_user_set_number(struct flagstay_user *user,
                                         int32_t part,
                                         const char *name,
                                         size_t name_len,
                                         double value,
                                         struct flagstay_error **error);

// Sets a whole number, exactly, also beyond 2^53.
//
// Threads: as `flagstay_user_set_text`.
flagstay_status flagstay_user_set_integer(struct flagstay_user *user,
                                          int32_t part,
                                          const char *name,
                                          size_t name_len,
                                          int64_t value,
                                          struct flagstay_error **error);

// Sets a boolean: 0 is false, anything else true.
//
// Threads: as `flagstay_user_set_text`.
flagstay_status flagstay_user_set_boolean(struct flagstay_user *user,
                                          int32_t part,
                                          const char *name,
                                          size_t name_len,
                                          uint8_t value,
                                          struct flagstay_error **error);

// Sets any JSON value: null, a list, an object, or one of the kinds above.
//
// Threads: as `flagstay_user_set_text`.
flagstay_status flagstay_user_set_json(struct flagstay_user *user,
                                       int32_t part,
                                       const char *name,
                                       size_t name_len,
                                       const char *json,
                                       size_t json_len,
                                       struct flagstay_error **error);

// Frees a user. NULL is fine.
//
// Threads: any; nobody may use the user at the same time or afterwards.
void flagstay_user_free(struct flagstay_user *user);

// Frees what a decision struct holds, and zeroes it; `size` stays, and the struct may be used again. NULL and a struct
// that was never used are fine.
//
// Threads: one at a time for each struct.
void flagstay_decision_clear(struct flagstay_decision *decision);

// Decides, and fills `*decision`. The status is that of the call: when it is `FLAGSTAY_OK` there is a decision, and
// `decision->error` says whether it is the caller's default. Otherwise the call itself was wrong, and the caller's
// default is in `*decision` all the same.
//
// `user` may be NULL, for no user at all. `options` may be NULL.
//
// Time: tens to hundreds of nanoseconds, plus what the store takes where the flag is sticky.
//
// Threads: any, for any number of calls at once; each with a decision struct of its own.
flagstay_status flagstay_evaluate(const struct flagstay_client *client,
                                  const struct flagstay_user *user,
                                  const char *flag,
                                  size_t flag_len,
                                  const struct flagstay_options *options,
                                  struct flagstay_decision *decision,
                                  struct flagstay_error **error);

// Decides a switch in one call: `*value` is 1 or 0. It is written on every path, with `fallback` (0 or not) when there
// is no decision; the status then says why: `FLAGSTAY_FLAG_NOT_FOUND`, `FLAGSTAY_TYPE_MISMATCH` for a flag that is no
// switch, and so on.
//
// Some dialects have `defaults` among their options, for decisions that cannot be made. One that the flag has, and that
// can be read as a switch, goes before `fallback`, and the status is `FLAGSTAY_OK`.
//
// Threads: any, for any number of calls at once.
flagstay_status flagstay_boolean(const struct flagstay_client *client,
                                 const struct flagstay_user *user,
                                 const char *flag,
                                 size_t flag_len,
                                 uint8_t fallback,
                                 uint8_t *value,
                                 struct flagstay_error **error);

// Decides a switch as `flagstay_boolean` does, with nothing to be written to: for callers to whom each parameter is
// dear, such as a language's binding, and for a condition in C:
//
// ```c
// if (flagstay_on(client, user, "new-checkout", 12, 0) & 1) { … }
// ```
//
// Returns the answer, 1 or 0, where there is a decision. Where there is none, or the call itself was wrong, the answer
// is `fallback` (0 or not), and twice the status is added to it. So bit 0 is the answer always, and the result shifted
// right by one is the status: `FLAGSTAY_OK`, `FLAGSTAY_FLAG_NOT_FOUND`, `FLAGSTAY_INVALID_ARGUMENT` and so on. The
// result is never negative. Without `& 1` a flag that is not there is taken for one that is on.
//
// Threads: any, for any number of calls at once.
int32_t flagstay_on(const struct flagstay_client *client,
                    const struct flagstay_user *user,
                    const char *flag,
                    size_t flag_len,
                    uint8_t fallback);

// Decides a number in one call, as `flagstay_boolean` does a switch. Whole numbers beyond 2^53 are rounded; a full
// decision has them exactly, as JSON. Where there is no decision, a number that the dialect has for that
// (`defaults`) goes before `fallback`, and the status says why all the same.
//
// Threads: any, for any number of calls at once.
flagstay_status flagstay_number(const struct flagstay_client *client,
                                const struct flagstay_user *user,
                                const char *flag,
                                size_t flag_len,
                                double fallback,
                                double *value,
                                struct flagstay_error **error);

// Decides a text: as `flagstay_evaluate`, and where the flag's value is no text, or there is no decision, the value is
// `fallback` and the status says why (3xx). Where there is no decision, a text that the dialect has for that (`defaults`)
// goes before `fallback`. Read `decision->value_text`.
//
// Threads: as `flagstay_evaluate`.
flagstay_status flagstay_text(const struct flagstay_client *client,
                              const struct flagstay_user *user,
                              const char *flag,
                              size_t flag_len,
                              const char *fallback,
                              size_t fallback_len,
                              struct flagstay_decision *decision,
                              struct flagstay_error **error);

// Decides a list, an object or any other JSON value: as `flagstay_evaluate`, and where the flag's value is not of the
// type of `fallback` (itself JSON), or there is no decision, the value is `fallback` and the status says why (3xx).
// Where there is no decision, a value of that type that the dialect has for that (`defaults`) goes before `fallback`. A
// fallback of null accepts every type. Read `decision->value_json`.
//
// Threads: as `flagstay_evaluate`.
flagstay_status flagstay_json(const struct flagstay_client *client,
                              const struct flagstay_user *user,
                              const char *flag,
                              size_t flag_len,
                              const char *fallback,
                              size_t fallback_len,
                              struct flagstay_decision *decision,
                              struct flagstay_error **error);

// Says why a decision is what it is, as JSON: `flag`, `decision` (keys as in `flagstay_decision`) and `steps`, each
// step an object that may have `steps` of its own: every rule tried, every condition's outcome, buckets, the stored
// record. The same code decides as in `flagstay_evaluate`; stored assignments are read, nothing is stored or queued.
//
// `*explanation` receives a new string. For people and logs, not for the request path. `options` may be NULL.
//
// Threads: any.
flagstay_status flagstay_explain(const struct flagstay_client *client,
                                 const struct flagstay_user *user,
                                 const char *flag,
                                 size_t flag_len,
                                 const struct flagstay_options *options,
                                 struct flagstay_string **explanation,
                                 struct flagstay_error **error);

// Prepares a switch. The flag need not exist, nor be a switch: what it is shows when it is asked. `fallback` (0 or not)
// is the answer where there is no decision.
//
// `*prepared` receives a new switch, to be freed with `flagstay_switch_free`; NULL on failure.
//
// Threads: any.
flagstay_status flagstay_switch_new(const struct flagstay_client *client,
                                    const char *flag,
                                    size_t flag_len,
                                    uint8_t fallback,
                                    struct flagstay_switch **prepared,
                                    struct flagstay_error **error);

// Decides a switch. Returns what `flagstay_on` returns, which is worth reading there: bit 0 is the answer, and what is
// left when it is shifted out is the status. So 0 and 1 are decisions, and everything above says why there is none.
//
// Threads: any, for any number of calls at once.
int32_t flagstay_switch_on(const struct flagstay_switch *prepared,
                           const struct flagstay_user *user);

// Decides a switch if that takes no more than a little arithmetic, as it does for plain percentages of users by their
// key (of 512 bytes at most) and for flags that are on or off for everybody: 1 or 0. Otherwise -1, and
// `flagstay_switch_on` knows the answer, or what is wrong; after a ruleset was replaced, it must be asked once before
// this one answers again.
//
// For callers to whom a call into C is dearer the more it may do, such as runtimes that stop their threads: this one
// takes well below a microsecond, and never waits, takes a lock, allocates, makes a system call or calls back.
//
// Threads: any, for any number of calls at once.
int32_t flagstay_switch_try(const struct flagstay_switch *prepared,
                            const struct flagstay_user *user);

// Frees a switch. NULL is fine. The client may have been freed before.
//
// Threads: any, but no other call may use the switch at the same time or afterwards.
void flagstay_switch_free(struct flagstay_switch *prepared);

// Decides every flag for a user. `*decisions` receives the decisions in the order of the ruleset, to be freed with
// `flagstay_decisions_free`. No exposure is queued by this call: what is looked at is exposed by
// `flagstay_decisions_expose`. Status 3xx, and no decisions: the platform's rules make none for this user, or there is
// no ruleset.
//
// `options` may be NULL; its default is not used.
//
// Threads: any; the decisions may be read by several threads at once.
flagstay_status flagstay_evaluate_all(const struct flagstay_client *client,
                                      const struct flagstay_user *user,
                                      const struct flagstay_options *options,
                                      struct flagstay_decisions **decisions,
                                      struct flagstay_error **error);

// Returns how many decisions there are; 0 for NULL.
//
// Threads: any.
size_t flagstay_decisions_count(const struct flagstay_decisions *decisions);

// Fills `*decision` with the decision at `index`, counted from 0.
//
// Threads: any, each with a decision struct of its own.
flagstay_status flagstay_decisions_at(const struct flagstay_decisions *decisions,
                                      size_t index,
                                      struct flagstay_decision *decision,
                                      struct flagstay_error **error);

// Finds the decision for a flag: its index goes to `*index`, and that of the first where flags of several kinds share
// the name. `FLAGSTAY_FLAG_NOT_FOUND` when there is none.
//
// Time: the first call takes as long as there are flags, each further one as good as none.
//
// Threads: any.
flagstay_status flagstay_decisions_find(const struct flagstay_decisions *decisions,
                                        const char *flag,
                                        size_t flag_len,
                                        size_t *index,
                                        struct flagstay_error **error);

// Queues the exposure event of the decision at `index`, as an evaluation of that flag would have, if the client
// collects exposures.
//
// Threads: any.
flagstay_status flagstay_decisions_expose(const struct flagstay_decisions *decisions,
                                          const struct flagstay_client *client,
                                          size_t index,
                                          struct flagstay_error **error);

// Frees decisions. NULL is fine.
//
// Threads: any; nobody may use them at the same time or afterwards.
void flagstay_decisions_free(struct flagstay_decisions *decisions);

// Loads what the store holds for a user, by their id of type `id_type`: "userID" for their key, otherwise the name of
// one of their ids. `*assignments` receives a new handle, to be freed with `flagstay_assignments_free`, or NULL where the
// user has no such id: passing that on is passing none.
//
// A store that fails fails no decision: the handle says so (`flagstay_assignments_error`), and a decision that it is
// passed to is made by the rules, carries the store's error, and writes and removes nothing. The same holds while
// there is no ruleset. Without a store there is nothing in the handle.
//
// Threads: any.
flagstay_status flagstay_assignments_load(const struct flagstay_client *client,
                                          const struct flagstay_user *user,
                                          const char *id_type,
                                          size_t id_type_len,
                                          struct flagstay_assignments **assignments,
                                          struct flagstay_error **error);

// Makes assignments from what the caller has, a JSON object: flag to record. A record that is not as the platform
// writes them counts for its flag alone, as if no assignments were passed. `*assignments` receives a new handle, to be
// freed with `flagstay_assignments_free`.
//
// `FLAGSTAY_INVALID_JSON`: what is given is no JSON; `FLAGSTAY_INVALID_ARGUMENT`: it is no object.
//
// Threads: any.
flagstay_status flagstay_assignments_from_json(const char *records,
                                               size_t records_len,
                                               struct flagstay_assignments **assignments,
                                               struct flagstay_error **error);

// Returns why the store did not say what it holds, borrowed until the handle is freed; its length in bytes goes to
// `*len`. NULL and 0: it did, or the handle is NULL.
//
// Threads: any.
const char *flagstay_assignments_error(const struct flagstay_assignments *assignments,
                                       size_t *len);

// Tells what is in assignments, as JSON: an object, flag to record, in the order of the flags' keys; an empty one also
// where the store did not answer. `*records` receives a new string.
//
// Threads: any.
flagstay_status flagstay_assignments_json(const struct flagstay_assignments *assignments,
                                          struct flagstay_string **records,
                                          struct flagstay_error **error);

// Frees assignments. NULL is fine.
//
// Threads: any; nobody may use them at the same time or afterwards.
void flagstay_assignments_free(struct flagstay_assignments *assignments);

// Reads the assignment of (unit, flag) without deciding or enrolling. The unit is what assignments are kept under: a
// user's key, or what the dialect's page says (Statsig: "u-1:userID"). `*record` receives a new string, the record as
// JSON in the platform's own shape, or NULL where nothing is stored.
//
// `FLAGSTAY_NO_STORE` and `FLAGSTAY_STORE_FAILED` say what they say. Threads: any.
flagstay_status flagstay_peek(const struct flagstay_client *client,
                              const char *unit,
                              size_t unit_len,
                              const char *flag,
                              size_t flag_len,
                              struct flagstay_string **record,
                              struct flagstay_error **error);

// Removes every assignment of a unit (see `flagstay_peek`), for all flags; how many there were goes to `*removed`, which
// may be NULL.
//
// `FLAGSTAY_NO_STORE` and `FLAGSTAY_STORE_FAILED` say what they say; a store that fails half-way has removed a part.
//
// Threads: any.
flagstay_status flagstay_forget(const struct flagstay_client *client,
                                const char *unit,
                                size_t unit_len,
                                uint64_t *removed,
                                struct flagstay_error **error);

// Sets what a flag answers, in place of the ruleset, from the next evaluation on: `value` is JSON, a boolean for a
// gate, an object for everything else. `kind` is a `flagstay_kind`, other than ANY. `id`: only for users who have that
// id, their key or any other; with NULL and 0 for everybody who has no answer of their own. The flag need not be in the
// ruleset. Setting anew replaces.
//
// Overrides live as long as the client and are no part of a store; explanations and all-flags calls see them too.
// `FLAGSTAY_INVALID_ARGUMENT`: the value does not fit the kind, or the client's dialect knows no overrides (only
// `statsig` does); the same holds for the calls below.
//
// Threads: any; evaluations go on meanwhile.
flagstay_status flagstay_override_set(const struct flagstay_client *client,
                                      int32_t kind,
                                      const char *flag,
                                      size_t flag_len,
                                      const char *id,
                                      size_t id_len,
                                      const char *value,
                                      size_t value_len,
                                      struct flagstay_error **error);

// Sets that an experiment answers what its group named `group` gets, as `flagstay_override_set` does a value. A group
// that the ruleset does not have answers an empty object.
//
// Threads: any; evaluations go on meanwhile.
flagstay_status flagstay_override_set_group(const struct flagstay_client *client,
                                            const char *flag,
                                            size_t flag_len,
                                            const char *id,
                                            size_t id_len,
                                            const char *group,
                                            size_t group_len,
                                            struct flagstay_error **error);

// Removes the override of a flag for an id or, with `id` NULL and 0, all overrides of the flag. That there is none is
// fine.
//
// Threads: any; evaluations go on meanwhile.
flagstay_status flagstay_override_remove(const struct flagstay_client *client,
                                         int32_t kind,
                                         const char *flag,
                                         size_t flag_len,
                                         const char *id,
                                         size_t id_len,
                                         struct flagstay_error **error);

// Removes all overrides of the client.
//
// Threads: any; evaluations go on meanwhile.
flagstay_status flagstay_override_clear(const struct flagstay_client *client, struct flagstay_error **error);

// Sets who knows the country of an IP address, from the next evaluation on; NULL: nobody any more. The table is copied;
// its `drop` is called exactly once, also when this call fails, unless its `size` ends before `drop`. It goes before a
// table file in the configuration.
//
// Threads: any; evaluations go on meanwhile.
flagstay_status flagstay_client_set_countries(const struct flagstay_client *client,
                                              const struct flagstay_countries *countries,
                                              struct flagstay_error **error);

// Takes a metric event: what a user did. `details` is a JSON object with any of `value` (a number, or what the
// platform takes), `properties` (an object) and `flags` (a list of keys, where the event is meant for some only), or
// empty. `*accepted`, which may be NULL, becomes 1 if the event was queued, and 0 if the platform's rules do not take
// it. Never waits: when the queue is full the oldest event leaves, and is counted in the status.
//
// Threads: any.
flagstay_status flagstay_track(const struct flagstay_client *client,
                               const struct flagstay_user *user,
                               const char *event,
                               size_t event_len,
                               const char *details,
                               size_t details_len,
                               uint8_t *accepted,
                               struct flagstay_error **error);

// Takes up to `most` queued events out, oldest first: `*lines` receives a new string with one JSON object a line, each
// line ended by "\n"; empty when nothing waits. Events are in the shape of the ruleset's platform. What has been
// drained is the caller's to deliver. Works on a closed client too, so that nothing need be lost.
//
// Threads: any.
flagstay_status flagstay_drain_events(const struct flagstay_client *client,
                                      size_t most,
                                      struct flagstay_string **lines,
                                      struct flagstay_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FLAGSTAY_H */
