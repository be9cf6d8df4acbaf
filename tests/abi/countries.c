/* Countries: who is asked, how they may fail, and when they are let go. */
#include "rulesets.h"
#include "statsig.h"
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct atlas {
    flagstay_client *client;
    int drops;
    /* What it says when it is asked: this text so many times, and this result. */
    const char *code;
    size_t code_length;
    int times;
    int32_t result;
    int calls;
    char asked[64];
    /* What `drop` does besides counting. */
    enum { NOTHING, ASKS, UPDATES, SETS_ANOTHER, CLOSES } then;
    struct atlas *another;
    int32_t status;
};

static void drop(void *context);

static int32_t country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    struct atlas *atlas = context;
    atlas->calls++;
    snprintf(atlas->asked, sizeof atlas->asked, "%.*s", (int)ip_length, ip);
    for (int at = 0; at < atlas->times; at++)
        sink(sink_context, atlas->code, atlas->code_length);
    return atlas->result;
}

static flagstay_countries table_of(struct atlas *atlas)
{
    return (flagstay_countries){.size = sizeof(flagstay_countries), .context = atlas, .drop = drop, .country = country};
}

static void drop(void *context)
{
    struct atlas *atlas = context;
    flagstay_string *status = NULL;
    flagstay_countries table;
    atlas->drops++;
    switch (atlas->then) {
    case NOTHING: break;
    case ASKS: atlas->status = flagstay_client_status(atlas->client, &status, NULL); break;
    case UPDATES: atlas->status = flagstay_client_update(atlas->client, T(RULESET), NULL); break;
    case SETS_ANOTHER:
        table = table_of(atlas->another);
        atlas->status = flagstay_client_set_countries(atlas->client, &table, NULL);
        break;
    case CLOSES: atlas->status = flagstay_client_close(atlas->client, 1000, NULL); break;
    }
    flagstay_string_free(status);
}

static void drop_is_called_exactly_once_on_every_path(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    struct atlas atlas = {0};
    union {
        flagstay_countries countries;
        unsigned char bytes[sizeof(flagstay_countries) + 16];
    } table;
#define FRESH (memset(&table, 0, sizeof table), table.countries = table_of(&atlas), atlas = (struct atlas){0})
#define FAILS(status, client, place)                                                      \
    do {                                                                                  \
        flagstay_error *error = NULL;                                                     \
        CHECK_STATUS(status, flagstay_client_set_countries(client, &table.countries, &error)); \
        CHECK(error_names(error, status, place));                                         \
        CHECK(atlas.drops == 1);                                                          \
    } while (0)
    FRESH;
    FAILS(FLAGSTAY_INVALID_ARGUMENT, NULL, "`client` is NULL");
    FRESH;
    flagstay_user *user = user_of("user-1");
    FAILS(FLAGSTAY_INVALID_ARGUMENT, (flagstay_client *)(void *)user, "`client`");
    flagstay_user_free(user);
    FRESH, table.countries.country = NULL;
    FAILS(FLAGSTAY_INVALID_ARGUMENT, client, "must offer `country`");
    FRESH, table.countries.size = offsetof(flagstay_countries, country);
    FAILS(FLAGSTAY_INVALID_ARGUMENT, client, "must offer `country`");
    FRESH, table.countries.size += 8, table.bytes[sizeof(flagstay_countries)] = 1;
    FAILS(FLAGSTAY_INVALID_ARGUMENT, client, "does not know");
    FRESH, table.countries.country = NULL;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_set_countries(client, &table.countries, NULL));
    CHECK(atlas.drops == 1);
    /* A struct that does not even reach its `drop` is left alone. */
    size_t absurd[] = {0, offsetof(flagstay_countries, drop), offsetof(flagstay_countries, country) - 1, 4097, SIZE_MAX};
    for (size_t at = 0; at < sizeof absurd / sizeof *absurd; at++) {
        FRESH, table.countries.size = absurd[at];
        flagstay_error *error;
        CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_set_countries(client, &table.countries, &error));
        CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "countries.size"));
        CHECK(atlas.drops == 0);
    }

    FRESH, table.countries.size += 8; /* a newer header that asks for nothing new */
    OK(flagstay_client_set_countries(client, &table.countries, NULL));
    memset(&table, 0xAA, sizeof table); /* the client has a copy */
    CHECK(atlas.drops == 0);
    OK(flagstay_client_set_countries(client, NULL, NULL));
    CHECK(atlas.drops == 1);
    OK(flagstay_client_set_countries(client, NULL, NULL));
    CHECK(atlas.drops == 1);

    struct atlas second = {0};
    FRESH;
    OK(flagstay_client_set_countries(client, &table.countries, NULL));
    OK(flagstay_client_update(client, T(RULESET), NULL));
    CHECK(atlas.drops == 0);
    table.countries = table_of(&second);
    OK(flagstay_client_set_countries(client, &table.countries, NULL));
    CHECK(atlas.drops == 1 && second.drops == 0);
    OK(flagstay_client_close(client, 1000, NULL));
    CHECK(second.drops == 1);
    FRESH;
    FAILS(FLAGSTAY_CLOSED, client, "closed");
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_client_set_countries(client, NULL, NULL));
    flagstay_client_free(client);
    CHECK(atlas.drops == 1 && second.drops == 1);

    client = client_of("{}", NULL);
    FRESH;
    OK(flagstay_client_set_countries(client, &table.countries, NULL));
    flagstay_client_free(client);
    CHECK(atlas.drops == 1);
    client = client_of("{}", NULL);
    FRESH, table.countries.drop = NULL;
    OK(flagstay_client_set_countries(client, &table.countries, NULL));
    flagstay_client_free(client);
}

