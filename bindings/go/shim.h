/* Between Go and libflagstay: every function of the ABI as the package calls it, reached through a table that
 * `fsgo_load` fills at run time. Functions that can fail take a scratch; see scratch.go. */

#ifndef FLAGSTAY_GO_SHIM_H
#define FLAGSTAY_GO_SHIM_H

#include "flagstay.h"

/* Handles are opaque here as everywhere. But a struct that cgo cannot see into might hold pointers of Go's, and at every
 * call it would look whether it does; that made the boolean call dearer by a tenth. So it is shown one that holds none. */
struct flagstay_client { uint8_t opaque; };
struct flagstay_user { uint8_t opaque; };
struct flagstay_switch { uint8_t opaque; };
struct flagstay_decisions { uint8_t opaque; };
struct flagstay_assignments { uint8_t opaque; };

/* Where one call puts what it gives back. It lies in C memory, so that the library may keep pointers in it while the
 * goroutine's stack moves, and is used by one call at a time. */
typedef struct fsgo_scratch {
  flagstay_decision decision;
  /* Owned until fsgo_scratch_release. */
  flagstay_error *error;
  flagstay_string *string;
  /* The text of `error` or of `string`, whichever there is, or what a call says it is. NULL: none. */
  const char *text;
  size_t text_len;
  /* Handles made by a call; they belong to Go. */
  flagstay_client *client;
  flagstay_user *user;
  flagstay_decisions *decisions;
  flagstay_assignments *assignments;
  flagstay_switch *prepared;
  /* A number that a call gives back. */
  uint64_t number;
} fsgo_scratch;

/* Opens the library at `path` and fills the table. 0: done. Otherwise a sentence is written to `problem`, and the
 * table is as it was. */
int fsgo_load(const char *path, char *problem, size_t problem_len);

uint32_t fsgo_abi_version(void);
const char *fsgo_version(void);

/* NULL when there is no memory. */
fsgo_scratch *fsgo_scratch_new(void);
void fsgo_scratch_release(fsgo_scratch *scratch);
void fsgo_scratch_free(fsgo_scratch *scratch);

/* Which optional callbacks a Go store offers. */
enum { FSGO_NO_STORE = 0, FSGO_STORE = 1, FSGO_STORE_LOADS = 2, FSGO_STORE_SETS_IF_ABSENT = 4 };
/* What a Go store is asked to do. */
enum { FSGO_GET, FSGO_SET, FSGO_REMOVE, FSGO_LOAD, FSGO_SET_IF_ABSENT };

int32_t fsgo_client_new(const char *config, size_t config_len, uintptr_t store, int offers, fsgo_scratch *scratch);
int32_t fsgo_client_update(const flagstay_client *client, const char *document, size_t len, fsgo_scratch *scratch);
int32_t fsgo_client_status(const flagstay_client *client, fsgo_scratch *scratch);
/* `resolver` is the handle of a Go value, which the library lets go of in any case. */
int32_t fsgo_client_set_countries(const flagstay_client *client, uintptr_t resolver, fsgo_scratch *scratch);
int32_t fsgo_client_close(const flagstay_client *client, uint32_t timeout_ms, fsgo_scratch *scratch);
void fsgo_client_free(flagstay_client *client);

/* A scratch of NULL: the status is enough. */
flagstay_user *fsgo_user_new(const char *key, size_t len, fsgo_scratch *scratch);
int32_t fsgo_user_from_json(const char *json, size_t len, fsgo_scratch *scratch);
int32_t fsgo_user_set_text(flagstay_user *user, int32_t part, const char *name, size_t name_len, const char *value,
                           size_t len, fsgo_scratch *scratch);
int32_t fsgo_user_set_number(flagstay_user *user, int32_t part, const char *name, size_t name_len, double value,
                             fsgo_scratch *scratch);
int32_t fsgo_user_set_integer(flagstay_user *user, int32_t part, const char *name, size_t name_len, int64_t value,
                              fsgo_scratch *scratch);
int32_t fsgo_user_set_boolean(flagstay_user *user, int32_t part, const char *name, size_t name_len, uint8_t value,
                              fsgo_scratch *scratch);
int32_t fsgo_user_set_json(flagstay_user *user, int32_t part, const char *name, size_t name_len, const char *json,
                           size_t len, fsgo_scratch *scratch);
void fsgo_user_free(flagstay_user *user);

