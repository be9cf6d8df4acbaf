#include "shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

/* Every function that the package uses, once. The header gives each its type. */
#define FUNCTIONS(X)                                                                                                  \
  X(abi_version) X(version) X(error_status) X(error_message) X(error_free) X(string_data) X(string_free)             \
  X(client_new) X(client_update) X(client_set_countries) X(client_status) X(client_close) X(client_free)             \
  X(user_new) X(user_from_json) X(user_set_text) X(user_set_number) X(user_set_integer) X(user_set_boolean)          \
  X(user_set_json) X(user_free)                                                                                      \
  X(decision_clear) X(evaluate) X(on) X(number) X(text) X(json)                                                      \
  X(switch_new) X(switch_on) X(switch_free)                                                                          \
  X(evaluate_all) X(decisions_count) X(decisions_at) X(decisions_find) X(decisions_expose) X(decisions_free)         \
  X(assignments_load) X(assignments_from_json) X(assignments_error) X(assignments_json) X(assignments_free)          \
  X(override_set) X(override_set_group) X(override_remove) X(override_clear)                                         \
  X(explain) X(peek) X(forget) X(track) X(drain_events)

#define MEMBER(name) __typeof__(flagstay_##name) *name;
typedef struct functions {
  FUNCTIONS(MEMBER)
} functions;

static functions library;

int fsgo_load(const char *path, char *problem, size_t problem_len) {
  /* Never closed: the library is linked with `nodelete`, and Go threads may be inside it until the process ends. */
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    const char *why = dlerror();
    snprintf(problem, problem_len, "%s", why != NULL ? why : "dlopen failed");
    return 1;
  }
  functions found;
