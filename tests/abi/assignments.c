/* Assignments: loaded from a store or brought along, looked at, passed to decisions. */
#include "map_store.h"
#include "rulesets.h"
#include "testing.h"

#include <stddef.h>

static flagstay_assignments *load(flagstay_client *client, const char *key)
{
    flagstay_user *user = user_of(key);
    flagstay_assignments *assignments = (flagstay_assignments *)&user;
    OK(flagstay_assignments_load(client, user, T("userID"), &assignments, NULL));
    flagstay_user_free(user);
    return assignments;
}

/* Compares what is in assignments with a text, as the library writes it. */
static int hold(const flagstay_assignments *assignments, const char *expected)
{
    flagstay_string *records = NULL;
    OK(flagstay_assignments_json(assignments, &records, NULL));
    char *text = owned(records);
    int same = strcmp(text, expected) == 0;
    if (!same)
        printf("    held is %s\n", text);
    free(text);
    return same;
}

static int is_whole(const flagstay_assignments *assignments)
{
    size_t length = 9;
    return flagstay_assignments_error(assignments, &length) == NULL && length == 0;
}

static int says(const flagstay_assignments *assignments, const char *trouble)
{
    size_t length = 0;
    const char *error = flagstay_assignments_error(assignments, &length);
    int said = contains(error, length, trouble);
    if (!said)
        printf("    the store's error is \"%.*s\"\n", (int)length, error ? error : "");
    return said;
}

static void what_the_store_holds_is_loaded_in_one_call(void)
{
    struct map_store map;
    map_store_init(&map);
    map_store_put(&map, T("user-1"), T("zebra"), T("{\"n\":18446744073709551615}"));
    map_store_put(&map, T("user-1"), T("a\0\xc3\xa9"), T("[ 1 ]"));
    map_store_put(&map, T("user-2"), T("zebra"), T("{}"));
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(RULESET), &table);
    flagstay_assignments *assignments = load(client, "user-1");
    CHECK(map.loads == 1 && map.gets == 0);
    CHECK(is_whole(assignments));
    CHECK(hold(assignments, "{\"a\\u0000\xc3\xa9\":[1],\"zebra\":{\"n\":18446744073709551615}}"));
    /* A snapshot, and one that outlives its client. */
    map_store_put(&map, T("user-1"), T("zebra"), T("{\"n\":2}"));
    flagstay_client_free(client);
    CHECK(hold(assignments, "{\"a\\u0000\xc3\xa9\":[1],\"zebra\":{\"n\":18446744073709551615}}"));
    flagstay_assignments_free(assignments);
    CHECK(map.drops == 1);
    map_store_end(&map);
}

