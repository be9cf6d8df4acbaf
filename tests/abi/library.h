/* The shared library found and loaded at run time, as a host does that is not linked with it.
 *
 * `flagstay.boolean(…)` is `flagstay_boolean(…)`. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "flagstay.h"

#define FLAGSTAY_FUNCTIONS(EACH)                                                          \
    EACH(abi_version) EACH(version) EACH(error_status) EACH(error_message)                \
    EACH(error_free) EACH(string_data) EACH(string_free) EACH(client_new)                 \
    EACH(client_update) EACH(client_status) EACH(client_close) EACH(client_free)          \
    EACH(user_new) EACH(user_from_json) EACH(user_set_text) EACH(user_set_number)         \
    EACH(user_set_integer) EACH(user_set_boolean) EACH(user_set_json) EACH(user_free)     \
    EACH(decision_clear) EACH(evaluate) EACH(boolean) EACH(number) EACH(text) EACH(json)  \
    EACH(evaluate_all) EACH(decisions_count) EACH(decisions_at) EACH(decisions_find)      \
    EACH(decisions_expose) EACH(decisions_free) EACH(explain) EACH(peek) EACH(forget)     \
    EACH(track) EACH(drain_events) EACH(on)                                               \
    EACH(assignments_load) EACH(assignments_from_json) EACH(assignments_error)            \
    EACH(assignments_json) EACH(assignments_free) EACH(override_set)                      \
    EACH(override_set_group) EACH(override_remove) EACH(override_clear)                   \
    EACH(client_set_countries) EACH(switch_new) EACH(switch_on) EACH(switch_try)          \
    EACH(switch_free)

#define FLAGSTAY_MEMBER(name) __typeof__(flagstay_##name) *name;
extern struct library {
    FLAGSTAY_FUNCTIONS(FLAGSTAY_MEMBER)
} flagstay;

/* Loads the library: the file that FLAGSTAY_LIBRARY names, else the one next to the program, else the system's. Says on
 * stderr what was tried and returns 0 when there is none, or one that is older than the header. */
int library_load(void);

#endif
