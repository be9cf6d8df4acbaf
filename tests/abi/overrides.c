/* Local overrides: what may be said, and who is told that it means nothing. */
#include "map_store.h"
#include "rulesets.h"
#include "statsig.h"
#include "testing.h"

#include <stdatomic.h>

static flagstay_client *client;
static flagstay_decision decision = {.size = sizeof(flagstay_decision)};

/* How many overrides the status counts. */
static int overrides_of(flagstay_client *client)
{
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    const char *member = strstr(text, "\"overrides\":");
    int count = member ? atoi(member + strlen("\"overrides\":")) : -1;
    free(text);
    return count;
}

static void a_dialect_without_overrides_says_so(void)
{
    client = client_of(CONFIG(RULESET), NULL);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("true"), NULL, 0, T("false"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set_group(client, T("true"), T("user-1"), T("Control"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_remove(client, FLAGSTAY_KIND_LAYER, T("true"), NULL, 0, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_clear(client, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK(overrides_of(client) == 0);
    flagstay_client_free(client);
}

/* Evaluates a flag for a user of this key. */
static void evaluate(const char *flag, int32_t kind, const char *key)
{
    flagstay_user *user = user_of(key);
    flagstay_options options = {.size = sizeof options, .kind = kind};
    OK(flagstay_evaluate(client, user, flag, strlen(flag), &options, &decision, NULL));
    flagstay_user_free(user);
}

/* Whether the decision is an override of this value. */
static int overridden(const char *value)
{
    int same = decision.error == FLAGSTAY_OK && decision.found && decision.reason == FLAGSTAY_REASON_TARGET_MATCH &&
               decision.value_json_len == strlen(value) && memcmp(decision.value_json, value, strlen(value)) == 0 &&
               decision.rule_id_len == 8 && memcmp(decision.rule_id, "override", 8) == 0;
    if (!same)
        printf("    decided %.*s by %.*s\n", (int)decision.value_json_len, decision.value_json,
               (int)decision.rule_id_len, decision.rule_id ? decision.rule_id : "");
    return same;
}

static void an_override_answers_in_place_of_the_ruleset_until_it_is_removed(void)
{
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    evaluate("same", FLAGSTAY_KIND_GATE, "user-1");
    CHECK(decision.value_boolean == 1 && decision.reason == FLAGSTAY_REASON_RULE_MATCH);
    OK(flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("same"), NULL, 0, T("false"), NULL));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_CONFIG, T("same"), NULL, 0, T(" {\"b\": 1.0, \"a\": [null]} "), NULL));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_EXPERIMENT, T("colour"), NULL, 0, T("{\"colour\": \"mine\"}"), NULL));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_LAYER, T("of no ruleset"), NULL, 0, T("{}"), NULL));
    CHECK(overrides_of(client) == 4);
    evaluate("same", FLAGSTAY_KIND_GATE, "user-1");
    CHECK(overridden("false"));
    evaluate("same", FLAGSTAY_KIND_CONFIG, "user-1");
    CHECK(overridden("{\"b\":1.0,\"a\":[null]}"));
    evaluate("same", FLAGSTAY_KIND_LAYER, "user-1");
    CHECK(decision.reason != FLAGSTAY_REASON_TARGET_MATCH);
    evaluate("page", FLAGSTAY_KIND_LAYER, "user-1"); /* it gives its users to the experiment */
    CHECK(overridden("{\"colour\":\"mine\"}"));
    evaluate("of no ruleset", FLAGSTAY_KIND_ANY, "user-1");
    CHECK(overridden("{}") && decision.kind == FLAGSTAY_KIND_LAYER);
    uint8_t on = 9;
    flagstay_user *user = user_of("user-1");
    OK(flagstay_boolean(client, user, T("same"), 1, &on, NULL));
    CHECK(on == 0);
    flagstay_string *explanation;
    OK(flagstay_explain(client, user, T("same"), NULL, &explanation, NULL));
    char *text = owned(explanation);
    CHECK(strstr(text, "TARGET_MATCH"));
    free(text);
    flagstay_user_free(user);

    /* They stay when rulesets change, and setting anew replaces. */
    OK(flagstay_client_update(client, T(STATSIG_RULESET("grey")), NULL));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("same"), NULL, 0, T("true"), NULL));
    CHECK(overrides_of(client) == 4);
    evaluate("same", FLAGSTAY_KIND_GATE, "user-1");
    CHECK(overridden("true"));
    OK(flagstay_override_remove(client, FLAGSTAY_KIND_CONFIG, T("colour"), NULL, 0, NULL)); /* of another kind */
    OK(flagstay_override_remove(client, FLAGSTAY_KIND_GATE, T("nowhere"), NULL, 0, NULL));
    CHECK(overrides_of(client) == 4);
    OK(flagstay_override_remove(client, FLAGSTAY_KIND_EXPERIMENT, T("colour"), NULL, 0, NULL));
    evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, "user-1");
    CHECK_TEXT("r-grey", decision.rule_id, decision.rule_id_len);
    CHECK(overrides_of(client) == 3);
    OK(flagstay_override_clear(client, NULL));
    OK(flagstay_override_clear(client, NULL));
    CHECK(overrides_of(client) == 0);
    evaluate("of no ruleset", FLAGSTAY_KIND_LAYER, "user-1");
    CHECK(decision.error == FLAGSTAY_FLAG_NOT_FOUND);
    flagstay_client_free(client);
}