static void a_store_without_load_is_asked_for_each_flag(void)
{
    struct map_store map;
    map_store_init(&map);
    map_store_put(&map, T("user-1"), T("colour"), T("{\"a\":1}"));
    map_store_put(&map, T("user-1"), T("of no ruleset"), T("{}"));
    flagstay_store table = map_store_table(&map);
    table.load = NULL;
    flagstay_client *client = client_of(CONFIG(STICKY_RULESET("50", "50")), &table);
    flagstay_assignments *assignments = load(client, "user-1");
    CHECK(map.gets == 1 && is_whole(assignments) && hold(assignments, "{\"colour\":{\"a\":1}}"));
    flagstay_assignments_free(assignments);
    map.get_fails = 1;
    map.failure = "no";
    assignments = load(client, "user-1");
    CHECK(says(assignments, "the store failed: no") && hold(assignments, "{}"));
    flagstay_assignments_free(assignments);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void a_user_without_such_an_id_has_no_assignments(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(RULESET), &table);
    flagstay_user *keyless;
    OK(flagstay_user_from_json(T("{}"), &keyless, NULL));
    flagstay_user *users[] = {keyless, NULL};
    for (int at = 0; at < 2; at++) {
        flagstay_assignments *assignments = (flagstay_assignments *)&map;
        flagstay_error *error = (flagstay_error *)&map;
        OK(flagstay_assignments_load(client, users[at], T("userID"), &assignments, &error));
        CHECK(assignments == NULL && error == NULL && map.loads == 0);
    }
    flagstay_user_free(keyless);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void without_a_store_nothing_is_held_and_without_a_ruleset_nothing_is_known(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_assignments *assignments = load(client, "user-1");
    CHECK(is_whole(assignments) && hold(assignments, "{}"));
    flagstay_assignments_free(assignments);
    flagstay_client_free(client);

    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    client = client_of("{}", &table);
    assignments = load(client, "user-1");
    CHECK(says(assignments, "no ruleset") && hold(assignments, "{}") && map.loads == 0);
    flagstay_assignments_free(assignments);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void a_store_that_fails_in_load_fails_no_call(void)
{
    struct map_store map;
    map_store_init(&map);
    map_store_put(&map, T("user-1"), T("colour"), T("{}"));
    map.get_fails = 1;
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of(CONFIG(RULESET), &table);
    flagstay_assignments *silent = load(client, "user-1");
    CHECK(says(silent, "`load` returned 0") && hold(silent, "{}"));
    map.failure = "the cable is cut";
    flagstay_assignments *told = load(client, "user-1");
    CHECK(says(told, "the store failed: the cable is cut"));
    CHECK(says(silent, "`load` returned 0")); /* each keeps its own */
    flagstay_assignments_free(told);
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"failures\":2"));
    free(text);
    /* A platform that reads the store itself takes no notice of what is passed, broken or not. */
    map.get_fails = 0;
    flagstay_options options = {.size = sizeof options, .assignments = silent};
    flagstay_decision decision = {.size = sizeof decision};
    flagstay_user *user = user_of("user-2");
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    CHECK(decision.error == FLAGSTAY_OK && decision.store_error == NULL && map.claims == 1);
    flagstay_user_free(user);
    flagstay_decision_clear(&decision);
    flagstay_assignments_free(silent);
    flagstay_client_free(client);
    map_store_end(&map);
}

/* A store of which only `load` matters: it gives these bytes to its sink so many times. */
struct odd {
    const char *bytes;
    size_t length;
    int times, drops;
    flagstay_client *close;
};

static int32_t odd_load(void *context, const char *unit, size_t unit_length, flagstay_sink sink, void *sink_context)
{
    struct odd *odd = context;
    (void)unit, (void)unit_length;
    if (odd->close)
        OK(flagstay_client_close(odd->close, 1000, NULL));
    CHECK(odd->drops == 0); /* not while it is being asked */
    for (int at = 0; at < odd->times; at++)
        sink(sink_context, odd->bytes, odd->length);
    return FLAGSTAY_STORE_DONE;
}

static int32_t odd_get(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                       flagstay_sink sink, void *sink_context)
{
    (void)context, (void)unit, (void)unit_length, (void)flag, (void)flag_length, (void)sink, (void)sink_context;
    return FLAGSTAY_STORE_DONE;
}

static int32_t odd_set(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                       const char *text, size_t text_length, flagstay_sink sink, void *sink_context)
{
    (void)text, (void)text_length;
    return odd_get(context, unit, unit_length, flag, flag_length, sink, sink_context);
}

static void odd_drop(void *context)
{
    ((struct odd *)context)->drops++;
}

static flagstay_store odd_table(struct odd *odd)
{
    return (flagstay_store){.size = sizeof(flagstay_store), .context = odd, .drop = odd_drop, .get = odd_get,
                            .set = odd_set, .load = odd_load};
}

