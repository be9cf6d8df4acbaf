/* A host's store: what it is asked, how it may fail, when it is let go. */
#include "map_store.h"
#include "rulesets.h"
#include "testing.h"

#include <stddef.h>

#define GREY_ONLY STICKY_RULESET("100", "0")
#define BLUE_ONLY STICKY_RULESET("0", "100")
#define BLUE_RECORD "{\"splits\":{\"colours\":{\"variation\":\"blue\",\"version\":1}}}"

static flagstay_decision decision = {.size = sizeof(flagstay_decision)};

static int decided(const char *variation)
{
    return decision.variation_len == strlen(variation) &&
           memcmp(decision.variation, variation, decision.variation_len) == 0;
}

static void evaluate(flagstay_client *client, const char *key)
{
    flagstay_user *user = user_of(key);
    OK(flagstay_evaluate(client, user, T("colour"), NULL, &decision, NULL));
    flagstay_user_free(user);
}

static int holds(struct map_store *map, const char *unit, const char *text)
{
    const struct record *record = map_store_find(map, unit, strlen(unit), T("colour"));
    return record && strcmp(record->text, text) == 0;
}

static void a_stored_variation_survives_a_changed_percentage(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(BLUE_ONLY), &table);
    memset(&table, 0xAA, sizeof table); /* the client has a copy */
    evaluate(client, "user-1");
    CHECK(decided("blue") && !decision.sticky && decision.reason == FLAGSTAY_REASON_FALLTHROUGH);
    CHECK(map.claims == 1 && map.sets == 0 && holds(&map, "user-1", BLUE_RECORD));
    OK(flagstay_client_update(client, T(GREY_ONLY), NULL));
    evaluate(client, "user-1");
    CHECK(decided("blue") && decision.sticky == 1 && decision.reason == FLAGSTAY_REASON_STICKY);
    CHECK_TEXT("colours", decision.rule_id, decision.rule_id_len);
    evaluate(client, "user-2");
    CHECK(decided("grey") && !decision.sticky);
    flagstay_client_free(client);
    CHECK(map.drops == 1);
    map_store_end(&map);
}

static void reading_stores_nothing(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(BLUE_ONLY), &table);
    flagstay_user *user = user_of("user-1");
    flagstay_options options = {.size = sizeof options, .mode = FLAGSTAY_MODE_READ};
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    CHECK(decided("blue"));
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, &options, &all, NULL));
    flagstay_decisions_free(all);
    flagstay_string *explanation;
    OK(flagstay_explain(client, user, T("colour"), NULL, &explanation, NULL));
    flagstay_string_free(explanation);
    CHECK(map.records == NULL && map.claims == 0 && map.sets == 0 && map.gets == 3);
    flagstay_user_free(user);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void members_that_are_not_offered_are_made_from_the_others(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    table.set_if_absent = NULL;
    table.load = NULL;
    flagstay_client *client = client_of(CONFIG(BLUE_ONLY), &table);
    evaluate(client, "user-1");
    CHECK(map.sets == 1 && holds(&map, "user-1", BLUE_RECORD));
    uint64_t removed = 9;
    OK(flagstay_forget(client, T("user-1"), &removed, NULL));
    CHECK(removed == 1 && map.removes == 1 && map.records == NULL);
    flagstay_client_free(client);

    table.remove = NULL;
    client = client_of(CONFIG(BLUE_ONLY), &table);
    evaluate(client, "user-1");
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_STORE_FAILED, flagstay_forget(client, T("user-1"), &removed, &error));
    CHECK(error_names(error, FLAGSTAY_STORE_FAILED, "remove"));
    CHECK(removed == 0);
    flagstay_client_free(client);

    /* An older header's table ends before `set_if_absent`. */
    table = map_store_table(&map);
    table.size = offsetof(flagstay_store, set_if_absent);
    client = client_of(CONFIG(BLUE_ONLY), &table);
    evaluate(client, "user-3");
    CHECK(map.claims == 0 && holds(&map, "user-3", BLUE_RECORD));
    flagstay_client_free(client);
    CHECK(map.drops == 3);
    map_store_end(&map);
}