/* Three tables: letting go of the first may set the second, and letting go of that one the third. */
static void let_go_of_the_first(int then, int by_closing)
{
    struct atlas third = {0}, second = {.then = SETS_ANOTHER, .another = &third},
                 first = {.then = then, .another = &second, .status = -1};
    first.client = second.client = client_of(CONFIG(RULESET), NULL);
    flagstay_countries table = table_of(&first);
    OK(flagstay_client_set_countries(first.client, &table, NULL));
    if (by_closing)
        OK(flagstay_client_close(first.client, 1000, NULL));
    else
        OK(flagstay_client_set_countries(first.client, NULL, NULL));
    CHECK(first.drops == 1);
    int sets = then == SETS_ANOTHER;
    if (by_closing) { /* A client that is being closed is closed for `drop` too. */
        CHECK(first.status == (sets || then == UPDATES ? FLAGSTAY_CLOSED : FLAGSTAY_OK));
        CHECK(second.drops == sets && third.drops == sets);
    } else {
        CHECK(first.status == FLAGSTAY_OK && second.drops == 0 && third.drops == 0);
        CHECK_STATUS(then == CLOSES ? FLAGSTAY_CLOSED : FLAGSTAY_OK,
                     flagstay_client_set_countries(first.client, NULL, NULL));
        CHECK(second.drops == sets && third.drops == 0);
    }
    flagstay_client_free(first.client);
    CHECK(first.drops == 1 && second.drops == sets && third.drops == sets);
}

static void drop_may_call_the_client(void)
{
    for (int then = ASKS; then <= CLOSES; then++) {
        let_go_of_the_first(then, 0);
        let_go_of_the_first(then, 1);
    }
}

static flagstay_user *user_at(const char *ip)
{
    flagstay_user *user = user_of("user-1");
    if (ip)
        OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T("ip"), ip, strlen(ip), NULL));
    return user;
}

/* Whether a user at this address passes the gate for Germans. */
static int is_in_germany(flagstay_client *client, const char *ip)
{
    flagstay_user *user = user_at(ip);
    uint8_t on = 9;
    OK(flagstay_boolean(client, user, T("in Germany"), 0, &on, NULL));
    flagstay_user_free(user);
    return on;
}

#define CODE(text) .code = text, .code_length = sizeof(text) - 1

