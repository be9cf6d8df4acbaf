#include "case.h"

#include "library.h"
#include "map_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct subject {
    const struct vectors *vectors;
    struct place place;
    flagstay_client *client;
    struct map_store store;
    int has_store;
    flagstay_decision decision;
};

static const char *error_text(flagstay_error *error, char *into, size_t room)
{
    size_t length = 0;
    const char *message = flagstay.error_message(error, &length);
    snprintf(into, room, "status %d: %.*s", (int)flagstay.error_status(error), (int)length, message ? message : "");
    flagstay.error_free(error);
    return into;
}

/* The name of a member that is not among those that are known (a list that ends with NULL). */
static struct slice unknown_member(struct value object, const char *const *known)
{
    struct value name = first(object);
    for (int left = size_of(object); left > 0; left--, name = next(next(name))) {
        int found = 0;
        for (const char *const *at = known; *at && !found; at++)
            found = text_is(name, *at);
        if (!found)
            return raw(name);
    }
    return (struct slice){NULL, 0};
}

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

static int fill_store(struct subject *subject, struct value one)
{
    struct value records = member(one, "storage"), fault = member(member(one, "config"), "store_fault");
    int gets = text_is(fault, "get"), sets = text_is(fault, "set"), both = text_is(fault, "both");
    if (is_there(fault) && !gets && !sets && !both) {
        fail(&subject->place, "config: store_fault %.*s is not known to this runner", (int)raw(fault).length,
             raw(fault).text);
        return 0;
    }
    subject->has_store = is_list(records);
    subject->store.get_fails = gets || both;
    subject->store.set_fails = sets || both;
    subject->store.failure = "this case's store fails";
    struct value record = first(records);
    for (int left = size_of(records); left > 0; left--, record = next(record)) {
        size_t unit_length, flag_length;
        struct value unit = member(record, "unit"), flag = member(record, "flag");
        struct slice text = raw(member(record, "record"));
        if (!is_string(unit) || !is_string(flag) || !text.text) {
            fail(&subject->place, "a record in storage lacks unit, flag or record");
            return 0;
        }
        char *unit_text = text_of(unit, &unit_length), *flag_text = text_of(flag, &flag_length);
        map_store_put(&subject->store, unit_text, unit_length, flag_text, flag_length, text.text, text.length);
        free(unit_text);
        free(flag_text);
    }
    return 1;
}

static const char *reason_name(int32_t reason)
{
    static const char *const names[] = {"ERROR",      "OFF",        "FALLTHROUGH", "TARGET_MATCH",
                                        "RULE_MATCH", "PREREQUISITE_FAILED", "STICKY"};
    return reason >= 0 && reason < 7 ? names[reason] : "(unknown reason)";
}

static const char *error_name(int32_t error)
{
    static const char *const names[] = {"FLAG_NOT_FOUND", "PROVIDER_NOT_READY", "TARGETING_KEY_MISSING",
                                        "TYPE_MISMATCH",  "PARSE_ERROR",        "INVALID_CONTEXT", "GENERAL"};
    if (error == FLAGSTAY_OK)
        return NULL;
    return error >= 300 && error < 307 ? names[error - 300] : "(unknown error)";
}

static const char *yes_or_no(uint8_t value)
{
    return value == 0 ? "false" : value == 1 ? "true" : "\"neither 0 nor 1\"";
}

/* The decision as JSON, keys as in the vectors. */
static void decision_json(const flagstay_decision *decision, struct buffer *json)
{
    add_formatted(json, "{\"found\": %s, \"enabled\": %s, \"sticky\": %s, \"reason\": \"%s\", \"error\": ",
                  yes_or_no(decision->found), yes_or_no(decision->enabled), yes_or_no(decision->sticky),
                  reason_name(decision->reason));
    const char *error = error_name(decision->error);
    add_quoted(json, error, error ? strlen(error) : 0);
    add_text(json, ", \"variation\": ");
    add_quoted(json, decision->variation, decision->variation_len);
    add_text(json, ", \"variation_id\": ");
    add_quoted(json, decision->variation_id, decision->variation_id_len);
    add_text(json, ", \"rule_id\": ");
    add_quoted(json, decision->rule_id, decision->rule_id_len);
    add_text(json, ", \"value\": ");
    if (decision->value_json)
        add(json, decision->value_json, decision->value_json_len);
    else
        add_text(json, "null");
    add_text(json, "}");
}