static void an_override_may_be_for_one_id(void)
{
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    OK(flagstay_override_set(client, FLAGSTAY_KIND_CONFIG, T("same"), T("user-1"), T("{\"for\":1}"), NULL));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_CONFIG, T("same"), T("c\0\xc3\xa9"), T("{\"for\":2}"), NULL));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_CONFIG, T("same"), T(""), T("{\"for\":3}"), NULL)); /* the empty id */
    evaluate("same", FLAGSTAY_KIND_CONFIG, "user-1");
    CHECK(overridden("{\"for\":1}"));
    evaluate("same", FLAGSTAY_KIND_CONFIG, "user-2");
    CHECK(decision.reason != FLAGSTAY_REASON_TARGET_MATCH);
    evaluate("same", FLAGSTAY_KIND_CONFIG, "");
    CHECK(overridden("{\"for\":3}"));
    OK(flagstay_override_set(client, FLAGSTAY_KIND_CONFIG, T("same"), NULL, 0, T("{\"for\":0}"), NULL));
    evaluate("same", FLAGSTAY_KIND_CONFIG, "user-2");
    CHECK(overridden("{\"for\":0}"));
    flagstay_user *user = user_of("user-2");
    OK(flagstay_user_set_text(user, FLAGSTAY_IDS, T("companyID"), T("c\0\xc3\xa9"), NULL));
    flagstay_options options = {.size = sizeof options, .kind = FLAGSTAY_KIND_CONFIG};
    OK(flagstay_evaluate(client, user, T("same"), &options, &decision, NULL));
    CHECK(overridden("{\"for\":2}"));
    flagstay_user_free(user);
    CHECK(overrides_of(client) == 4);
    OK(flagstay_override_remove(client, FLAGSTAY_KIND_CONFIG, T("same"), T("user-1"), NULL));
    evaluate("same", FLAGSTAY_KIND_CONFIG, "user-1");
    CHECK(overridden("{\"for\":0}") && overrides_of(client) == 3);
    OK(flagstay_override_remove(client, FLAGSTAY_KIND_CONFIG, T("same"), NULL, 0, NULL)); /* all of the flag's */
    CHECK(overrides_of(client) == 0);
    flagstay_client_free(client);
}