static void the_host_says_where_an_address_is(void)
{
    flagstay_client *client = client_of(STATSIG_CONFIG("blue"), NULL);
    struct atlas atlas = {CODE("DE"), .times = 1, .result = FLAGSTAY_STORE_DONE};
    CHECK(is_in_germany(client, "192.0.2.1") == 0);
    flagstay_countries table = table_of(&atlas);
    OK(flagstay_client_set_countries(client, &table, NULL));
    CHECK(is_in_germany(client, "192.0.2.1") == 1);
    CHECK(atlas.calls == 1 && strcmp(atlas.asked, "192.0.2.1") == 0);
    CHECK(is_in_germany(client, "2001:db8::1") == 1); /* of any shape: it is the host's to read */
    CHECK(strcmp(atlas.asked, "2001:db8::1") == 0);
    CHECK(is_in_germany(client, NULL) == 0 && atlas.calls == 2); /* no address, no question */
    atlas.code = "FR";
    CHECK(is_in_germany(client, "192.0.2.1") == 0 && atlas.calls == 3);
    OK(flagstay_client_update(client, T(STATSIG_RULESET("grey")), NULL));
    atlas.code = "DE";
    CHECK(is_in_germany(client, "192.0.2.1") == 1);
    flagstay_string *explanation;
    flagstay_user *user = user_at("192.0.2.1");
    OK(flagstay_explain(client, user, T("in Germany"), NULL, &explanation, NULL));
    flagstay_string_free(explanation);
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, NULL, &all, NULL));
    flagstay_decisions_free(all);
    CHECK(atlas.calls == 6);
    flagstay_user_free(user);
    OK(flagstay_client_set_countries(client, NULL, NULL));
    CHECK(is_in_germany(client, "192.0.2.1") == 0 && atlas.calls == 6);
    flagstay_client_free(client);
    CHECK(atlas.drops == 1);
}

static void whatever_goes_wrong_is_an_unknown_country(void)
{
    const struct atlas cases[] = {
        {CODE("DE"), .times = 0, .result = FLAGSTAY_STORE_DONE},
        {CODE("DE"), .times = 2, .result = FLAGSTAY_STORE_DONE},
        {CODE("DE"), .times = 1, .result = FLAGSTAY_STORE_FAILURE},
        {CODE("DE"), .times = 1, .result = 1},
        {CODE("DE"), .times = 1, .result = -1},
        {CODE("DE\xff"), .times = 1, .result = FLAGSTAY_STORE_DONE},
        {CODE(""), .times = 1, .result = FLAGSTAY_STORE_DONE},
        {.code = NULL, .code_length = 2, .times = 1, .result = FLAGSTAY_STORE_DONE},
        {.code = "DE", .code_length = (size_t)1 << 62, .times = 1, .result = FLAGSTAY_STORE_DONE},
        {.code = "DE", .code_length = SIZE_MAX, .times = 1, .result = FLAGSTAY_STORE_DONE},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct atlas atlas = cases[at];
        flagstay_client *client = client_of(STATSIG_CONFIG("blue"), NULL);
        flagstay_countries table = table_of(&atlas);
        OK(flagstay_client_set_countries(client, &table, NULL));
        CHECK(is_in_germany(client, "192.0.2.1") == 0);
        CHECK(atlas.calls == 1);
        flagstay_client_free(client);
        CHECK(atlas.drops == 1);
    }
}

/* Countries that use the client that asks them. */
struct caller {
    flagstay_client *client;
    flagstay_user *user;
    flagstay_decision decision;
    enum { EVALUATES, REPLACES, CLOSES_IT, CLEARS } does;
    int depth, drops, dropped_early;
    pthread_t thread;
    int wrong_thread;
};

static void caller_drop(void *context)
{
    struct caller *caller = context;
    caller->drops++;
    caller->wrong_thread |= !pthread_equal(caller->thread, pthread_self());
}

static int32_t calling_country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    struct caller *caller = context;
    (void)ip, (void)ip_length;
    caller->wrong_thread |= !pthread_equal(caller->thread, pthread_self());
    if (caller->depth++ < 3) {
        switch (caller->does) {
        case CLOSES_IT: OK(flagstay_client_close(caller->client, 1000, NULL)); break;
        case REPLACES: OK(flagstay_client_set_countries(caller->client, NULL, NULL)); break;
        case CLEARS: flagstay_decision_clear(&caller->decision); break;
        case EVALUATES:
            OK(flagstay_override_set(caller->client, FLAGSTAY_KIND_GATE, T("of no ruleset"), NULL, 0, T("true"), NULL));
            OK(flagstay_client_update(caller->client, T(STATSIG_RULESET("grey")), NULL));
            break;
        }
        OK(flagstay_evaluate(caller->client, caller->user, T("in Germany"), NULL, &caller->decision, NULL));
        OK(flagstay_evaluate(caller->client, caller->user, T("same"), NULL, &caller->decision, NULL));
    }
    caller->dropped_early |= caller->drops;
    sink(sink_context, T("DE"));
    return FLAGSTAY_STORE_DONE;
}

