/* Prepared switches: what they answer, how long they may be asked, and what they are told by. */
#include "map_store.h"
#include "rulesets.h"
#include "testing.h"

static flagstay_client *client;

static flagstay_switch *prepared(const char *flag, uint8_t fallback)
{
    flagstay_switch *made;
    OK(flagstay_switch_new(client, flag, strlen(flag), fallback, &made, NULL));
    return made;
}

/* What flagstay_on says of the same. */
static int32_t on(const flagstay_user *user, const char *flag, uint8_t fallback)
{
    return flagstay_on(client, user, flag, strlen(flag), fallback);
}

static void a_prepared_switch_says_what_flagstay_on_says(void)
{
    static const char *const flags[] = {"true", "false", "rollout", "number", "aimed", "dark", "broken", "nope", ""};
    client = client_of(CONFIG(RULESET), NULL);
    for (size_t at = 0; at < sizeof flags / sizeof *flags; at++)
        for (uint8_t fallback = 0; fallback < 2; fallback++) {
            flagstay_switch *made = prepared(flags[at], fallback);
            for (int number = 0; number < 20; number++) {
                char key[16];
                snprintf(key, sizeof key, "user-%d", number);
                flagstay_user *user = user_of(key);
                int32_t wanted = on(user, flags[at], fallback);
                CHECK(flagstay_switch_on(made, user) == wanted);
                int32_t tried = flagstay_switch_try(made, user);
                CHECK(tried == -1 || tried == wanted);
                flagstay_user_free(user);
            }
            CHECK(flagstay_switch_on(made, NULL) == on(NULL, flags[at], fallback));
            CHECK(flagstay_switch_try(made, NULL) == -1);
            flagstay_switch_free(made);
        }
    flagstay_client_free(client);
}

static void a_plain_switch_answers_at_the_second_try_and_others_never_do(void)
{
    client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    flagstay_switch *rollout = prepared("rollout", 0), *always = prepared("true", 0), *number = prepared("number", 0);
    CHECK(flagstay_switch_try(rollout, user) == -1);
    int32_t wanted = flagstay_switch_on(rollout, user);
    CHECK(wanted == 0 || wanted == 1);
    CHECK(flagstay_switch_try(rollout, user) == wanted);
    flagstay_switch_on(always, user);
    CHECK(flagstay_switch_try(always, user) == 1);
    flagstay_switch_on(number, user);
    CHECK(flagstay_switch_try(number, user) == -1);
    flagstay_switch_free(rollout);
    flagstay_switch_free(always);
    flagstay_switch_free(number);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void a_switch_follows_the_rulesets_and_ends_with_its_client(void)
{
    client = client_of("{}", NULL);
    flagstay_user *user = user_of("user-1");
    flagstay_switch *made = prepared("it", 1);
    CHECK(flagstay_switch_on(made, user) == (FLAGSTAY_PROVIDER_NOT_READY << 1 | 1));
    static const char *const rulesets[] = {"{\"format\": 1, \"flags\": {" VALUE_FLAG("it", "true") "}}",
                                           "{\"format\": 1, \"flags\": {" VALUE_FLAG("it", "false") "}}"};
    for (int round = 0; round < 6; round++) {
        const char *ruleset = rulesets[round % 2];
        OK(flagstay_client_update(client, ruleset, strlen(ruleset), NULL));
        CHECK(flagstay_switch_try(made, user) == -1);
        CHECK(flagstay_switch_on(made, user) == !(round % 2));
        CHECK(flagstay_switch_try(made, user) == !(round % 2));
    }
    OK(flagstay_client_close(client, 0, NULL));
    CHECK(flagstay_switch_try(made, user) == -1);
    CHECK(flagstay_switch_on(made, user) == (FLAGSTAY_PROVIDER_NOT_READY << 1 | 1));
    flagstay_client_free(client);
    flagstay_switch_free(made);
    flagstay_user_free(user);
}

static void a_sticky_switch_asks_the_store_each_time(void)
{
    static const char ruleset[] =
        "{\"format\": 1, \"flags\": {\"kept\": {\"on\": true, \"variations\": {\"on\": true, \"off\": false}, \"off\": \"off\","
        " \"default\": {\"id\": \"d\", \"split\": {\"sticky\": true, \"weights\": [{\"variation\": \"on\", \"percent\": 100}]}}}}}";
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    client = client_of("{}", &table);
    OK(flagstay_client_update(client, ruleset, strlen(ruleset), NULL));
    flagstay_user *user = user_of("user-1");
    flagstay_switch *made = prepared("kept", 0);
    for (int round = 1; round <= 3; round++) {
        CHECK(flagstay_switch_try(made, user) == -1);
        CHECK(flagstay_switch_on(made, user) == 1);
    }
    CHECK(map.gets >= 3);
    flagstay_switch_free(made);
    flagstay_user_free(user);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void what_is_wrong_with_the_call_is_told(void)
{
    client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    flagstay_switch *made = (flagstay_switch *)&checks_failed;
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_switch_new(NULL, T("true"), 0, &made, &error));
    CHECK(made == NULL && error_names(error, FLAGSTAY_INVALID_ARGUMENT, "client"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_switch_new(client, T("true"), 0, NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "prepared"));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_switch_new(client, T("\xff"), 0, &made, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "flag"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_switch_new(client, NULL, 3, 0, &made, NULL));
    CHECK(flagstay_switch_on(NULL, user) == FLAGSTAY_INVALID_ARGUMENT << 1);
    CHECK(flagstay_switch_try(NULL, user) == -1);
    /* A handle of another kind is as bad as none, and a good switch answers its fallback all the same. */
    CHECK(flagstay_switch_on((const flagstay_switch *)user, user) == FLAGSTAY_INVALID_ARGUMENT << 1);
    CHECK(flagstay_switch_try((const flagstay_switch *)user, user) == -1);
    made = prepared("true", 1);
    CHECK(flagstay_switch_on(made, (const flagstay_user *)client) == (FLAGSTAY_INVALID_ARGUMENT << 1 | 1));
    CHECK(flagstay_switch_try(made, (const flagstay_user *)client) == -1);
    flagstay_switch_free(made);
    flagstay_switch_free(NULL);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

int main(void)
{
    TEST(a_prepared_switch_says_what_flagstay_on_says);
    TEST(a_plain_switch_answers_at_the_second_try_and_others_never_do);
    TEST(a_switch_follows_the_rulesets_and_ends_with_its_client);
    TEST(a_sticky_switch_asks_the_store_each_time);
    TEST(what_is_wrong_with_the_call_is_told);
    return test_result();
}