#define FIND(name)                                                                                                    \
  *(void **)&found.name = dlsym(handle, "flagstay_" #name);                                                          \
  if (found.name == NULL) {                                                                                          \
    snprintf(problem, problem_len, "it has no function flagstay_" #name);                                            \
    return 1;                                                                                                        \
  }
  FUNCTIONS(FIND)
  uint32_t version = found.abi_version();
  if (version < FLAGSTAY_ABI_VERSION) {
    snprintf(problem, problem_len, "its ABI version is %u, and this package needs at least %u", (unsigned)version,
             (unsigned)FLAGSTAY_ABI_VERSION);
    return 1;
  }
  library = found;
  return 0;
}

uint32_t fsgo_abi_version(void) { return library.abi_version(); }

const char *fsgo_version(void) { return library.version(); }

fsgo_scratch *fsgo_scratch_new(void) {
  fsgo_scratch *scratch = calloc(1, sizeof *scratch);
  if (scratch != NULL) scratch->decision.size = sizeof scratch->decision;
  return scratch;
}

void fsgo_scratch_release(fsgo_scratch *scratch) {
  library.error_free(scratch->error);
  library.string_free(scratch->string);
  scratch->error = NULL;
  scratch->string = NULL;
  scratch->text = NULL;
  scratch->text_len = 0;
}

void fsgo_scratch_free(fsgo_scratch *scratch) {
  fsgo_scratch_release(scratch);
  library.decision_clear(&scratch->decision);
  free(scratch);
}

/* Notes the text of the error or of the string that a call gave back. */
static int32_t finish(fsgo_scratch *scratch, flagstay_status status) {
  if (scratch->error != NULL) {
    scratch->text = library.error_message(scratch->error, &scratch->text_len);
  } else if (scratch->string != NULL) {
    scratch->text = library.string_data(scratch->string, &scratch->text_len);
  }
  return status;
}

/* For calls whose scratch may be NULL. */
#define ERROR_OF(scratch) ((scratch) != NULL ? &(scratch)->error : NULL)

static int32_t finish_if(fsgo_scratch *scratch, flagstay_status status) {
  return scratch != NULL ? finish(scratch, status) : status;
}

static int32_t get(void *context, const char *unit, size_t unit_len, const char *flag, size_t flag_len,
                   flagstay_sink sink, void *sink_context) {
  return flagstay_go_store((uintptr_t)context, FSGO_GET, (char *)unit, unit_len, (char *)flag, flag_len, NULL, 0, sink,
                           sink_context);
}

static int32_t set(void *context, const char *unit, size_t unit_len, const char *flag, size_t flag_len,
                   const char *record, size_t record_len, flagstay_sink sink, void *sink_context) {
  return flagstay_go_store((uintptr_t)context, FSGO_SET, (char *)unit, unit_len, (char *)flag, flag_len,
                           (char *)record, record_len, sink, sink_context);
}

static int32_t remove_record(void *context, const char *unit, size_t unit_len, const char *flag, size_t flag_len,
                             flagstay_sink sink, void *sink_context) {
  return flagstay_go_store((uintptr_t)context, FSGO_REMOVE, (char *)unit, unit_len, (char *)flag, flag_len, NULL, 0,
                           sink, sink_context);
}

static int32_t load(void *context, const char *unit, size_t unit_len, flagstay_sink sink, void *sink_context) {
  return flagstay_go_store((uintptr_t)context, FSGO_LOAD, (char *)unit, unit_len, NULL, 0, NULL, 0, sink,
                           sink_context);
}

static int32_t set_if_absent(void *context, const char *unit, size_t unit_len, const char *flag, size_t flag_len,
                             const char *record, size_t record_len, flagstay_sink sink, void *sink_context) {
  return flagstay_go_store((uintptr_t)context, FSGO_SET_IF_ABSENT, (char *)unit, unit_len, (char *)flag, flag_len,
                           (char *)record, record_len, sink, sink_context);
}

static int32_t country(void *context, const char *ip, size_t ip_len, flagstay_sink sink, void *sink_context) {
  return flagstay_go_country((uintptr_t)context, (char *)ip, ip_len, sink, sink_context);
}

static void drop(void *context) { flagstay_go_drop((uintptr_t)context); }

int32_t fsgo_client_new(const char *config, size_t config_len, uintptr_t store, int offers, fsgo_scratch *scratch) {
  /* The context is a number, not a pointer: Go's collector and its pointer checks must never look at it. */
  flagstay_store table = {
      .size = sizeof table,
      .context = (void *)store,
      .drop = drop,
      .get = get,
      .set = set,
      .remove = remove_record,
      .load = (offers & FSGO_STORE_LOADS) ? load : NULL,
      .set_if_absent = (offers & FSGO_STORE_SETS_IF_ABSENT) ? set_if_absent : NULL,
  };
  const flagstay_store *given = offers == FSGO_NO_STORE ? NULL : &table;
  return finish(scratch, library.client_new(config, config_len, given, &scratch->client, &scratch->error));
}

int32_t fsgo_client_update(const flagstay_client *client, const char *document, size_t len, fsgo_scratch *scratch) {
  return finish(scratch, library.client_update(client, document, len, &scratch->error));
}

int32_t fsgo_client_set_countries(const flagstay_client *client, uintptr_t resolver, fsgo_scratch *scratch) {
  flagstay_countries table = {
      .size = sizeof table,
      .context = (void *)resolver,
      .drop = drop,
      .country = country,
  };
  return finish(scratch, library.client_set_countries(client, &table, &scratch->error));
}

int32_t fsgo_client_status(const flagstay_client *client, fsgo_scratch *scratch) {
  return finish(scratch, library.client_status(client, &scratch->string, &scratch->error));
}

int32_t fsgo_client_close(const flagstay_client *client, uint32_t timeout_ms, fsgo_scratch *scratch) {
  return finish(scratch, library.client_close(client, timeout_ms, &scratch->error));
}

void fsgo_client_free(flagstay_client *client) { library.client_free(client); }

flagstay_user *fsgo_user_new(const char *key, size_t len, fsgo_scratch *scratch) {
  flagstay_user *user = NULL;
  finish_if(scratch, library.user_new(key, len, &user, ERROR_OF(scratch)));
  return user;
}

int32_t fsgo_user_from_json(const char *json, size_t len, fsgo_scratch *scratch) {
  return finish(scratch, library.user_from_json(json, len, &scratch->user, &scratch->error));
}

int32_t fsgo_user_set_text(flagstay_user *user, int32_t part, const char *name, size_t name_len, const char *value,
                           size_t len, fsgo_scratch *scratch) {
  return finish_if(scratch, library.user_set_text(user, part, name, name_len, value, len, ERROR_OF(scratch)));
}

int32_t fsgo_user_set_number(flagstay_user *user, int32_t part, const char *name, size_t name_len, double value,
                             fsgo_scratch *scratch) {
  return finish_if(scratch, library.user_set_number(user, part, name, name_len, value, ERROR_OF(scratch)));
}

int32_t fsgo_user_set_integer(flagstay_user *user, int32_t part, const char *name, size_t name_len, int64_t value,
                              fsgo_scratch *scratch) {
  return finish_if(scratch, library.user_set_integer(user, part, name, name_len, value, ERROR_OF(scratch)));
}

int32_t fsgo_user_set_boolean(flagstay_user *user, int32_t part, const char *name, size_t name_len, uint8_t value,
                              fsgo_scratch *scratch) {
  return finish_if(scratch, library.user_set_boolean(user, part, name, name_len, value, ERROR_OF(scratch)));
}

int32_t fsgo_user_set_json(flagstay_user *user, int32_t part, const char *name, size_t name_len, const char *json,
                           size_t len, fsgo_scratch *scratch) {
  return finish_if(scratch, library.user_set_json(user, part, name, name_len, json, len, ERROR_OF(scratch)));
}

void fsgo_user_free(flagstay_user *user) { library.user_free(user); }

uint8_t fsgo_boolean(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                     uint8_t fallback) {
  return library.on(client, user, flag, len, fallback) & 1;
}

uint8_t fsgo_boolean_quiet(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                           uint8_t fallback) {
  return fsgo_boolean(client, user, flag, len, fallback);
}

double fsgo_number(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                   double fallback) {
  double value = fallback;
  library.number(client, user, flag, len, fallback, &value, NULL);
  return value;
}

double fsgo_number_quiet(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                         double fallback) {
  return fsgo_number(client, user, flag, len, fallback);
}

static flagstay_options options(uint32_t asked, const flagstay_assignments *assignments, const char *fallback,
                                size_t fallback_len) {
  flagstay_options options = {
      .size = sizeof options,
      .mode = (asked & FSGO_READ) != 0 ? FLAGSTAY_MODE_READ : FLAGSTAY_MODE_EXPOSE,
      .default_json = fallback,
      .default_json_len = fallback_len,
      .kind = (int32_t)(asked >> FSGO_KIND_SHIFT),
      .enforce_targeting = (asked & FSGO_ENFORCE_TARGETING) != 0,
      .enforce_overrides = (asked & FSGO_ENFORCE_OVERRIDES) != 0,
      .details = (asked & FSGO_DETAILS) != 0,
      .assignments = assignments,
  };
  return options;
}

int32_t fsgo_evaluate(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                      uint32_t asked, const flagstay_assignments *assignments, const char *fallback,
                      size_t fallback_len, fsgo_scratch *scratch) {
  flagstay_options given = options(asked, assignments, fallback, fallback_len);
  return finish(scratch,
                library.evaluate(client, user, flag, len, &given, &scratch->decision, &scratch->error));
}

int32_t fsgo_text(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                  const char *fallback, size_t fallback_len, fsgo_scratch *scratch) {
  return finish(scratch, library.text(client, user, flag, len, fallback, fallback_len, &scratch->decision,
                                      &scratch->error));
}

int32_t fsgo_json(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                  const char *fallback, size_t fallback_len, fsgo_scratch *scratch) {
  return finish(scratch, library.json(client, user, flag, len, fallback, fallback_len, &scratch->decision,
                                      &scratch->error));
}

int32_t fsgo_explain(const flagstay_client *client, const flagstay_user *user, const char *flag, size_t len,
                     uint32_t asked, const flagstay_assignments *assignments, const char *fallback,
                     size_t fallback_len, fsgo_scratch *scratch) {
  flagstay_options given = options(asked, assignments, fallback, fallback_len);
  return finish(scratch, library.explain(client, user, flag, len, &given, &scratch->string, &scratch->error));
}

int32_t fsgo_switch_new(const flagstay_client *client, const char *flag, size_t len, uint8_t fallback,
                        fsgo_scratch *scratch) {
  return finish(scratch, library.switch_new(client, flag, len, fallback, &scratch->prepared, &scratch->error));
}

int32_t fsgo_switch_on(const flagstay_switch *prepared, const flagstay_user *user) {
  return library.switch_on(prepared, user);
}

void fsgo_switch_free(flagstay_switch *prepared) { library.switch_free(prepared); }

int32_t fsgo_evaluate_all(const flagstay_client *client, const flagstay_user *user, uint32_t asked,
                          const flagstay_assignments *assignments, fsgo_scratch *scratch) {
  flagstay_options given = options(asked, assignments, NULL, 0);
  return finish(scratch, library.evaluate_all(client, user, &given, &scratch->decisions, &scratch->error));
}

static int is_of(const flagstay_decision *decision, int32_t kind, const char *flag, size_t len) {
  return decision->kind == kind && decision->flag_len == len && (len == 0 || memcmp(decision->flag, flag, len) == 0);
}

int32_t fsgo_decisions_get(const flagstay_decisions *decisions, const flagstay_client *client, int32_t kind,
                           const char *flag, size_t len, fsgo_scratch *scratch) {
  size_t index = 0;
  flagstay_status status = library.decisions_find(decisions, flag, len, &index, &scratch->error);
  if (status == FLAGSTAY_OK) {
    status = library.decisions_at(decisions, index, &scratch->decision, &scratch->error);
  }
  /* Only the first of a name can be found; the others are somewhere behind it. */
  while (kind != FLAGSTAY_KIND_ANY && status == FLAGSTAY_OK && !is_of(&scratch->decision, kind, flag, len)) {
    if (++index == library.decisions_count(decisions)) return FLAGSTAY_FLAG_NOT_FOUND;
    status = library.decisions_at(decisions, index, &scratch->decision, &scratch->error);
  }
  if (status == FLAGSTAY_OK && client != NULL) {
    status = library.decisions_expose(decisions, client, index, &scratch->error);
  }
  return finish(scratch, status);
}

int32_t fsgo_decisions_at(const flagstay_decisions *decisions, size_t index, fsgo_scratch *scratch) {
  return finish(scratch, library.decisions_at(decisions, index, &scratch->decision, &scratch->error));
}

int32_t fsgo_decisions_expose(const flagstay_decisions *decisions, const flagstay_client *client, size_t index,
                              fsgo_scratch *scratch) {
  return finish(scratch, library.decisions_expose(decisions, client, index, &scratch->error));
}

size_t fsgo_decisions_count(const flagstay_decisions *decisions) { return library.decisions_count(decisions); }

void fsgo_decisions_free(flagstay_decisions *decisions) { library.decisions_free(decisions); }

int32_t fsgo_assignments_load(const flagstay_client *client, const flagstay_user *user, const char *id_type,
                              size_t len, fsgo_scratch *scratch) {
  flagstay_status status =
      library.assignments_load(client, user, id_type, len, &scratch->assignments, &scratch->error);
  if (status == FLAGSTAY_OK) scratch->text = library.assignments_error(scratch->assignments, &scratch->text_len);
  return finish(scratch, status);
}

int32_t fsgo_assignments_from_json(const char *records, size_t len, fsgo_scratch *scratch) {
  return finish(scratch, library.assignments_from_json(records, len, &scratch->assignments, &scratch->error));
}

int32_t fsgo_assignments_json(const flagstay_assignments *assignments, fsgo_scratch *scratch) {
  return finish(scratch, library.assignments_json(assignments, &scratch->string, &scratch->error));
}

void fsgo_assignments_free(flagstay_assignments *assignments) { library.assignments_free(assignments); }

/* NULL is everybody, and so an empty id must not be NULL, as Go's empty text is. */
static const char *id_or_null(int has_id, const char *id) {
  if (!has_id) return NULL;
  return id != NULL ? id : "";
}

int32_t fsgo_override_set(const flagstay_client *client, int32_t kind, const char *flag, size_t len, int has_id,
                          const char *id, size_t id_len, const char *value, size_t value_len, fsgo_scratch *scratch) {
  return finish(scratch, library.override_set(client, kind, flag, len, id_or_null(has_id, id), id_len, value,
                                              value_len, &scratch->error));
}

int32_t fsgo_override_set_group(const flagstay_client *client, const char *flag, size_t len, int has_id,
                                const char *id, size_t id_len, const char *group, size_t group_len,
                                fsgo_scratch *scratch) {
  return finish(scratch, library.override_set_group(client, flag, len, id_or_null(has_id, id), id_len, group,
                                                    group_len, &scratch->error));
}

int32_t fsgo_override_remove(const flagstay_client *client, int32_t kind, const char *flag, size_t len, int has_id,
                             const char *id, size_t id_len, fsgo_scratch *scratch) {
  return finish(scratch,
                library.override_remove(client, kind, flag, len, id_or_null(has_id, id), id_len, &scratch->error));
}

int32_t fsgo_override_clear(const flagstay_client *client, fsgo_scratch *scratch) {
  return finish(scratch, library.override_clear(client, &scratch->error));
}

int32_t fsgo_peek(const flagstay_client *client, const char *unit, size_t unit_len, const char *flag, size_t len,
                  fsgo_scratch *scratch) {
  return finish(scratch,
                library.peek(client, unit, unit_len, flag, len, &scratch->string, &scratch->error));
}

int32_t fsgo_forget(const flagstay_client *client, const char *unit, size_t unit_len, fsgo_scratch *scratch) {
  scratch->number = 0;
  return finish(scratch, library.forget(client, unit, unit_len, &scratch->number, &scratch->error));
}

int32_t fsgo_track(const flagstay_client *client, const flagstay_user *user, const char *event, size_t len,
                   const char *details, size_t details_len, fsgo_scratch *scratch) {
  uint8_t accepted = 0;
  flagstay_status status =
      library.track(client, user, event, len, details, details_len, &accepted, &scratch->error);
  scratch->number = accepted;
  return finish(scratch, status);
}

int32_t fsgo_drain_events(const flagstay_client *client, size_t most, fsgo_scratch *scratch) {
  return finish(scratch, library.drain_events(client, most, &scratch->string, &scratch->error));
}

void fsgo_sink(flagstay_sink sink, void *sink_context, const char *text, size_t len) {
  sink(sink_context, text, len);
}
