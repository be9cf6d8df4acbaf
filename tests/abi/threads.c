/* One client, one user, many threads: nobody gets another's answer, whatever happens meanwhile.
 *
 * Argument 1: rounds for each thread. */
#include "map_store.h"
#include "rulesets.h"
#include "testing.h"

#include <stdatomic.h>

#define WORKERS 8

static int rounds = 20000;
static flagstay_client *client;
static flagstay_user *user;
static atomic_int closed, wrong, stop;

/* Evaluates in turn flags whose answers carry their own names. */
static void *ask(void *argument)
{
    int worker = (int)(intptr_t)argument;
    flagstay_decision decision = {.size = sizeof decision};
    for (int round = 0; round < rounds; round++) {
        char flag[32], fallback[32];
        int length = snprintf(flag, sizeof flag, "flag-%d", (worker * 7 + round) % 64);
        int fallback_length = snprintf(fallback, sizeof fallback, "worker-%d", worker);
        int was_closed = atomic_load(&closed);
        int32_t status = flagstay_text(client, user, flag, (size_t)length, fallback, (size_t)fallback_length,
                                       &decision, NULL);
        const char *wanted = status == FLAGSTAY_OK ? flag : fallback;
        int right = decision.value_text_len == strlen(wanted) &&
                    memcmp(decision.value_text, wanted, strlen(wanted)) == 0 && decision.flag_len == (size_t)length &&
                    memcmp(decision.flag, flag, (size_t)length) == 0;
        if (!right || (status != FLAGSTAY_OK && status != FLAGSTAY_PROVIDER_NOT_READY) ||
            (status == FLAGSTAY_OK && was_closed))
            atomic_fetch_add(&wrong, 1);
    }
    flagstay_decision_clear(&decision);
    return NULL;
}

static char *numbered_flags(void)
{
    char *text = malloc(64 * 200 + 100), *to = text;
    to += sprintf(to, "{\"format\": 1, \"flags\": {");
    for (int at = 0; at < 64; at++)
        to += sprintf(to,
                      "%s\"flag-%d\": {\"on\": true, \"variations\": {\"it\": \"flag-%d\", \"off\": null}, \"off\": "
                      "\"off\", \"default\": \"it\"}",
                      at ? "," : "", at, at);
    sprintf(to, "}}");
    return text;
}

