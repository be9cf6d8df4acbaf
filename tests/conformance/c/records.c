/* What the case's store holds: before the first step, and when a step looks. */
#include "subject.h"

#include <stdlib.h>

int fill_store(struct subject *subject, struct value one)
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

void storage(struct subject *subject, struct value expect)
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