static void peek_and_forget_see_what_is_stored(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(BLUE_ONLY), &table);
    flagstay_string *record;
    OK(flagstay_peek(client, T("user-1"), T("colour"), &record, NULL));
    CHECK(record == NULL);
    map_store_put(&map, T("user-1"), T("other \"flag\"\n"), T("{\"a\":[1]}"));
    evaluate(client, "user-1");
    OK(flagstay_peek(client, T("user-1"), T("other \"flag\"\n"), &record, NULL));
    char *text = owned(record);
    CHECK(strcmp(text, "{\"a\":[1]}") == 0);
    free(text);
    uint64_t removed = 9;
    OK(flagstay_forget(client, T("user-1"), &removed, NULL));
    CHECK(removed == 2 && map.records == NULL);
    OK(flagstay_forget(client, T("user-1"), &removed, NULL));
    CHECK(removed == 0);
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_peek(client, T("\xff"), T("colour"), &record, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_forget(client, T("\xff"), &removed, NULL));
    flagstay_client_free(client);
    map_store_end(&map);

    client = client_of(CONFIG(BLUE_ONLY), NULL);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_NO_STORE, flagstay_peek(client, T("user-1"), T("colour"), &record, &error));
    CHECK(error_names(error, FLAGSTAY_NO_STORE, "store"));
    CHECK_STATUS(FLAGSTAY_NO_STORE, flagstay_forget(client, T("user-1"), NULL, NULL));
    flagstay_client_free(client);
}

static void a_store_that_fails_never_fails_a_decision(void)
{
    struct map_store map;
    map_store_init(&map);
    map.get_fails = 1;
    map.failure = "the cable is cut";
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(BLUE_ONLY), &table);
    evaluate(client, "user-1");
    CHECK(decided("blue") && decision.error == FLAGSTAY_OK && !decision.sticky);
    CHECK(contains(decision.store_error, decision.store_error_len, "the cable is cut"));
    CHECK(map.records == NULL); /* nothing is written blindly */
    map.get_fails = 0;
    map.set_fails = 1;
    map.failure = NULL;
    evaluate(client, "user-1");
    CHECK(decided("blue") && contains(decision.store_error, decision.store_error_len, "set_if_absent"));
    map.set_fails = 0;
    evaluate(client, "user-1");
    CHECK(decision.store_error == NULL && holds(&map, "user-1", BLUE_RECORD));
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"failures\":2") && strstr(text, "\"writes\":1"));
    free(text);
    map.get_fails = 1;
    flagstay_string *record;
    CHECK_STATUS(FLAGSTAY_STORE_FAILED, flagstay_peek(client, T("user-1"), T("colour"), &record, NULL));
    flagstay_client_free(client);
    map_store_end(&map);
}

/* A store whose `get` does one odd thing. */
struct odd {
    enum { BYTES, TWICE, NULL_TEXT, HUGE_TEXT, ENDLESS_TEXT, RESULT, SILENT_FAILURE } what;
    const char *bytes;
    size_t length;
    int32_t result;
    int gets, sets, drops;
};

static int32_t odd_get(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                       flagstay_sink sink, void *sink_context)
{
    struct odd *odd = context;
    (void)unit, (void)unit_length, (void)flag, (void)flag_length;
    odd->gets++;
    switch (odd->what) {
    case BYTES: sink(sink_context, odd->bytes, odd->length); break;
    case TWICE: sink(sink_context, T("{}")), sink(sink_context, T("{}")); break;
    case NULL_TEXT: sink(sink_context, NULL, 5); break;
    case HUGE_TEXT: sink(sink_context, "x", (size_t)1 << 62); break;
    case ENDLESS_TEXT: sink(sink_context, "x", (size_t)-1); break;
    case RESULT: sink(sink_context, T(BLUE_RECORD)); return odd->result;
    case SILENT_FAILURE: return FLAGSTAY_STORE_FAILURE;
    }
    return FLAGSTAY_STORE_DONE;
}

