#include "options.h"

#include <stdlib.h>
#include <string.h>

/* Reads a switch that may be left out. */
static int switch_of(struct subject *subject, struct value step, const char *name, int otherwise, int *on)
{
    struct value given = member(step, name);
    *on = is_there(given) ? is_true(given) : otherwise;
    if (!is_there(given) || is_true(given) || raw_is(given, "false"))
        return 1;
    fail(&subject->place, "`%s` is %.*s, neither true nor false", name, (int)raw(given).length, raw(given).text);
    return 0;
}

static int kind_of(struct subject *subject, struct value step, int32_t *kind)
{
    static const struct {
        const char *name;
        int32_t kind;
    } kinds[] = {{"gate", FLAGSTAY_KIND_GATE},
                 {"config", FLAGSTAY_KIND_CONFIG},
                 {"experiment", FLAGSTAY_KIND_EXPERIMENT},
                 {"layer", FLAGSTAY_KIND_LAYER}};
    struct value given = member(step, "kind");
    *kind = FLAGSTAY_KIND_ANY;
    if (!is_there(given) || is_null(given))
        return 1;
    for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++) {
        if (text_is(given, kinds[at].name)) {
            *kind = kinds[at].kind;
            return 1;
        }
    }
    fail(&subject->place, "there is no kind %.*s", (int)raw(given).length, raw(given).text);
    return 0;
}

/* What the store holds for a user at this step. A user without such an id has no assignments, and passes none. */
static int load(struct subject *subject, struct value wanted, flagstay_assignments **assignments)
{
    static const char *const known[] = {"user", "id_type", NULL};
    struct slice unknown = unknown_member(wanted, known);
    struct value id_type = member(wanted, "id_type");
    flagstay_user *user = NULL;
    flagstay_error *error = NULL;
    char message[1000];
    if (unknown.text || !is_string(id_type)) {
        fail(&subject->place, "`assignments.load` lacks `id_type`, or has a member that is not known to this runner: %.*s",
             (int)unknown.length, unknown.text ? unknown.text : "");
        return 0;
    }
    if (!user_in(subject, wanted, &user))
        return 0;
    size_t length;
    char *text = text_of(id_type, &length);
    int loaded = flagstay.assignments_load(subject->client, user, text, length, assignments, &error) == FLAGSTAY_OK;
    if (!loaded)
        fail(&subject->place, "the assignments: %s", error_text(error, message, sizeof message));
    free(text);
    flagstay.user_free(user);
    return loaded;
}

/* The assignments that the step passes along: `{"load": …}`, `{"values": …}`, or none. */
static int assignments_of(struct subject *subject, struct value step, flagstay_assignments **assignments)
{
    struct value passed = member(step, "assignments");
    struct value wanted = member(passed, "load"), values = member(passed, "values");
    flagstay_error *error = NULL;
    char message[1000];
    if (!is_there(passed) || is_null(passed))
        return 1;
    if (!is_object(passed) || size_of(passed) != 1 || is_there(wanted) == is_there(values)) {
        fail(&subject->place, "`assignments` must have one member, `load` or `values`");
        return 0;
    }
    if (is_there(wanted))
        return load(subject, wanted, assignments);
    if (flagstay.assignments_from_json(raw(values).text, raw(values).length, assignments, &error) == FLAGSTAY_OK)
        return 1;
    fail(&subject->place, "the assignments: %s", error_text(error, message, sizeof message));
    return 0;
}

int options_of(struct subject *subject, struct value step, struct step_options *options)
{
    int exposure, targeting, overrides;
    memset(options, 0, sizeof *options);
    options->given.size = sizeof options->given;
    if (!switch_of(subject, step, "exposure", 1, &exposure) ||
        !switch_of(subject, step, "enforce_targeting", 0, &targeting) ||
        !switch_of(subject, step, "enforce_overrides", 0, &overrides) ||
        !kind_of(subject, step, &options->given.kind) || !assignments_of(subject, step, &options->assignments))
        return 0;
    struct slice fallback = raw(member(step, "default"));
    options->given.default_json = fallback.text;
    options->given.default_json_len = fallback.length;
    options->given.mode = exposure ? FLAGSTAY_MODE_EXPOSE : FLAGSTAY_MODE_READ;
    options->given.enforce_targeting = (uint8_t)targeting;
    options->given.enforce_overrides = (uint8_t)overrides;
    options->given.assignments = options->assignments;
    return 1;
}

void options_end(struct step_options *options)
{
    flagstay.assignments_free(options->assignments);
}