/* Says where an answer parts from what is expected; 0 if it does. Only the keys of `expect` are compared. */
static int agrees(struct subject *subject, const char *flag, struct value expect, const flagstay_decision *decision)
{
    struct buffer text = {0}, differences = {0};
    decision_json(decision, &text);
    struct json json;
    if (!json_parse(&json, text.text, text.length)) {
        fail(&subject->place, "%sthe decision holds no JSON: %s", flag, text.text);
        json_end(&json);
        return 0;
    }
    struct value name = first(expect);
    for (int left = size_of(expect); left > 0; left--, name = next(next(name))) {
        size_t length;
        char *key = text_of(name, &length);
        struct value wanted = next(name), got = member(json_root(&json), key);
        if (!is_there(got))
            add_formatted(&differences, "%s%s: no decision has this key; ", flag, key);
        else if (!json_equal(wanted, got, NULL))
            add_formatted(&differences, "%s%s: expected %.*s, got %.*s; ", flag, key, (int)raw(wanted).length,
                          raw(wanted).text, (int)raw(got).length, raw(got).text);
        free(key);
    }
    int same = differences.length == 0;
    if (!same) {
        if (decision->message)
            add_formatted(&differences, "message: %.*s", (int)decision->message_len, decision->message);
        fail(&subject->place, "%s", differences.text);
    }
    buffer_end(&differences);
    json_end(&json);
    return same;
}

/* The user of a step; 0 where there is none to be had. */
static int user_of_step(struct subject *subject, struct value step, flagstay_user **user)
{
    struct slice json = raw(member(step, "user"));
    flagstay_error *error = NULL;
    char message[1000];
    if (!json.text)
        fail(&subject->place, "the step has no `user`");
    else if (flagstay.user_from_json(json.text, json.length, user, &error) == FLAGSTAY_OK)
        return 1;
    else
        fail(&subject->place, "the user: %s", error_text(error, message, sizeof message));
    return 0;
}

static flagstay_options options_of(struct value step)
{
    flagstay_options options = {.size = sizeof options};
    struct slice fallback = raw(member(step, "default"));
    options.default_json = fallback.text;
    options.default_json_len = fallback.length;
    if (raw_is(member(step, "exposure"), "false"))
        options.mode = FLAGSTAY_MODE_READ;
    return options;
}

static void evaluate(struct subject *subject, struct value step, struct value expect)
{
    flagstay_user *user = NULL;
    flagstay_error *error = NULL;
    char message[1000];
    size_t length = 0;
    struct value flag = member(step, "flag");
    if (!is_string(flag)) {
        fail(&subject->place, "the step has no `flag`");
        return;
    }
    if (!user_of_step(subject, step, &user))
        return;
    char *text = text_of(flag, &length);
    flagstay_options options = options_of(step);
    if (flagstay.evaluate(subject->client, user, text, length, &options, &subject->decision, &error) != FLAGSTAY_OK)
        fail(&subject->place, "%s", error_text(error, message, sizeof message));
    else if (is_there(expect) && agrees(subject, "", expect, &subject->decision))
        pass(&subject->place);
    free(text);
    flagstay.user_free(user);
}

static void evaluate_all(struct subject *subject, struct value step, struct value expect)
{
    flagstay_user *user = NULL;
    flagstay_decisions *all = NULL;
    flagstay_error *error = NULL;
    char message[1000];
    if (!user_of_step(subject, step, &user))
        return;
    flagstay_options options = options_of(step);
    int32_t status = flagstay.evaluate_all(subject->client, user, &options, &all, &error);
    flagstay.user_free(user);
    if (status != FLAGSTAY_OK) {
        const char *code = error_name(status);
        fail(&subject->place, "no decisions: %s", error ? error_text(error, message, sizeof message) : code);
        return;
    }
    size_t count = flagstay.decisions_count(all);
    int same = 1;
    if (is_there(expect) && count != (size_t)size_of(expect)) {
        fail(&subject->place, "expected the decisions of %d flags, got %zu", size_of(expect), count);
        same = 0;
    }
    struct value name = first(expect);
    for (int left = size_of(expect); same && left > 0; left--, name = next(next(name))) {
        size_t length, index;
        char *flag = text_of(name, &length);
        struct buffer prefix = {0};
        add_formatted(&prefix, "%s.", flag);
        if (flagstay.decisions_find(all, flag, length, &index, NULL) != FLAGSTAY_OK ||
            flagstay.decisions_at(all, index, &subject->decision, NULL) != FLAGSTAY_OK) {
            fail(&subject->place, "%s: no decision", flag);
            same = 0;
        } else {
            same = agrees(subject, prefix.text, next(name), &subject->decision);
        }
        buffer_end(&prefix);
        free(flag);
    }
    if (is_there(expect) && same)
        pass(&subject->place);
    flagstay.decisions_free(all);
}