static int32_t odd_set(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                       const char *text, size_t text_length, flagstay_sink sink, void *sink_context)
{
    (void)unit, (void)unit_length, (void)flag, (void)flag_length, (void)text, (void)text_length, (void)sink;
    (void)sink_context;
    ((struct odd *)context)->sets++;
    return FLAGSTAY_STORE_DONE;
}

static void odd_drop(void *context)
{
    ((struct odd *)context)->drops++;
}

/* The rules decide, the trouble is told, nothing is written. */
static void overlooked(struct odd odd, const char *trouble)
{
    flagstay_store table = {.size = sizeof table, .context = &odd, .get = odd_get, .set = odd_set, .drop = odd_drop};
    flagstay_client *client = client_of(CONFIG(GREY_ONLY), &table);
    evaluate(client, "user-1");
    CHECK(decided("grey") && decision.error == FLAGSTAY_OK);
    CHECK(odd.gets == 1 && odd.sets == 0);
    if (!contains(decision.store_error, decision.store_error_len, trouble)) {
        printf("    store_error is \"%.*s\", which does not say `%s`\n", (int)decision.store_error_len,
               decision.store_error ? decision.store_error : "", trouble);
        checks_failed++;
    }
    flagstay_client_free(client);
    CHECK(odd.drops == 1);
}

static void garbage_from_a_store_is_told_and_overlooked(void)
{
#define BYTES_OF(literal) (struct odd){.what = BYTES, .bytes = literal, .length = sizeof(literal) - 1}
    overlooked(BYTES_OF(""), "JSON");
    overlooked(BYTES_OF("not JSON"), "JSON");
    overlooked(BYTES_OF("{\"splits\": {}"), "JSON");
    overlooked(BYTES_OF("\xff\xfe"), "UTF-8");
    overlooked(BYTES_OF("{}\0"), "JSON");
    overlooked(BYTES_OF("[]"), "garbage");
    overlooked(BYTES_OF("{\"splits\": 5}"), "garbage");
    overlooked(BYTES_OF("{\"splits\": {\"colours\": {\"variation\": 5}}}"), "garbage");
    overlooked((struct odd){.what = TWICE}, "2 times");
    overlooked((struct odd){.what = NULL_TEXT}, "NULL");
    overlooked((struct odd){.what = HUGE_TEXT}, "memory");
    overlooked((struct odd){.what = ENDLESS_TEXT}, "length");
    overlooked((struct odd){.what = SILENT_FAILURE}, "`get` returned 0");
    /* No number but one means success, least of all zero: what was given is then the reason. */
    overlooked((struct odd){.what = RESULT, .result = 0}, "blue");
    overlooked((struct odd){.what = RESULT, .result = 1}, "blue");
    overlooked((struct odd){.what = RESULT, .result = -1}, "blue");
}

static void a_deeply_nested_record_is_garbage(void)
{
    static char nested[1 << 20];
    memset(nested, '[', sizeof nested);
    overlooked((struct odd){.what = BYTES, .bytes = nested, .length = sizeof nested}, "recursion");
}

/* A store that calls back into the client that calls it. */
struct caller {
    flagstay_client *client;
    flagstay_user *user;
    flagstay_decision *decision;
    int32_t statuses[8];
    int depth, dropped, close, update, clear;
    pthread_t thread;
    int wrong_thread;
};

static int32_t calling_get(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                           flagstay_sink sink, void *sink_context)
{
    struct caller *caller = context;
    (void)unit, (void)unit_length, (void)flag, (void)flag_length, (void)sink, (void)sink_context;
    caller->wrong_thread |= !pthread_equal(caller->thread, pthread_self());
    if (caller->depth++ < 3) {
        flagstay_string *text = NULL;
        caller->statuses[0] |= flagstay_evaluate(caller->client, caller->user, T("colour"), NULL, caller->decision, NULL);
        caller->statuses[1] |= flagstay_client_status(caller->client, &text, NULL);
        flagstay_string_free(text);
        caller->statuses[2] |= flagstay_explain(caller->client, caller->user, T("colour"), NULL, &text, NULL);
        flagstay_string_free(text);
        if (caller->update)
            caller->statuses[3] |= flagstay_client_update(caller->client, T(GREY_ONLY), NULL);
        if (caller->clear)
            flagstay_decision_clear(caller->decision);
        if (caller->close)
            caller->statuses[4] |= flagstay_client_close(caller->client, 1000, NULL);
    }
    return FLAGSTAY_STORE_DONE;
}