static void *update(void *argument)
{
    const char *document = argument;
    while (!atomic_load(&stop)) {
        int32_t status = flagstay_client_update(client, document, strlen(document), NULL);
        if (status != FLAGSTAY_OK && status != FLAGSTAY_CLOSED)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void run_workers(int with_update, int with_close)
{
    char *document = numbered_flags();
    pthread_t workers[WORKERS], updater;
    client = client_of("{}", NULL);
    OK(flagstay_client_update(client, document, strlen(document), NULL));
    user = user_of("user-1");
    closed = wrong = stop = 0;
    if (with_update)
        pthread_create(&updater, NULL, update, document);
    for (intptr_t at = 0; at < WORKERS; at++)
        pthread_create(&workers[at], NULL, ask, (void *)at);
    if (with_close) {
        OK(flagstay_client_close(client, 1000, NULL));
        atomic_store(&closed, 1);
    }
    for (int at = 0; at < WORKERS; at++)
        pthread_join(workers[at], NULL);
    atomic_store(&stop, 1);
    if (with_update)
        pthread_join(updater, NULL);
    CHECK(atomic_load(&wrong) == 0);
    flagstay_user_free(user);
    flagstay_client_free(client);
    free(document);
}

static void everybody_gets_their_own_answer(void)
{
    run_workers(0, 0);
}

static void answers_stay_right_while_rulesets_change(void)
{
    run_workers(1, 0);
}

static void closing_beside_evaluations_and_updates_is_safe(void)
{
    for (int at = 0; at < 10; at++)
        run_workers(at % 2, 1);
}

/* The first writer wins: all threads that meet a new user at once give that user one variation. */
static void *enrol(void *variation)
{
    flagstay_decision decision = {.size = sizeof decision};
    char (*mine)[100] = variation;
    for (int at = 0; at < 100; at++) {
        char key[32];
        snprintf(key, sizeof key, "user-%d", at);
        flagstay_user *someone = user_of(key);
        if (flagstay_evaluate(client, someone, T("colour"), NULL, &decision, NULL) == FLAGSTAY_OK &&
            decision.variation_len)
            (*mine)[at] = decision.variation[0];
        if (at % 10 == 5)
            flagstay_client_update(client, at % 20 == 5 ? STICKY_RULESET("100", "0") : STICKY_RULESET("0", "100"),
                                   strlen(at % 20 == 5 ? STICKY_RULESET("100", "0") : STICKY_RULESET("0", "100")), NULL);
        flagstay_user_free(someone);
    }
    flagstay_decision_clear(&decision);
    return NULL;
}

static void a_new_user_gets_one_variation_whoever_comes_first(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    static char variations[WORKERS][100];
    pthread_t workers[WORKERS];
    client = client_of(CONFIG(STICKY_RULESET("50", "50")), &table);
    for (int at = 0; at < WORKERS; at++)
        pthread_create(&workers[at], NULL, enrol, &variations[at]);
    for (int at = 0; at < WORKERS; at++)
        pthread_join(workers[at], NULL);
    for (int key = 0; key < 100; key++)
        for (int at = 0; at < WORKERS; at++)
            CHECK(variations[at][key] && variations[at][key] == variations[0][key]);
    flagstay_client_free(client);
    CHECK(map.drops == 1);
    map_store_end(&map);
}

/* Countries come and go while rulesets arrive; each goes exactly once, and may call the client when it does. A lock
 * that was held meanwhile would be met here. */
static atomic_int tables_set, tables_dropped;

static int32_t unknown_country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    (void)context, (void)ip, (void)ip_length, (void)sink, (void)sink_context;
    return FLAGSTAY_STORE_DONE;
}

static void let_go(void *context)
{
    (void)context;
    atomic_fetch_add(&tables_dropped, 1);
    int32_t status = flagstay_client_update(client, T("no ruleset"), NULL);
    if (status != FLAGSTAY_INVALID_JSON && status != FLAGSTAY_CLOSED)
        atomic_fetch_add(&wrong, 1);
}

static void *replace_countries(void *argument)
{
    (void)argument;
    for (int round = 0; round < rounds / 20; round++) {
        flagstay_countries table = {.size = sizeof table, .drop = let_go, .country = unknown_country};
        atomic_fetch_add(&tables_set, 1);
        int32_t status = flagstay_client_set_countries(client, round % 5 ? &table : NULL, NULL);
        if (round % 5 == 0)
            atomic_fetch_sub(&tables_set, 1);
        if (status != FLAGSTAY_OK && status != FLAGSTAY_CLOSED)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void countries_are_let_go_once_and_under_no_lock(void)
{
    for (int with_close = 0; with_close < 2; with_close++) {
        char *document = numbered_flags();
        pthread_t setters[3], updater, reader;
        client = client_of("{}", NULL);
        user = user_of("user-1");
        closed = wrong = stop = 0;
        tables_set = tables_dropped = 0;
        OK(flagstay_client_update(client, document, strlen(document), NULL));
        pthread_create(&updater, NULL, update, document);
        pthread_create(&reader, NULL, ask, (void *)0);
        for (int at = 0; at < 3; at++)
            pthread_create(&setters[at], NULL, replace_countries, NULL);
        if (with_close)
            OK(flagstay_client_close(client, 1000, NULL));
        for (int at = 0; at < 3; at++)
            pthread_join(setters[at], NULL);
        atomic_store(&stop, 1);
        pthread_join(updater, NULL);
        pthread_join(reader, NULL);
        OK(flagstay_client_close(client, 1000, NULL));
        CHECK(atomic_load(&wrong) == 0);
        CHECK(atomic_load(&tables_set) == atomic_load(&tables_dropped));
        flagstay_user_free(user);
        flagstay_client_free(client);
        free(document);
    }
}

/* Threads that come, evaluate once and go leave nothing behind. */
static void *evaluate_once(void *argument)
{
    uint8_t on;
    (void)argument;
    flagstay_boolean(client, user, T("true"), 0, &on, NULL);
    return NULL;
}

static void short_lived_threads_are_welcome(void)
{
    client = client_of(CONFIG(RULESET), NULL);
    user = user_of("user-1");
    for (int at = 0; at < 200; at++) {
        pthread_t thread;
        pthread_create(&thread, NULL, evaluate_once, NULL);
        pthread_join(thread, NULL);
    }
    flagstay_user_free(user);
    flagstay_client_free(client);
}

int main(int count, char **arguments)
{
    if (count > 1)
        rounds = atoi(arguments[1]);
    TEST(everybody_gets_their_own_answer);
    TEST(answers_stay_right_while_rulesets_change);
    TEST(closing_beside_evaluations_and_updates_is_safe);
    TEST(a_new_user_gets_one_variation_whoever_comes_first);
    TEST(countries_are_let_go_once_and_under_no_lock);
    TEST(short_lived_threads_are_welcome);
    return test_result();
}