static void the_callback_may_call_the_client_and_even_replace_itself(void)
{
    for (int does = EVALUATES; does <= CLEARS; does++) {
        struct caller caller = {.does = does, .decision = {.size = sizeof(flagstay_decision)}, .thread = pthread_self()};
        flagstay_countries table = {.size = sizeof table, .context = &caller, .drop = caller_drop, .country = calling_country};
        caller.client = client_of(STATSIG_CONFIG("blue"), NULL);
        caller.user = user_at("192.0.2.1");
        OK(flagstay_client_set_countries(caller.client, &table, NULL));
        OK(flagstay_evaluate(caller.client, caller.user, T("in Germany"), NULL, &caller.decision, NULL));
        /* The outer decision goes on with what it began with, and is the one that stays. */
        CHECK_TEXT("in Germany", caller.decision.flag, caller.decision.flag_len);
        CHECK(caller.decision.error == FLAGSTAY_OK && caller.decision.enabled == 1);
        CHECK(!caller.dropped_early && caller.drops == (does == REPLACES || does == CLOSES_IT));
        flagstay_client_free(caller.client);
        CHECK(caller.drops == 1 && !caller.wrong_thread);
        flagstay_decision_clear(&caller.decision);
        flagstay_user_free(caller.user);
    }
}

/* Tables that know one country come and go while users are looked up: nobody asks one that has been let go. */
static flagstay_client *shared;
static atomic_int stop, wrong;

struct passing {
    atomic_int gone;
};

static int32_t passing_country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    struct passing *passing = context;
    (void)ip, (void)ip_length;
    if (atomic_load(&passing->gone))
        atomic_fetch_add(&wrong, 1);
    sink(sink_context, T("DE"));
    if (atomic_load(&passing->gone))
        atomic_fetch_add(&wrong, 1);
    return FLAGSTAY_STORE_DONE;
}

static void passing_drop(void *context)
{
    struct passing *passing = context;
    if (atomic_exchange(&passing->gone, 1))
        atomic_fetch_add(&wrong, 1);
}

static void *look_up(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop))
        if (is_in_germany(shared, "192.0.2.1") != 1)
            atomic_fetch_add(&wrong, 1);
    return NULL;
}

static void nobody_asks_a_table_that_has_been_let_go(void)
{
    static struct passing tables[500];
    pthread_t threads[4];
    atomic_store(&stop, 0);
    atomic_store(&wrong, 0);
    shared = client_of(STATSIG_CONFIG("blue"), NULL);
    for (size_t at = 0; at < sizeof tables / sizeof *tables; at++) {
        flagstay_countries table = {.size = sizeof table, .context = &tables[at], .drop = passing_drop,
                                    .country = passing_country};
        OK(flagstay_client_set_countries(shared, &table, NULL));
        if (at == 0)
            for (int thread = 0; thread < 4; thread++)
                pthread_create(&threads[thread], NULL, look_up, NULL);
        sched_yield();
    }
    atomic_store(&stop, 1);
    for (int thread = 0; thread < 4; thread++)
        pthread_join(threads[thread], NULL);
    flagstay_client_free(shared);
    CHECK(atomic_load(&wrong) == 0);
    for (size_t at = 0; at < sizeof tables / sizeof *tables; at++)
        CHECK(atomic_load(&tables[at].gone) == 1);
}

int main(void)
{
    TEST(the_host_says_where_an_address_is);
    TEST(whatever_goes_wrong_is_an_unknown_country);
    TEST(the_callback_may_call_the_client_and_even_replace_itself);
    TEST(nobody_asks_a_table_that_has_been_let_go);
    TEST(drop_is_called_exactly_once_on_every_path);
    TEST(drop_may_call_the_client);
    return test_result();
}