static int32_t calling_set(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                           const char *text, size_t text_length, flagstay_sink sink, void *sink_context)
{
    (void)text, (void)text_length;
    return calling_get(context, unit, unit_length, flag, flag_length, sink, sink_context);
}

static void calling_drop(void *context)
{
    struct caller *caller = context;
    flagstay_string *text = NULL;
    /* The client may be asked even now, when it is being closed; not when it is being freed. */
    if (caller->close)
        caller->statuses[5] |= flagstay_client_status(caller->client, &text, NULL);
    flagstay_string_free(text);
    caller->dropped++;
    caller->wrong_thread |= !pthread_equal(caller->thread, pthread_self());
}

static void call_back(struct caller caller)
{
    flagstay_decision own = {.size = sizeof own};
    flagstay_store table = {.size = sizeof table, .context = &caller, .drop = calling_drop, .get = calling_get,
                            .set = calling_set};
    caller.decision = &own;
    caller.thread = pthread_self();
    caller.client = client_of(CONFIG(BLUE_ONLY), &table);
    caller.user = user_of("user-1");
    OK(flagstay_evaluate(caller.client, caller.user, T("colour"), NULL, &own, NULL));
    /* The outer decision is on the ruleset that it began with, and is the one that stays. */
    CHECK(own.error == FLAGSTAY_OK);
    CHECK_TEXT("blue", own.value_text, own.value_text_len);
    for (size_t at = 0; at < sizeof caller.statuses / sizeof *caller.statuses; at++)
        CHECK(caller.statuses[at] == FLAGSTAY_OK);
    CHECK(caller.dropped == caller.close);
    flagstay_client_free(caller.client);
    CHECK(caller.dropped == 1 && !caller.wrong_thread);
    flagstay_user_free(caller.user);
    flagstay_decision_clear(&own);
}

static void a_store_may_call_back_into_the_client(void)
{
    call_back((struct caller){.depth = 0});
    call_back((struct caller){.update = 1});
}

static void a_store_may_evaluate_into_or_clear_the_same_decision(void)
{
    call_back((struct caller){.clear = 1});
}

static void a_store_may_close_the_client_that_is_using_it(void)
{
    call_back((struct caller){.close = 1});
}

static void drop_is_called_exactly_once_on_every_path(void)
{
    struct odd odd = {.what = BYTES, .bytes = "{}", .length = 2};
    union {
        flagstay_store store;
        unsigned char bytes[sizeof(flagstay_store) + 16];
    } table;
#define FRESH                                                                             \
    (memset(&table, 0, sizeof table), odd.drops = 0,                                      \
     table.store = (flagstay_store){.size = sizeof(flagstay_store), .context = &odd, .drop = odd_drop, .get = odd_get, .set = odd_set})
#define FAILS(status, config, place)                                                      \
    do {                                                                                  \
        flagstay_client *none = (flagstay_client *)&odd;                                  \
        flagstay_error *error = NULL;                                                     \
        CHECK_STATUS(status, flagstay_client_new(T(config), &table.store, &none, &error)); \
        CHECK(error_names(error, status, place));                                         \
        CHECK(none == NULL && odd.drops == 1);                                            \
    } while (0)

    FRESH;
    FAILS(FLAGSTAY_INVALID_JSON, "", "EOF");
    FRESH;
    FAILS(FLAGSTAY_INVALID_CONFIG, "{\"dialect\": \"x\"}", "dialect");
    FRESH;
    FAILS(FLAGSTAY_INVALID_CONFIG, "{\"store\": \"memory:\"}", "store");
    FRESH;
    FAILS(FLAGSTAY_INVALID_RULESET, "{\"ruleset\": {}}", "format");
    FRESH;
    FAILS(FLAGSTAY_INVALID_UTF8, "\xff", "config");
    FRESH, table.store.get = NULL;
    FAILS(FLAGSTAY_INVALID_ARGUMENT, "{}", "get");
    FRESH, table.store.set = NULL;
    FAILS(FLAGSTAY_INVALID_ARGUMENT, "{}", "set");
    FRESH, table.store.size = offsetof(flagstay_store, get);
    FAILS(FLAGSTAY_INVALID_ARGUMENT, "{}", "get");
    FRESH, table.store.size += 8, table.bytes[sizeof(flagstay_store)] = 1;
    FAILS(FLAGSTAY_INVALID_ARGUMENT, "{}", "store");
    FRESH;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_new(T("{}"), &table.store, NULL, NULL));
    CHECK(odd.drops == 1);
    /* A struct that does not even reach its `drop` is left alone. */
    FRESH, table.store.size = offsetof(flagstay_store, drop);
    flagstay_client *client = NULL;
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_new(T("{}"), &table.store, &client, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "store.size"));
    CHECK(odd.drops == 0);

    FRESH, table.store.size += 8; /* a newer header that asks for nothing new */
    client = client_of("{}", &table.store);
    flagstay_client_free(client);
    CHECK(odd.drops == 1);
    FRESH;
    client = client_of(CONFIG(BLUE_ONLY), &table.store);
    for (int at = 0; at < 10; at++) {
        evaluate(client, "user-1");
        OK(flagstay_client_update(client, T(GREY_ONLY), NULL));
    }
    CHECK(odd.drops == 0);
    OK(flagstay_client_close(client, 1000, NULL));
    CHECK(odd.drops == 1);
    OK(flagstay_client_close(client, 1000, NULL));
    flagstay_client_free(client);
    CHECK(odd.drops == 1);
    FRESH, table.store.drop = NULL;
    flagstay_client_free(client_of("{}", &table.store));
}

