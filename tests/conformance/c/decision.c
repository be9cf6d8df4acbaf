#include "decision.h"

#include <stdlib.h>
#include <string.h>

static const char *reason_name(int32_t reason)
{
    static const char *const names[] = {"ERROR",      "OFF",        "FALLTHROUGH", "TARGET_MATCH",
                                        "RULE_MATCH", "PREREQUISITE_FAILED", "STICKY"};
    return reason >= 0 && reason < 7 ? names[reason] : "(unknown reason)";
}

const char *error_name(int32_t error)
{
    static const char *const names[] = {"FLAG_NOT_FOUND", "PROVIDER_NOT_READY", "TARGETING_KEY_MISSING",
                                        "TYPE_MISMATCH",  "PARSE_ERROR",        "INVALID_CONTEXT", "GENERAL"};
    if (error == FLAGSTAY_OK)
        return NULL;
    return error >= 300 && error < 307 ? names[error - 300] : "(unknown error)";
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

int agrees(struct subject *subject, const char *prefix, struct value expect, const flagstay_decision *decision)
{
    struct buffer text = {0}, differences = {0};
    if (!is_object(expect)) {
        fail(&subject->place, "%sa decision is expected to be %.*s", prefix, (int)raw(expect).length, raw(expect).text);
        return 0;
    }
    decision_json(decision, &text);
    struct json json;
    if (!json_parse(&json, text.text, text.length)) {
        fail(&subject->place, "%sthe decision holds no JSON: %s", prefix, text.text);
        json_end(&json);
        return 0;
    }
    struct value name = first(expect);
    for (int left = size_of(expect); left > 0; left--, name = next(next(name))) {
        size_t length;
        char *key = text_of(name, &length);
        struct value wanted = next(name), got = member(json_root(&json), key);
        if (!is_there(got))
            add_formatted(&differences, "%s%s: no decision has this key; ", prefix, key);
        else if (!json_equal(wanted, got, NULL))
            add_formatted(&differences, "%s%s: expected %.*s, got %.*s; ", prefix, key, (int)raw(wanted).length,
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