static void an_experiment_may_answer_what_one_of_its_groups_gets(void)
{
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    OK(flagstay_override_set(client, FLAGSTAY_KIND_EXPERIMENT, T("colour"), NULL, 0, T("{\"colour\": \"mine\"}"), NULL));
    OK(flagstay_override_set_group(client, T("colour"), T("user-1"), T("blue"), NULL));
    evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, "user-1");
    CHECK(overridden("{\"colour\":\"blue\"}"));
    evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, "user-2");
    CHECK(overridden("{\"colour\":\"mine\"}"));
    OK(flagstay_override_set_group(client, T("colour"), NULL, 0, T("no such group"), NULL));
    evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, "user-2");
    CHECK(overridden("{}") && overrides_of(client) == 2);
    OK(flagstay_override_remove(client, FLAGSTAY_KIND_EXPERIMENT, T("colour"), NULL, 0, NULL));
    CHECK(overrides_of(client) == 0);
    flagstay_client_free(client);
}

/* Each is refused, and sets nothing. */
static void what_makes_no_sense_is_refused(void)
{
    static const struct {
        int32_t kind;
        const char *value;
        int32_t status;
        const char *place;
    } wrong[] = {
        {FLAGSTAY_KIND_ANY, "true", FLAGSTAY_INVALID_ARGUMENT, "`kind` is ANY"},
        {5, "true", FLAGSTAY_INVALID_ARGUMENT, "`kind` is 5"},
        {-1, "true", FLAGSTAY_INVALID_ARGUMENT, "`kind` is -1"},
        {FLAGSTAY_KIND_GATE, "1", FLAGSTAY_INVALID_ARGUMENT, "`value` is number; an answer of the kind gate is a boolean"},
        {FLAGSTAY_KIND_GATE, "null", FLAGSTAY_INVALID_ARGUMENT, "`value`"},
        {FLAGSTAY_KIND_GATE, "\"true\"", FLAGSTAY_INVALID_ARGUMENT, "`value`"},
        {FLAGSTAY_KIND_CONFIG, "true", FLAGSTAY_INVALID_ARGUMENT, "the kind config is an object"},
        {FLAGSTAY_KIND_EXPERIMENT, "[]", FLAGSTAY_INVALID_ARGUMENT, "the kind experiment is an object"},
        {FLAGSTAY_KIND_LAYER, "null", FLAGSTAY_INVALID_ARGUMENT, "`value`"},
        {FLAGSTAY_KIND_LAYER, "", FLAGSTAY_INVALID_JSON, "`value`"},
        {FLAGSTAY_KIND_LAYER, "{\"a\": \"\\ud800\"}", FLAGSTAY_INVALID_JSON, "`value`"},
        {FLAGSTAY_KIND_LAYER, "{\"\xff\": 1}", FLAGSTAY_INVALID_UTF8, "`value`"},
    };
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    flagstay_error *error;
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        const char *value = wrong[at].value;
        CHECK_STATUS(wrong[at].status,
                     flagstay_override_set(client, wrong[at].kind, T("same"), NULL, 0, value, strlen(value), &error));
        CHECK(error_names(error, wrong[at].status, wrong[at].place));
    }
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_remove(client, FLAGSTAY_KIND_ANY, T("same"), NULL, 0, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("\x80"), NULL, 0, T("true"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "`flag`"));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("same"), T("\x80"), T("true"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "`id`"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("same"), NULL, 3, T("true"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`id`"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, NULL, 3, NULL, 0, T("true"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`flag`"));
    CHECK_STATUS(FLAGSTAY_INVALID_JSON,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("same"), NULL, 0, NULL, 0, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_override_set_group(client, T("colour"), NULL, 0, T("\x80"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "`group`"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set(NULL, FLAGSTAY_KIND_GATE, T("same"), NULL, 0, T("true"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`client` is NULL"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_set_group(NULL, T("a"), NULL, 0, T("b"), NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_remove(NULL, FLAGSTAY_KIND_GATE, T("a"), NULL, 0, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_clear(NULL, NULL));
    CHECK(overrides_of(client) == 0);
    OK(flagstay_client_close(client, 1000, NULL));
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("same"), NULL, 0, T("true"), &error));
    CHECK(error_names(error, FLAGSTAY_CLOSED, "closed"));
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_override_clear(client, NULL));
    CHECK(overrides_of(client) == 0);
    flagstay_client_free(client);
}

/* A store that sets an override while it is asked: it is for the next evaluation. */
static int32_t overriding_remove(void *context, const char *unit, size_t unit_length, const char *flag,
                                 size_t flag_length, flagstay_sink sink, void *sink_context)
{
    (void)context, (void)unit, (void)unit_length, (void)flag, (void)flag_length, (void)sink, (void)sink_context;
    OK(flagstay_override_set(client, FLAGSTAY_KIND_EXPERIMENT, T("colour"), NULL, 0, T("{\"colour\":\"set\"}"), NULL));
    return FLAGSTAY_STORE_DONE;
}

static void a_store_may_set_an_override_for_the_next_evaluation(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    table.remove = overriding_remove;
    client = client_of(STATSIG_CONFIG("blue"), &table);
    evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, "user-1");
    CHECK_TEXT("r-blue", decision.rule_id, decision.rule_id_len);
    evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, "user-1");
    CHECK(overridden("{\"colour\":\"set\"}"));
    flagstay_client_free(client);
    CHECK(map.drops == 1);
    map_store_end(&map);
}