static void any_text_reaches_the_store_as_it_is(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(BLUE_ONLY), &table);
    flagstay_user *user;
    OK(flagstay_user_new(T("a\0b \xf0\x9f\x9a\xa9"), &user, NULL));
    OK(flagstay_evaluate(client, user, T("colour"), NULL, &decision, NULL));
    CHECK(map_store_find(&map, T("a\0b \xf0\x9f\x9a\xa9"), T("colour")) != NULL);
    uint64_t removed;
    OK(flagstay_forget(client, T("a\0b \xf0\x9f\x9a\xa9"), &removed, NULL));
    CHECK(removed == 1);
    flagstay_user_free(user);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void the_built_in_memory_store_keeps_assignments_too(void)
{
    flagstay_client *client = client_of("{\"store\": \"memory:\", \"ruleset\": " BLUE_ONLY "}", NULL);
    evaluate(client, "user-1");
    OK(flagstay_client_update(client, T(GREY_ONLY), NULL));
    evaluate(client, "user-1");
    CHECK(decided("blue") && decision.sticky);
    flagstay_string *record;
    OK(flagstay_peek(client, T("user-1"), T("colour"), &record, NULL));
    char *text = owned(record);
    CHECK(strcmp(text, BLUE_RECORD) == 0);
    free(text);
    uint64_t removed;
    OK(flagstay_forget(client, T("user-1"), &removed, NULL));
    CHECK(removed == 1);
    evaluate(client, "user-1");
    CHECK(decided("grey"));
    flagstay_client_free(client);
}

int main(void)
{
    TEST(a_stored_variation_survives_a_changed_percentage);
    TEST(reading_stores_nothing);
    TEST(members_that_are_not_offered_are_made_from_the_others);
    TEST(peek_and_forget_see_what_is_stored);
    TEST(a_store_that_fails_never_fails_a_decision);
    TEST(garbage_from_a_store_is_told_and_overlooked);
    TEST(a_deeply_nested_record_is_garbage);
    TEST(a_store_may_call_back_into_the_client);
    TEST(a_store_may_evaluate_into_or_clear_the_same_decision);
    TEST(a_store_may_close_the_client_that_is_using_it);
    TEST(drop_is_called_exactly_once_on_every_path);
    TEST(any_text_reaches_the_store_as_it_is);
    TEST(the_built_in_memory_store_keeps_assignments_too);
    flagstay_decision_clear(&decision);
    return test_result();
}
