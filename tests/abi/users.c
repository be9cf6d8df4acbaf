/* Users: every kind of value, every way to be wrong. */
#include "rulesets.h"
#include "testing.h"

#include <math.h>

/* A flag "f" that is true for the users whose attribute passes a condition. */
static int passes(const flagstay_user *user, const char *condition)
{
    char config[1000];
    snprintf(config, sizeof config,
             "{\"ruleset\": {\"format\": 1, \"flags\": {\"f\": {\"on\": true, \"variations\": {\"y\": true, \"n\": false},"
             " \"off\": \"n\", \"rules\": [{\"if\": %s, \"serve\": \"y\"}], \"default\": \"n\"}}}}",
             condition);
    flagstay_client *client = client_of(config, NULL);
    uint8_t value = 9;
    OK(flagstay_boolean(client, user, T("f"), 0, &value, NULL));
    flagstay_client_free(client);
    return value;
}

static void every_kind_of_value_arrives_as_it_was_set(void)
{
    flagstay_user *user = user_of("user-1");
    OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T("text"), T("gr\xc3\xbc\xc3\x9f"), NULL));
    OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T("empty"), NULL, 0, NULL));
    OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T("nul"), T("a\0b"), NULL));
    OK(flagstay_user_set_number(user, FLAGSTAY_ATTRIBUTES, T("number"), -0.5, NULL));
    OK(flagstay_user_set_integer(user, FLAGSTAY_ATTRIBUTES, T("large"), 9007199254740993, NULL));
    OK(flagstay_user_set_boolean(user, FLAGSTAY_ATTRIBUTES, T("yes"), 2, NULL));
    OK(flagstay_user_set_boolean(user, FLAGSTAY_ATTRIBUTES, T("no"), 0, NULL));
    OK(flagstay_user_set_json(user, FLAGSTAY_ATTRIBUTES, T("list"), T(" [1, \"two\"] "), NULL));
    OK(flagstay_user_set_json(user, FLAGSTAY_ATTRIBUTES, T("null"), T("null"), NULL));
    OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T(""), T("no name"), NULL));
    OK(flagstay_user_set_text(user, FLAGSTAY_PRIVATE_ATTRIBUTES, T("secret"), T("s"), NULL));
    OK(flagstay_user_set_text(user, FLAGSTAY_IDS, T("company"), T("c-9"), NULL));
    CHECK(passes(user, "{\"attribute\": \"text\", \"equals\": \"gr\xc3\xbc\xc3\x9f\"}"));
    CHECK(passes(user, "{\"attribute\": \"empty\", \"equals\": \"\"}"));
    CHECK(passes(user, "{\"attribute\": \"nul\", \"equals\": \"a\\u0000b\"}"));
    CHECK(passes(user, "{\"attribute\": \"number\", \"equals\": -0.5}"));
    CHECK(passes(user, "{\"attribute\": \"large\", \"equals\": 9007199254740993}"));
    CHECK(!passes(user, "{\"attribute\": \"large\", \"equals\": 9007199254740992}"));
    CHECK(passes(user, "{\"attribute\": \"yes\", \"equals\": true}"));
    CHECK(passes(user, "{\"attribute\": \"no\", \"equals\": false}"));
    CHECK(passes(user, "{\"attribute\": \"list\", \"contains\": \"two\"}"));
    CHECK(passes(user, "{\"attribute\": \"null\", \"present\": false}"));
    CHECK(passes(user, "{\"attribute\": \"\", \"equals\": \"no name\"}"));
    CHECK(passes(user, "{\"attribute\": \"secret\", \"equals\": \"s\"}"));
    CHECK(passes(user, "{\"id\": \"company\", \"equals\": \"c-9\"}"));
    /* The last value of a name counts, of whatever kind. */
    OK(flagstay_user_set_integer(user, FLAGSTAY_ATTRIBUTES, T("text"), INT64_MIN, NULL));
    CHECK(passes(user, "{\"attribute\": \"text\", \"equals\": -9223372036854775808}"));
    flagstay_user_free(user);
}

static void a_user_can_be_built_from_json(void)
{
    flagstay_user *user;
    OK(flagstay_user_from_json(T("{\"key\": \"u\", \"attributes\": {\"plan\": \"pro\", \"large\": 9007199254740993},"
                                 " \"private_attributes\": {}, \"ids\": {\"company\": 5}, \"targeting\": null}"),
                               &user, NULL));
    CHECK(passes(user, "{\"attribute\": \"plan\", \"equals\": \"pro\"}"));
    CHECK(passes(user, "{\"attribute\": \"large\", \"equals\": 9007199254740993}"));
    CHECK(passes(user, "{\"id\": \"company\", \"equals\": \"5\"}"));
    CHECK(passes(user, "{\"id\": \"key\", \"equals\": \"u\"}"));
    flagstay_user_free(user);
}

