/* Countries: who is asked, how they may fail, and when they are let go. */
#include "rulesets.h"
#include "testing.h"

#include <stddef.h>

struct atlas {
    flagstay_client *client;
    int drops, calls;
    /* What `drop` does besides counting. */
    enum { NOTHING, ASKS, UPDATES, SETS_ANOTHER, CLOSES } then;
    struct atlas *another;
    int32_t status;
};

static void drop(void *context);

static int32_t country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    struct atlas *atlas = context;
    (void)ip, (void)ip_length;
    atlas->calls++;
    sink(sink_context, T("DE"));
    return FLAGSTAY_STORE_DONE;
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

static void drop_may_call_the_client(void)
{
    for (int then = ASKS; then <= CLOSES; then++) {
        struct atlas last = {0}, first = {.client = client_of(CONFIG(RULESET), NULL), .another = &last, .status = -1};
        flagstay_countries table = table_of(&first);
        first.then = then;
        OK(flagstay_client_set_countries(first.client, &table, NULL));
        OK(flagstay_client_set_countries(first.client, NULL, NULL));
        CHECK(first.drops == 1 && first.status == FLAGSTAY_OK);
        CHECK(last.drops == 0);
        flagstay_client_free(first.client);
        CHECK(first.drops == 1 && last.drops == (then == SETS_ANOTHER));
    }
    /* While the client is being closed it is closed for `drop` too. */
    for (int then = ASKS; then <= CLOSES; then++) {
        struct atlas last = {0}, first = {.client = client_of(CONFIG(RULESET), NULL), .another = &last, .status = -1};
        flagstay_countries table = table_of(&first);
        first.then = then;
        OK(flagstay_client_set_countries(first.client, &table, NULL));
        OK(flagstay_client_close(first.client, 1000, NULL));
        CHECK(first.drops == 1 && last.drops == (then == SETS_ANOTHER));
        CHECK(first.status == (then == UPDATES || then == SETS_ANOTHER ? FLAGSTAY_CLOSED : FLAGSTAY_OK));
        flagstay_client_free(first.client);
        CHECK(first.drops == 1 && last.drops == (then == SETS_ANOTHER));
    }
}

int main(void)
{
    TEST(drop_is_called_exactly_once_on_every_path);
    TEST(drop_may_call_the_client);
    return test_result();
}