static void garbage_from_load_is_told(void)
{
    static char nested[1 << 18];
    memset(nested, '[', sizeof nested);
    memcpy(nested, "{\"a\":", 5);
#define ODD(literal, count) {.bytes = literal, .length = sizeof(literal) - 1, .times = count}
    struct {
        struct odd odd;
        const char *trouble;
    } cases[] = {
        {ODD("", 1), "garbage"},       {ODD("nonsense", 1), "garbage"}, {ODD("[]", 1), "garbage"},
        {ODD("null", 1), "garbage"},   {ODD("{\"a\": {}", 1), "garbage"}, {ODD("{}", 2), "2 times"},
        {ODD("\xff\xfe", 1), "UTF-8"}, {ODD("{\"\\ud800\": 1}", 1), "garbage"},
        {{.bytes = NULL, .length = 4, .times = 1}, "NULL"},
        {{.bytes = nested, .length = sizeof nested, .times = 1}, "recursion"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        flagstay_store table = odd_table(&cases[at].odd);
        flagstay_client *client = client_of(CONFIG(RULESET), &table);
        flagstay_assignments *assignments = load(client, "user-1");
        CHECK(says(assignments, cases[at].trouble) && hold(assignments, "{}"));
        flagstay_assignments_free(assignments);
        flagstay_client_free(client);
    }
    /* Not calling the sink means that nothing is held. */
    struct odd nothing = {.times = 0};
    flagstay_store table = odd_table(&nothing);
    flagstay_client *client = client_of(CONFIG(RULESET), &table);
    flagstay_assignments *assignments = load(client, "user-1");
    CHECK(is_whole(assignments) && hold(assignments, "{}"));
    flagstay_assignments_free(assignments);
    flagstay_client_free(client);
}

static void a_client_closed_in_load_lets_the_store_finish(void)
{
    struct odd odd = {.bytes = "{\"a\":{}}", .length = 8, .times = 1};
    flagstay_store table = odd_table(&odd);
    odd.close = client_of(CONFIG(RULESET), &table);
    flagstay_client *client = odd.close;
    flagstay_assignments *assignments = load(client, "user-1");
    CHECK(is_whole(assignments) && hold(assignments, "{\"a\":{}}") && odd.drops == 1);
    flagstay_assignments_free(assignments);
    assignments = (flagstay_assignments *)&odd;
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_assignments_load(client, NULL, T("userID"), &assignments, &error));
    CHECK(assignments == NULL && error_names(error, FLAGSTAY_CLOSED, "closed"));
    flagstay_client_free(client);
    CHECK(odd.drops == 1);
}

static void assignments_are_made_from_json(void)
{
    flagstay_assignments *assignments;
    OK(flagstay_assignments_from_json(T(" {\"b\": {\"x\": 1.50}, \"a\": null, \"b\": {\"x\": 2}} "), &assignments, NULL));
    CHECK(is_whole(assignments) && hold(assignments, "{\"a\":null,\"b\":{\"x\":2}}"));
    flagstay_assignments_free(assignments);
    OK(flagstay_assignments_from_json(T("{}"), &assignments, NULL));
    CHECK(hold(assignments, "{}"));
    flagstay_assignments_free(assignments);
    /* What comes out goes in again. */
    OK(flagstay_assignments_from_json(T("{\"a\\u0000\\\"\": [9007199254740993, 1e300]}"), &assignments, NULL));
    flagstay_string *first;
    OK(flagstay_assignments_json(assignments, &first, NULL));
    flagstay_assignments_free(assignments);
    size_t length;
    const char *text = flagstay_string_data(first, &length);
    OK(flagstay_assignments_from_json(text, length, &assignments, NULL));
    char *copy = owned(first);
    CHECK(hold(assignments, copy));
    free(copy);
    flagstay_assignments_free(assignments);
}

static void records_that_make_no_sense_are_refused(void)
{
    static const struct {
        const char *text;
        int32_t status;
    } wrong[] = {
        {"", FLAGSTAY_INVALID_JSON},        {"{", FLAGSTAY_INVALID_JSON},      {"{} {}", FLAGSTAY_INVALID_JSON},
        {"{'a': 1}", FLAGSTAY_INVALID_JSON}, {"[]", FLAGSTAY_INVALID_ARGUMENT}, {"null", FLAGSTAY_INVALID_ARGUMENT},
        {"5", FLAGSTAY_INVALID_ARGUMENT},   {"\"{}\"", FLAGSTAY_INVALID_ARGUMENT},
        {"{\"a\": \"\\ud800\"}", FLAGSTAY_INVALID_JSON},
    };
    flagstay_assignments *assignments;
    flagstay_error *error;
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        assignments = (flagstay_assignments *)&error;
        CHECK_STATUS(wrong[at].status,
                     flagstay_assignments_from_json(wrong[at].text, strlen(wrong[at].text), &assignments, &error));
        CHECK(assignments == NULL && error_names(error, wrong[at].status, "`records`"));
    }
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_assignments_from_json(T("{\"\xff\": 1}"), &assignments, &error));
    CHECK(assignments == NULL && error_names(error, FLAGSTAY_INVALID_UTF8, "`records`"));
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_assignments_from_json(NULL, 0, &assignments, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_from_json(NULL, 2, &assignments, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_from_json("{}", SIZE_MAX, &assignments, NULL));
    CHECK(assignments == NULL);
    static char nested[1 << 20];
    memset(nested, '[', sizeof nested);
    memset(nested + sizeof nested / 2, ']', sizeof nested / 2);
    memcpy(nested, "{\"a\":", 5);
    memcpy(nested + sizeof nested - 5, "    }", 5);
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_assignments_from_json(nested, sizeof nested, &assignments, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_JSON, "recursion"));
}

