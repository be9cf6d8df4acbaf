/* Evaluations, of one flag and of all, with everything that a call may say. */
#include "decision.h"
#include "options.h"

#include <stdlib.h>

void evaluate(struct subject *subject, struct value step, struct value expect)
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
    if (!user_in(subject, step, &user))
        return;
    char *text = text_of(flag, &length);
    struct step_options options;
    if (options_of(subject, step, &options)) {
        int32_t status =
            flagstay.evaluate(subject->client, user, text, length, &options.given, &subject->decision, &error);
        if (status != FLAGSTAY_OK)
            fail(&subject->place, "%s", error_text(error, message, sizeof message));
        else if (is_there(expect) && agrees(subject, "", expect, &subject->decision))
            pass(&subject->place);
    }
    options_end(&options);
    free(text);
    flagstay.user_free(user);
}

void evaluate_all(struct subject *subject, struct value step, struct value expect)
{
    flagstay_user *user = NULL;
    flagstay_decisions *all = NULL;
    flagstay_error *error = NULL;
    char message[1000];
    if (!user_in(subject, step, &user))
        return;
    struct step_options options;
    int32_t status = FLAGSTAY_OK;
    int asked = options_of(subject, step, &options);
    if (asked)
        status = flagstay.evaluate_all(subject->client, user, &options.given, &all, &error);
    options_end(&options);
    flagstay.user_free(user);
    if (!asked)
        return;
    if (status != FLAGSTAY_OK) {
        const char *code = error_name(status);
        fail(&subject->place, "no decisions: %s", error ? error_text(error, message, sizeof message) : code);
        return;
    }
    size_t count = flagstay.decisions_count(all);
    int same = 1;
    if (is_there(expect) && (!is_object(expect) || count != (size_t)size_of(expect))) {
        fail(&subject->place, "expected %.*s, got the decisions of %zu flags", (int)raw(expect).length, raw(expect).text,
             count);
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
