#include "subject.h"

#include <stdio.h>

const char *error_text(flagstay_error *error, char *into, size_t room)
{
    size_t length = 0;
    const char *message = flagstay.error_message(error, &length);
    snprintf(into, room, "status %d: %.*s", (int)flagstay.error_status(error), (int)length, message ? message : "");
    flagstay.error_free(error);
    return into;
}

struct slice unknown_member(struct value object, const char *const *known)
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

int user_in(struct subject *subject, struct value object, flagstay_user **user)
{
    struct slice json = raw(member(object, "user"));
    flagstay_error *error = NULL;
    char message[1000];
    if (!json.text)
        fail(&subject->place, "there is no `user`");
    else if (flagstay.user_from_json(json.text, json.length, user, &error) == FLAGSTAY_OK)
        return 1;
    else
        fail(&subject->place, "the user: %s", error_text(error, message, sizeof message));
    return 0;
}

const char *yes_or_no(uint8_t value)
{
    return value == 0 ? "false" : value == 1 ? "true" : "\"neither 0 nor 1\"";
}
