#include "subject.h"

#include <stdlib.h>
#include <string.h>

/* Hands the client a document by its name in the file. That the client refuses it is an answer too: what follows is
 * decided without it. 0: there is no such document. */
static int update(struct subject *subject, struct value name)
{
    size_t length;
    char *text = is_string(name) ? text_of(name, &length) : NULL;
    struct value document = text ? member(member(subject->vectors->root, "rulesets"), text) : name;
    if (!text || !is_there(document)) {
        fail(&subject->place, "there is no ruleset %.*s", (int)raw(name).length, raw(name).text);
        free(text);
        return 0;
    }
    free(text);
    struct value file = member(document, "$file");
    struct slice written = raw(document);
    char *loaded = NULL;
    if (is_string(file) && size_of(document) == 1) {
        char *relative = text_of(file, &length);
        const char *slash = strrchr(subject->vectors->path, '/');
        struct buffer path = {0};
        add(&path, subject->vectors->path, slash ? (size_t)(slash + 1 - subject->vectors->path) : 0);
        add_text(&path, relative);
        loaded = read_file(path.text, &written.length);
        written.text = loaded;
        if (!loaded)
            fail(&subject->place, "%s cannot be read", path.text);
        buffer_end(&path);
        free(relative);
        if (!loaded)
            return 0;
    }
    int32_t status = flagstay.client_update(subject->client, written.text, written.length, NULL);
    free(loaded);
    if (status == FLAGSTAY_INTERNAL)
        fail(&subject->place, "the update ran into a bug of the library");
    return status != FLAGSTAY_INTERNAL;
}

/* The configuration of the client; 0 if the case asks for something that is not known here. */
static int configure(struct subject *subject, struct value one, struct buffer *config)
{
    static const char *const known[] = {"goal_type_to_track", "opt_out", "store_fault", "environment",
                                        "global_custom_fields", "env_secret", "defaults", NULL};
    struct value options = member(one, "config");
    struct slice unknown = unknown_member(options, known);
    if (unknown.text) {
        fail(&subject->place, "config: %.*s is not known to this runner", (int)unknown.length, unknown.text);
        return 0;
    }
    struct slice dialect = raw(member(subject->vectors->root, "dialect"));
    add_text(config, "{\"dialect\": ");
    add(config, dialect.text, dialect.length);
    struct value now = member(subject->vectors->root, "now_ms");
    if (is_there(now))
        add_formatted(config, ", \"now_ms\": %.*s", (int)raw(now).length, raw(now).text);
    struct value steps = member(one, "steps"), step = first(steps);
    for (int left = size_of(steps); left > 0; left--, step = next(step))
        if (text_is(member(step, "op"), "events")) {
            add_text(config, ", \"events\": {\"exposures\": true}");
            break;
        }
    add_text(config, ", \"options\": {");
    int options_given = 0;
    struct value name = first(options);
    for (int left = size_of(options); left > 0; left--, name = next(next(name))) {
        struct slice key = raw(name), value = raw(next(name));
        if (text_is(name, "store_fault"))
            continue;
        add_text(config, options_given++ ? ", " : "");
        add(config, key.text, key.length);
        add_text(config, ": ");
        add(config, value.text, value.length);
    }
    add_text(config, "}}");
    return 1;
}

/* What each op may have besides `op` and `expect`. */
static const struct {
    const char *op;
    const char *members[11];
} ops[] = {
    {"evaluate", {"op", "expect", "flag", "user", "default", "exposure", "kind", "assignments", "enforce_targeting",
                  "enforce_overrides", NULL}},
    {"evaluate_all", {"op", "expect", "user", "exposure", NULL}},
    {"track", {"op", "expect", "event", "user", "value", "properties", "flags", NULL}},
    {"ruleset", {"op", "name", NULL}},
    {"events", {"op", "expect", NULL}},
    {"storage", {"op", "expect", NULL}},
};

static void take_step(struct subject *subject, struct value step)
{
    struct value op = member(step, "op"), expect = member(step, "expect");
    size_t at = 0;
    while (at < sizeof ops / sizeof *ops && !text_is(op, ops[at].op))
        at++;
    if (at == sizeof ops / sizeof *ops) {
        fail(&subject->place, "op %.*s is not known to this runner", (int)raw(op).length, raw(op).text ? raw(op).text : "");
        return;
    }
    struct slice unknown = unknown_member(step, ops[at].members);
    if (unknown.text) {
        fail(&subject->place, "%.*s is not known to this runner", (int)unknown.length, unknown.text);
        return;
    }
    switch (at) {
    case 0: evaluate(subject, step, expect); break;
    case 1: evaluate_all(subject, step, expect); break;
    case 2: track(subject, step, expect); break;
    case 3: update(subject, member(step, "name")); break;
    case 4: events(subject, expect); break;
    case 5: storage(subject, expect); break;
    }
}

void case_run(const struct vectors *vectors, struct value one)
{
    static const char *const known[] = {"name", "ruleset", "config", "storage", "steps", NULL};
    struct subject subject = {.vectors = vectors, .decision = {.size = sizeof(flagstay_decision)}};
    subject.place = (struct place){vectors->report, vectors->path, raw(member(one, "name")), 0, one};
    if (!subject.place.name.text)
        subject.place.name = (struct slice){"(a case without a name)", 23};
    struct value steps = member(one, "steps");
    struct slice unknown = unknown_member(one, known);
    if (unknown.text || !is_list(steps)) {
        fail(&subject.place, "the case lacks `steps`, or has a member that is not known to this runner: %.*s",
             (int)unknown.length, unknown.text ? unknown.text : "");
        return;
    }
    map_store_init(&subject.store);
    struct buffer config = {0};
    int ready = configure(&subject, one, &config) && fill_store(&subject, one);
    if (ready) {
        flagstay_store table = map_store_table(&subject.store);
        flagstay_error *error = NULL;
        char message[1000];
        ready = flagstay.client_new(config.text, config.length, subject.has_store ? &table : NULL, &subject.client,
                                    &error) == FLAGSTAY_OK;
        if (!ready)
            fail(&subject.place, "no client: %s", error_text(error, message, sizeof message));
    }
    struct value ruleset = member(one, "ruleset");
    if (ready && is_there(ruleset) && !is_null(ruleset))
        ready = update(&subject, ruleset);
    struct value step = first(steps);
    for (int left = size_of(steps); ready && left > 0; left--, step = next(step)) {
        subject.place.step++;
        subject.place.document = step;
        take_step(&subject, step);
    }
    buffer_end(&config);
    flagstay.decision_clear(&subject.decision);
    flagstay.client_free(subject.client);
    if (subject.has_store && subject.client && subject.store.drops != 1) {
        subject.place.step = 0;
        fail(&subject.place, "the store was let go %d times", subject.store.drops);
    }
    map_store_end(&subject.store);
}