/* What a call asks for beyond flag and user, in one number: these bits, and a flagstay_kind above them. */
enum {
  FSGO_READ = 1,
  FSGO_ENFORCE_TARGETING = 2,
  FSGO_ENFORCE_OVERRIDES = 4,
  FSGO_DETAILS = 8,
  FSGO_KIND_SHIFT = 8
};

/* The `quiet` ones are the same functions under names that are declared, in client.go, never to call back into Go. */
uint8_t fsgo_boolean(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                     uint8_t fallback);
uint8_t fsgo_boolean_quiet(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                           uint8_t fallback);
double fsgo_number(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                   double fallback);
double fsgo_number_quiet(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                         double fallback);
int32_t fsgo_evaluate(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                      uint32_t asked, const flagstay_assignments *assignments, const char *fallback,
                      size_t fallback_len, fsgo_scratch *scratch);
int32_t fsgo_text(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                  const char *fallback, size_t fallback_len, fsgo_scratch *scratch);
int32_t fsgo_json(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                  const char *fallback, size_t fallback_len, fsgo_scratch *scratch);
int32_t fsgo_explain(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                     uint32_t asked, const flagstay_assignments *assignments, const char *fallback,
                     size_t fallback_len, fsgo_scratch *scratch);

int32_t fsgo_switch_new(const flagstay_client *client, const char *flag, size_t len, uint8_t fallback,
                        fsgo_scratch *scratch);
/* Gives what flagstay_switch_on gives: the answer, and above it the status. */
int32_t fsgo_switch_on(const flagstay_switch *prepared, const flagstay_user *user);
void fsgo_switch_free(flagstay_switch *prepared);

int32_t fsgo_evaluate_all(const flagstay_client *client, const flagstay_user *user, uint32_t asked,
                          const flagstay_assignments *assignments, fsgo_scratch *scratch);
/* Fills the decision of a flag, of a flagstay_kind where several share the name; with a client it is exposed as well. */
int32_t fsgo_decisions_get(const flagstay_decisions *decisions, const flagstay_client *client, int32_t kind,
                           const char *flag, size_t len, fsgo_scratch *scratch);
int32_t fsgo_decisions_at(const flagstay_decisions *decisions, size_t index, fsgo_scratch *scratch);
int32_t fsgo_decisions_expose(const flagstay_decisions *decisions, const flagstay_client *client, size_t index,
                              fsgo_scratch *scratch);
size_t fsgo_decisions_count(const flagstay_decisions *decisions);
void fsgo_decisions_free(flagstay_decisions *decisions);

/* On success the scratch's text is why the store did not say what it holds; NULL: it did. */
int32_t fsgo_assignments_load(const flagstay_client *client, const flagstay_user *user, const char *id_type,
                              size_t len, fsgo_scratch *scratch);
int32_t fsgo_assignments_from_json(const char *records, size_t len, fsgo_scratch *scratch);
int32_t fsgo_assignments_json(const flagstay_assignments *assignments, fsgo_scratch *scratch);
void fsgo_assignments_free(flagstay_assignments *assignments);

/* With `has_id` 0 for everybody; otherwise for users who have the id, which may be empty. */
int32_t fsgo_override_set(const flagstay_client *client, int32_t kind, const char *flag, size_t len, int has_id,
                          const char *id, size_t id_len, const char *value, size_t value_len, fsgo_scratch *scratch);
int32_t fsgo_override_set_group(const flagstay_client *client, const char *flag, size_t len, int has_id,
                                const char *id, size_t id_len, const char *group, size_t group_len,
                                fsgo_scratch *scratch);
int32_t fsgo_override_remove(const flagstay_client *client, int32_t kind, const char *flag, size_t len, int has_id,
                             const char *id, size_t id_len, fsgo_scratch *scratch);
int32_t fsgo_override_clear(const flagstay_client *client, fsgo_scratch *scratch);

int32_t fsgo_peek(const flagstay_client *client, const char *unit, size_t unit_len, const char *flag, size_t len,
                  fsgo_scratch *scratch);
int32_t fsgo_forget(const flagstay_client *client, const char *unit, size_t unit_len, fsgo_scratch *scratch);
int32_t fsgo_track(const flagstay_client *client, const flagstay_user *user, const char *event, size_t len,
                   const char *details, size_t details_len, fsgo_scratch *scratch);
int32_t fsgo_drain_events(const flagstay_client *client, size_t most, fsgo_scratch *scratch);

/* Calls a sink; Go cannot call a C function pointer. */
void fsgo_sink(flagstay_sink sink, void *sink_context, const char *text, size_t len);

#endif
