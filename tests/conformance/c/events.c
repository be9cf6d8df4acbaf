/* Events: those that a step sends, and those that a step drains. */
#include "subject.h"

#include <stdlib.h>

void track(struct subject *subject, struct value step, struct value expect)
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
    if (!user_in(subject, step, &user))
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
void events(struct subject *subject, struct value expect)
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