/* Each thread has overrides of its own and loses none to the others, who set, remove and update meanwhile. */
#define WORKERS 6

static atomic_int stop;

static void *override_own(void *argument)
{
    intptr_t wrong = 0;
    flagstay_decision own = {.size = sizeof own};
    flagstay_options options = {.size = sizeof options, .kind = FLAGSTAY_KIND_CONFIG};
    char id[32], value[32];
    snprintf(id, sizeof id, "user-%d", (int)(intptr_t)argument);
    flagstay_user *user = user_of(id);
    for (int round = 0; round < 200; round++) {
        snprintf(value, sizeof value, "{\"n\":%d}", round);
        wrong |= flagstay_override_set(client, FLAGSTAY_KIND_CONFIG, T("same"), id, strlen(id), value, strlen(value), NULL) !=
                 FLAGSTAY_OK;
        wrong |= flagstay_evaluate(client, user, T("same"), &options, &own, NULL) != FLAGSTAY_OK;
        wrong |= own.value_json_len != strlen(value) || memcmp(own.value_json, value, strlen(value)) != 0;
        if (round % 3 == 0) {
            wrong |= flagstay_override_remove(client, FLAGSTAY_KIND_CONFIG, T("same"), id, strlen(id), NULL) != FLAGSTAY_OK;
            wrong |= flagstay_evaluate(client, user, T("same"), &options, &own, NULL) != FLAGSTAY_OK;
            wrong |= own.reason == FLAGSTAY_REASON_TARGET_MATCH;
        }
    }
    flagstay_user_free(user);
    flagstay_decision_clear(&own);
    return (void *)wrong;
}

static void *update(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop))
        flagstay_client_update(client, T(STATSIG_RULESET("grey")), NULL);
    return NULL;
}

static void no_override_is_lost_to_another_thread_or_to_an_update(void)
{
    pthread_t workers[WORKERS], updater;
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    atomic_store(&stop, 0);
    pthread_create(&updater, NULL, update, NULL);
    for (intptr_t at = 0; at < WORKERS; at++)
        pthread_create(&workers[at], NULL, override_own, (void *)at);
    for (int at = 0; at < WORKERS; at++) {
        void *wrong;
        pthread_join(workers[at], &wrong);
        CHECK(wrong == NULL);
    }
    atomic_store(&stop, 1);
    pthread_join(updater, NULL);
    CHECK(overrides_of(client) == WORKERS);
    flagstay_client_free(client);
}

int main(void)
{
    TEST(an_override_answers_in_place_of_the_ruleset_until_it_is_removed);
    TEST(an_override_may_be_for_one_id);
    TEST(an_experiment_may_answer_what_one_of_its_groups_gets);
    TEST(what_makes_no_sense_is_refused);
    TEST(a_store_may_set_an_override_for_the_next_evaluation);
    TEST(no_override_is_lost_to_another_thread_or_to_an_update);
    TEST(a_dialect_without_overrides_says_so);
    flagstay_decision_clear(&decision);
    return test_result();
}