static void no_user_at_all_gets_the_default_and_a_reason(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *absent;
    OK(flagstay_user_from_json(T("null"), &absent, NULL));
    uint8_t on = 9;
    CHECK_STATUS(FLAGSTAY_TARGETING_KEY_MISSING, flagstay_boolean(client, NULL, T("true"), 0, &on, NULL));
    CHECK(on == 0);
    CHECK_STATUS(FLAGSTAY_TARGETING_KEY_MISSING, flagstay_boolean(client, absent, T("true"), 1, &on, NULL));
    CHECK(on == 1);
    flagstay_user_free(absent);
    flagstay_client_free(client);
}

static void refused(const char *json, size_t length, int32_t status, const char *place)
{
    flagstay_user *user = (flagstay_user *)&status;
    flagstay_error *error = NULL;
    CHECK_STATUS(status, flagstay_user_from_json(json, length, &user, &error));
    CHECK(user == NULL);
    CHECK(error_names(error, status, place));
}

static void a_wrong_user_is_an_error_that_names_the_place(void)
{
    refused(T(""), FLAGSTAY_INVALID_JSON, "EOF");
    refused(T("{\"key\": }"), FLAGSTAY_INVALID_JSON, "line 1");
    refused(T("[]"), FLAGSTAY_INVALID_USER, "list");
    refused(T("{\"key\": \"u\", \"attribute\": {}}"), FLAGSTAY_INVALID_USER, "attribute");
    refused(T("{} {}"), FLAGSTAY_INVALID_JSON, "trailing");
    refused(T("{\"key\": \"\xc3\"}"), FLAGSTAY_INVALID_UTF8, "json");
    refused(NULL, 1, FLAGSTAY_INVALID_ARGUMENT, "json");
    refused("{}", (size_t)-1, FLAGSTAY_INVALID_ARGUMENT, "json");
}

static void a_wrong_value_is_refused_and_changes_nothing(void)
{
    flagstay_user *user = user_of("user-1");
    OK(flagstay_user_set_number(user, FLAGSTAY_ATTRIBUTES, T("a"), 1, NULL));
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_user_set_number(user, FLAGSTAY_ATTRIBUTES, T("a"), (double)NAN, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "value"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_user_set_number(user, FLAGSTAY_ATTRIBUTES, T("a"), (double)INFINITY, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_user_set_boolean(user, 6, T("a"), 1, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "part"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_user_set_boolean(user, -1, T("a"), 1, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_user_set_text(user, 0, T("a"), T("\xed\xa0\x80"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "value"));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_user_set_text(user, 0, T("a\xff"), T("b"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_UTF8, "name"));
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_user_set_json(user, 0, T("a"), T("{]"), NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_user_set_json(user, 0, T("a"), NULL, 0, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_user_set_integer(NULL, 0, T("a"), 1, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "user"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_user_new(T("u"), NULL, NULL));
    CHECK(passes(user, "{\"attribute\": \"a\", \"equals\": 1}"));
    flagstay_user_free(user);
}

static void a_user_of_many_megabytes_is_a_user(void)
{
    size_t size = 8 << 20;
    char *text = malloc(size);
    memset(text, 'x', size);
    flagstay_user *user;
    OK(flagstay_user_new(text, size, &user, NULL));
    OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T("long"), text, size, NULL));
    for (int at = 0; at < 5000; at++) {
        char name[20];
        int length = snprintf(name, sizeof name, "name-%d", at);
        OK(flagstay_user_set_integer(user, FLAGSTAY_ATTRIBUTES, name, (size_t)length, at, NULL));
    }
    CHECK(passes(user, "{\"attribute\": \"long\", \"ends_with\": \"xxx\"}"));
    CHECK(passes(user, "{\"attribute\": \"name-4999\", \"equals\": 4999}"));
    flagstay_user_free(user);
    /* JSON nested without end is refused, not followed to the end of the stack. */
    memset(text, '[', size);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_user_from_json(text, size, &user, &error));
    flagstay_error_free(error);
    flagstay_decision decision = {.size = sizeof decision};
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_json(NULL, NULL, T("f"), text, size, &decision, NULL));
    flagstay_decision_clear(&decision);
    free(text);
}

int main(void)
{
    TEST(every_kind_of_value_arrives_as_it_was_set);
    TEST(a_user_can_be_built_from_json);
    TEST(no_user_at_all_gets_the_default_and_a_reason);
    TEST(a_wrong_user_is_an_error_that_names_the_place);
    TEST(a_wrong_value_is_refused_and_changes_nothing);
    TEST(a_user_of_many_megabytes_is_a_user);
    return test_result();
}