static void what_is_left_out_is_told_and_what_is_not_text_refused(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    flagstay_assignments *assignments = (flagstay_assignments *)&user;
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_load(NULL, user, T("userID"), &assignments, &error));
    CHECK(assignments == NULL && error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`client` is NULL"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_load(client, user, T("userID"), NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`assignments` is NULL"));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_assignments_load(client, user, T("\xc3"), &assignments, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "`id_type`"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_load(client, user, NULL, 6, &assignments, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_from_json(T("{}"), NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`assignments` is NULL"));
    OK(flagstay_assignments_from_json(T("{}"), &assignments, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_json(assignments, NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`records` is NULL"));
    flagstay_assignments_free(assignments);
    flagstay_string *records = (flagstay_string *)&user;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_json(NULL, &records, &error));
    CHECK(records == NULL && error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`assignments` is NULL"));
    size_t length = 5;
    CHECK(flagstay_assignments_error(NULL, &length) == NULL && length == 0);
    CHECK(flagstay_assignments_error(NULL, NULL) == NULL);
    flagstay_assignments_free(NULL);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

/* Eight threads load, look and decide with one handle between them. */
static flagstay_client *shared;
static flagstay_assignments *held;

static void *read_held(void *argument)
{
    flagstay_user *user = user_of("user-1");
    flagstay_decision decision = {.size = sizeof decision};
    flagstay_options options = {.size = sizeof options, .assignments = held};
    intptr_t wrong = 0;
    (void)argument;
    for (int round = 0; round < 200; round++) {
        wrong |= flagstay_evaluate(shared, user, T("text"), &options, &decision, NULL) != FLAGSTAY_OK;
        flagstay_string *records = NULL;
        wrong |= flagstay_assignments_json(held, &records, NULL) != FLAGSTAY_OK;
        size_t length = 0;
        const char *text = flagstay_string_data(records, &length);
        wrong |= !contains(text, length, "\"blue\"");
        flagstay_string_free(records);
        flagstay_assignments *own = NULL;
        wrong |= flagstay_assignments_load(shared, user, T("userID"), &own, NULL) != FLAGSTAY_OK || !own;
        flagstay_assignments_free(own);
    }
    flagstay_decision_clear(&decision);
    flagstay_user_free(user);
    return (void *)wrong;
}

static void any_number_of_threads_read_one_handle(void)
{
    struct map_store map;
    map_store_init(&map);
    map_store_put(&map, T("user-1"), T("colour"), T("{\"variation\":\"blue\"}"));
    flagstay_store table = map_store_table(&map);
    shared = client_of(CONFIG(RULESET), &table);
    held = load(shared, "user-1");
    pthread_t threads[8];
    for (int at = 0; at < 8; at++)
        pthread_create(&threads[at], NULL, read_held, NULL);
    for (int at = 0; at < 8; at++) {
        void *wrong;
        pthread_join(threads[at], &wrong);
        CHECK(wrong == NULL);
    }
    flagstay_assignments_free(held);
    flagstay_client_free(shared);
    map_store_end(&map);
}

int main(void)
{
    TEST(what_the_store_holds_is_loaded_in_one_call);
    TEST(a_store_without_load_is_asked_for_each_flag);
    TEST(a_user_without_such_an_id_has_no_assignments);
    TEST(without_a_store_nothing_is_held_and_without_a_ruleset_nothing_is_known);
    TEST(a_store_that_fails_in_load_fails_no_call);
    TEST(garbage_from_load_is_told);
    TEST(a_client_closed_in_load_lets_the_store_finish);
    TEST(assignments_are_made_from_json);
    TEST(records_that_make_no_sense_are_refused);
    TEST(what_is_left_out_is_told_and_what_is_not_text_refused);
    TEST(any_number_of_threads_read_one_handle);
    return test_result();
}