static void track(struct subject *subject, struct value step, struct value expect)
{
    static const char *const members[] = {"value", "properties", "flags"};
    flagstay_user *user = NULL;
    flagstay_error *error = NULL;
    char message[1000];
    struct value event = member(step, "event");
    if (!is_string(event)) {
        fail(&subject->place, "the step has no `event`");
        return;
    }
    if (!user_of_step(subject, step, &user))
        return;
    struct buffer details = {0};
    for (int at = 0; at < 3; at++) {
        struct slice text = raw(member(step, members[at]));
        if (text.text)
            add_formatted(&details, "%s\"%s\": %.*s", details.length ? ", " : "{", members[at], (int)text.length,
                          text.text);
    }
    if (details.length)
        add_text(&details, "}");
    size_t length;
    char *name = text_of(event, &length);
    uint8_t accepted = 9;
    struct value wanted = member(expect, "accepted");
    if (flagstay.track(subject->client, user, name, length, details.text, details.length, &accepted, &error) !=
        FLAGSTAY_OK)
        fail(&subject->place, "%s", error_text(error, message, sizeof message));
    else if (is_there(expect)) {
        if (is_there(wanted) && size_of(expect) == 1 && raw_is(wanted, yes_or_no(accepted)))
            pass(&subject->place);
        else
            fail(&subject->place, "expected %.*s, got {\"accepted\": %s}", (int)raw(expect).length, raw(expect).text,
                 yes_or_no(accepted));
    }
    free(name);
    buffer_end(&details);
    flagstay.user_free(user);
}

/* The events drained so far, as one JSON list. */
static void events(struct subject *subject, struct value expect)
{
    flagstay_string *lines = NULL;
    flagstay_error *error = NULL;
    char message[1000];
    if (flagstay.drain_events(subject->client, SIZE_MAX, &lines, &error) != FLAGSTAY_OK) {
        fail(&subject->place, "%s", error_text(error, message, sizeof message));
        return;
    }
    size_t length;
    const char *text = flagstay.string_data(lines, &length);
    struct buffer list = {0};
    add_text(&list, "[");
    for (size_t at = 0; at < length; at++)
        add(&list, text[at] == '\n' ? (at + 1 == length ? " " : ",") : text + at, 1);
    add_text(&list, "]");
    flagstay.string_free(lines);
    struct json got;
    if (!json_parse(&got, list.text, list.length))
        fail(&subject->place, "the events are no JSON: %s", list.text);
    else if (is_there(expect)) {
        if (json_equal(expect, json_root(&got), "timestamp"))
            pass(&subject->place);
        else
            fail(&subject->place, "events: expected %.*s, got %s", (int)raw(expect).length, raw(expect).text,
                 list.text);
    }
    json_end(&got);
}

static void storage(struct subject *subject, struct value expect)
{
    if (!subject->has_store) {
        fail(&subject->place, "the case has no storage");
        return;
    }
    struct buffer list = {0};
    add_text(&list, "[");
    for (struct record *record = subject->store.records; record; record = record->next) {
        add_text(&list, list.length > 1 ? ", {\"unit\": " : "{\"unit\": ");
        add_quoted(&list, record->unit, record->unit_length);
        add_text(&list, ", \"flag\": ");
        add_quoted(&list, record->flag, record->flag_length);
        add_text(&list, ", \"record\": ");
        add(&list, record->text, record->text_length);
        add_text(&list, "}");
    }
    add_text(&list, "]");
    struct json got;
    if (!json_parse(&got, list.text, list.length)) {
        fail(&subject->place, "the records are no JSON: %s", list.text);
        json_end(&got);
        return;
    }
    int same = is_list(expect) && size_of(expect) == size_of(json_root(&got));
    char *taken = calloc((size_t)size_of(json_root(&got)) + 1, 1);
    if (!taken)
        abort();
    struct value wanted = first(expect);
    for (int left = size_of(expect); same && left > 0; left--, wanted = next(wanted)) {
        struct value record = first(json_root(&got));
        int at = 0, count = size_of(json_root(&got));
        while (at < count && (taken[at] || !json_equal(wanted, record, NULL)))
            record = next(record), at++;
        same = at < count;
        if (same)
            taken[at] = 1;
    }
    free(taken);
    if (is_there(expect) && same)
        pass(&subject->place);
    else if (is_there(expect))
        fail(&subject->place, "storage: expected %.*s, got %s", (int)raw(expect).length, raw(expect).text, list.text);
    json_end(&got);
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
    static const char *const beyond[] = {"kind", "assignments", "enforce_targeting", "enforce_overrides"};
    for (size_t member_at = 0; member_at < 4; member_at++) {
        struct value asked = member(step, beyond[member_at]);
        if (is_there(asked) && !is_null(asked)) {
            fail(&subject->place, "`%s` is not in the ABI yet", beyond[member_at]);
            return;
        }
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
