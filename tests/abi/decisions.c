/* Decisions: every kind of value through every call, the struct that carries them, and why. */
#include "rulesets.h"
#include "testing.h"

#include <stddef.h>

static flagstay_client *client;
static flagstay_user *user;
static flagstay_decision decision = {.size = sizeof(flagstay_decision)};

#define EVALUATE(flag) OK(flagstay_evaluate(client, user, T(flag), NULL, &decision, NULL))

static void every_kind_of_value_comes_back(void)
{
    EVALUATE("true");
    CHECK(decision.value_type == FLAGSTAY_TYPE_BOOLEAN && decision.value_boolean == 1 && decision.enabled == 1);
    CHECK_TEXT("true", decision.value_json, decision.value_json_len);
    CHECK_TEXT("true", decision.flag, decision.flag_len);
    CHECK_TEXT("it", decision.variation, decision.variation_len);
    CHECK(decision.reason == FLAGSTAY_REASON_FALLTHROUGH && decision.error == FLAGSTAY_OK && decision.found == 1);
    CHECK(decision.value_text == NULL && decision.rule_id == NULL && decision.message == NULL);
    EVALUATE("false");
    CHECK(decision.value_type == FLAGSTAY_TYPE_BOOLEAN && decision.value_boolean == 0 && decision.enabled == 0);
    EVALUATE("number");
    CHECK(decision.value_type == FLAGSTAY_TYPE_NUMBER && decision.value_number == 42.5);
    EVALUATE("large");
    CHECK(decision.value_type == FLAGSTAY_TYPE_NUMBER && decision.value_number == 9007199254740992.0);
    CHECK_TEXT("9007199254740993", decision.value_json, decision.value_json_len);
    EVALUATE("text");
    CHECK(decision.value_type == FLAGSTAY_TYPE_TEXT);
    CHECK_TEXT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa9", decision.value_text, decision.value_text_len);
    EVALUATE("empty");
    CHECK(decision.value_type == FLAGSTAY_TYPE_TEXT);
    CHECK_TEXT("", decision.value_text, decision.value_text_len);
    EVALUATE("nul");
    CHECK_TEXT("a\0b", decision.value_text, decision.value_text_len);
    EVALUATE("list");
    CHECK(decision.value_type == FLAGSTAY_TYPE_LIST);
    CHECK_TEXT("[1,\"two\",null]", decision.value_json, decision.value_json_len);
    EVALUATE("object");
    CHECK(decision.value_type == FLAGSTAY_TYPE_OBJECT);
    CHECK_TEXT("{\"b\":1,\"a\":{\"c\":2.5}}", decision.value_json, decision.value_json_len);
    EVALUATE("null");
    CHECK(decision.value_type == FLAGSTAY_TYPE_NULL);
    CHECK_TEXT("null", decision.value_json, decision.value_json_len);
}

static void a_flag_may_have_any_name(void)
{
    EVALUATE("");
    CHECK_TEXT("no name", decision.value_text, decision.value_text_len);
    OK(flagstay_evaluate(client, user, NULL, 0, NULL, &decision, NULL));
    CHECK_TEXT("no name", decision.value_text, decision.value_text_len);
    EVALUATE("caf\xc3\xa9");
    CHECK_TEXT("unicode", decision.value_text, decision.value_text_len);
    EVALUATE("a\0b");
    CHECK_TEXT("NUL", decision.value_text, decision.value_text_len);
    CHECK_TEXT("a\0b", decision.flag, decision.flag_len);
    EVALUATE("a");
    CHECK(decision.error == FLAGSTAY_FLAG_NOT_FOUND);
}

static void every_reason_is_told(void)
{
    EVALUATE("dark");
    CHECK(decision.reason == FLAGSTAY_REASON_OFF);
    CHECK_TEXT("B", decision.value_text, decision.value_text_len);
    EVALUATE("behind");
    CHECK(decision.reason == FLAGSTAY_REASON_PREREQUISITE_FAILED);
    EVALUATE("aimed");
    CHECK(decision.reason == FLAGSTAY_REASON_TARGET_MATCH);
    flagstay_user *pro = user_of("user-2");
    OK(flagstay_user_set_text(pro, FLAGSTAY_ATTRIBUTES, T("plan"), T("pro"), NULL));
    OK(flagstay_evaluate(client, pro, T("aimed"), NULL, &decision, NULL));
    CHECK(decision.reason == FLAGSTAY_REASON_RULE_MATCH);
    CHECK_TEXT("pros", decision.rule_id, decision.rule_id_len);
    flagstay_user_free(pro);
    EVALUATE("broken");
    CHECK(decision.reason == FLAGSTAY_REASON_ERROR && decision.error == FLAGSTAY_GENERAL && decision.found == 1);
    CHECK(contains(decision.message, decision.message_len, "flags.broken"));
    EVALUATE("nowhere");
    CHECK(decision.reason == FLAGSTAY_REASON_ERROR && decision.error == FLAGSTAY_FLAG_NOT_FOUND && !decision.found);
    CHECK(decision.value_type == FLAGSTAY_TYPE_NONE && decision.value_json == NULL);
}

static void a_default_is_answered_as_it_is(void)
{
    flagstay_options options = {.size = sizeof options};
    options.default_json = " {\"k\": 1.50} ";
    options.default_json_len = strlen(options.default_json);
    OK(flagstay_evaluate(client, user, T("nowhere"), &options, &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_OBJECT && decision.error == FLAGSTAY_FLAG_NOT_FOUND);
    CHECK_TEXT(" {\"k\": 1.50} ", decision.value_json, decision.value_json_len);
    OK(flagstay_evaluate(client, user, T("text"), &options, &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_TEXT && decision.error == FLAGSTAY_OK);
    options.default_json = "\"fall\\u0000back\"";
    options.default_json_len = strlen(options.default_json);
    OK(flagstay_evaluate(client, user, T("nowhere"), &options, &decision, NULL));
    CHECK_TEXT("fall\0back", decision.value_text, decision.value_text_len);
}

static void a_default_that_is_no_json_is_refused(void)
{
    /* The last is well-formed, and no text: it is found out when it is needed. */
    const char *wrong[] = {"", "{", "nope", "1 2", "\"\\ud800\""};
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        flagstay_options options = {.size = sizeof options, .default_json = wrong[at], .default_json_len = strlen(wrong[at])};
        flagstay_error *error = NULL;
        CHECK_STATUS(FLAGSTAY_INVALID_JSON,
                     flagstay_evaluate(client, user, T("nowhere"), &options, &decision, &error));
        CHECK(error_names(error, FLAGSTAY_INVALID_JSON, "default"));
        CHECK(decision.reason == FLAGSTAY_REASON_ERROR && decision.error == FLAGSTAY_GENERAL);
        CHECK(decision.value_type == FLAGSTAY_TYPE_NONE);
    }
}

static void a_switch_is_one_call(void)
{
    uint8_t on = 9;
    OK(flagstay_boolean(client, user, T("true"), 0, &on, NULL));
    CHECK(on == 1);
    OK(flagstay_boolean(client, user, T("false"), 1, &on, NULL));
    CHECK(on == 0);
    CHECK_STATUS(FLAGSTAY_TYPE_MISMATCH, flagstay_boolean(client, user, T("text"), 255, &on, NULL));
    CHECK(on == 1);
    CHECK_STATUS(FLAGSTAY_FLAG_NOT_FOUND, flagstay_boolean(client, user, T("nowhere"), 0, &on, NULL));
    CHECK(on == 0);
    CHECK_STATUS(FLAGSTAY_GENERAL, flagstay_boolean(client, user, T("broken"), 1, &on, NULL));
    CHECK(on == 1);
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_boolean(client, user, T("\x80"), 1, &on, NULL));
    CHECK(on == 1);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_boolean(NULL, user, T("true"), 0, &on, NULL));
    CHECK(on == 0);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_boolean(client, user, NULL, 3, 1, &on, NULL));
    CHECK(on == 1);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_boolean(client, user, T("true"), 0, NULL, NULL));
}

static void a_switch_is_one_call_that_writes_nothing(void)
{
    CHECK(flagstay_on(client, user, T("true"), 0) == 1);
    CHECK(flagstay_on(client, user, T("false"), 1) == 0);
    CHECK(flagstay_on(client, user, T("text"), 255) == (FLAGSTAY_TYPE_MISMATCH << 1 | 1));
    CHECK(flagstay_on(client, user, T("text"), 0) == FLAGSTAY_TYPE_MISMATCH << 1);
    CHECK(flagstay_on(client, user, T("nowhere"), 0) == FLAGSTAY_FLAG_NOT_FOUND << 1);
    CHECK(flagstay_on(client, user, T("nowhere"), 1) == (FLAGSTAY_FLAG_NOT_FOUND << 1 | 1));
    CHECK(flagstay_on(client, user, T("broken"), 1) == (FLAGSTAY_GENERAL << 1 | 1));
    CHECK(flagstay_on(client, NULL, T("true"), 1) == (FLAGSTAY_TARGETING_KEY_MISSING << 1 | 1));
    CHECK(flagstay_on(client, user, T("\x80"), 1) == (FLAGSTAY_INVALID_UTF8 << 1 | 1));
    CHECK(flagstay_on(NULL, user, T("true"), 0) == FLAGSTAY_INVALID_ARGUMENT << 1);
    CHECK(flagstay_on(client, user, NULL, 3, 1) == (FLAGSTAY_INVALID_ARGUMENT << 1 | 1));
    CHECK(flagstay_on(client, user, "true", SIZE_MAX, 0) == FLAGSTAY_INVALID_ARGUMENT << 1);
}

static void both_kinds_of_switches_say_the_same(void)
{
    const char *flags[] = {"true", "false", "rollout", "text", "nowhere", "broken", "", "\x80"};
    for (size_t at = 0; at < sizeof flags / sizeof *flags; at++) {
        for (uint8_t fallback = 0; fallback < 2; fallback++) {
            uint8_t on = 9;
            int32_t status = flagstay_boolean(client, user, flags[at], strlen(flags[at]), fallback, &on, NULL);
            CHECK(flagstay_on(client, user, flags[at], strlen(flags[at]), fallback) == (status << 1 | on));
        }
    }
}

static void a_number_is_one_call(void)
{
    double number = 0;
    OK(flagstay_number(client, user, T("number"), 1, &number, NULL));
    CHECK(number == 42.5);
    OK(flagstay_number(client, user, T("large"), 1, &number, NULL));
    CHECK(number == 9007199254740992.0);
    CHECK_STATUS(FLAGSTAY_TYPE_MISMATCH, flagstay_number(client, user, T("text"), 1.25, &number, NULL));
    CHECK(number == 1.25);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_number(NULL, user, T("text"), 2.25, &number, NULL));
    CHECK(number == 2.25);
}

static void a_text_or_a_json_value_of_another_type_is_the_fallback(void)
{
    OK(flagstay_text(client, user, T("text"), T("x"), &decision, NULL));
    CHECK_TEXT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa9", decision.value_text, decision.value_text_len);
    CHECK_STATUS(FLAGSTAY_TYPE_MISMATCH, flagstay_text(client, user, T("number"), T("a\"\0\xc3\xa9"), &decision, NULL));
    CHECK_TEXT("a\"\0\xc3\xa9", decision.value_text, decision.value_text_len);
    CHECK_TEXT("\"a\\\"\\u0000\xc3\xa9\"", decision.value_json, decision.value_json_len);
    CHECK(decision.error == FLAGSTAY_TYPE_MISMATCH && contains(decision.message, decision.message_len, "number"));
    CHECK_STATUS(FLAGSTAY_FLAG_NOT_FOUND, flagstay_text(client, user, T("nowhere"), NULL, 0, &decision, NULL));
    CHECK_TEXT("", decision.value_text, decision.value_text_len);
    char long_text[1000];
    memset(long_text, '\n', sizeof long_text);
    CHECK_STATUS(FLAGSTAY_FLAG_NOT_FOUND,
                 flagstay_text(client, user, T("nowhere"), long_text, sizeof long_text, &decision, NULL));
    CHECK(decision.value_text_len == sizeof long_text && !memcmp(decision.value_text, long_text, sizeof long_text));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_text(client, user, T("text"), T("\xff"), &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_NONE);

    OK(flagstay_json(client, user, T("object"), T("{}"), &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_OBJECT);
    OK(flagstay_json(client, user, T("list"), T(" []"), &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_LIST);
    OK(flagstay_json(client, user, T("list"), T("null"), &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_LIST);
    CHECK_STATUS(FLAGSTAY_TYPE_MISMATCH, flagstay_json(client, user, T("list"), T("{\"a\": 1}"), &decision, NULL));
    CHECK_TEXT("{\"a\": 1}", decision.value_json, decision.value_json_len);
    CHECK_STATUS(FLAGSTAY_TYPE_MISMATCH, flagstay_json(client, user, T("list"), T("-1"), &decision, NULL));
    CHECK(decision.value_number == -1);
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_json(client, user, T("list"), T("[1,"), &decision, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_json(client, user, T("list"), NULL, 0, &decision, NULL));
}

static void a_default_of_the_configuration_stands_where_its_type_fits(void)
{
    const char *config = "{\"dialect\": \"featbit\", \"options\": {\"defaults\": {\"number\": 5, \"text\": \"x\"}}}";
    flagstay_client *waiting = client_of(config, NULL);
    double number = 0;
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_number(waiting, user, T("number"), 1.5, &number, NULL));
    CHECK(number == 5);
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_number(waiting, user, T("text"), 1.5, &number, NULL));
    CHECK(number == 1.5);
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_text(waiting, user, T("text"), T("mine"), &decision, NULL));
    CHECK_TEXT("x", decision.value_text, decision.value_text_len);
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_text(waiting, user, T("number"), T("mine"), &decision, NULL));
    CHECK_TEXT("mine", decision.value_text, decision.value_text_len);
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_json(waiting, user, T("text"), T("[]"), &decision, NULL));
    CHECK_TEXT("[]", decision.value_json, decision.value_json_len);
    flagstay_client_free(waiting);
}

static void a_call_that_fails_still_answers_the_default(void)
{
    flagstay_options options = {.size = sizeof options, .default_json = "7", .default_json_len = 1};
    EVALUATE("text");
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_evaluate(NULL, user, T("text"), &options, &decision, NULL));
    CHECK(decision.value_number == 7 && decision.error == FLAGSTAY_GENERAL && decision.reason == 0);
    CHECK(decision.variation == NULL && decision.value_text == NULL);
    CHECK_TEXT("text", decision.flag, decision.flag_len);
    EVALUATE("text");
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_evaluate(client, user, T("\xfe"), &options, &decision, NULL));
    CHECK(decision.value_number == 7 && decision.error == FLAGSTAY_GENERAL);
    EVALUATE("text");
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_text(NULL, user, T("text"), T("f"), &decision, NULL));
    CHECK_TEXT("f", decision.value_text, decision.value_text_len);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_evaluate(client, user, T("text"), NULL, NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "decision"));
}

static void options_that_are_refused_still_say_the_default(void)
{
    flagstay_options right = {.size = sizeof right, .default_json = "7", .default_json_len = 1};
    struct {
        flagstay_options options;
        unsigned char beyond[8];
    } wrong;
    static const char *const places[] = {"options.mode", "options.kind", "options.kind", "options.assignments",
                                         "`options` sets a member"};
    for (size_t at = 0; at < sizeof places / sizeof *places; at++) {
        flagstay_error *error;
        memset(&wrong, 0, sizeof wrong);
        wrong.options = right;
        switch (at) {
        case 0: wrong.options.mode = 2; break;
        case 1: wrong.options.kind = 5; break;
        case 2: wrong.options.kind = -1; break;
        case 3: wrong.options.assignments = (flagstay_assignments *)(void *)user; break;
        case 4: wrong.options.size += sizeof wrong.beyond, wrong.beyond[0] = 1; break;
        }
        EVALUATE("text");
        CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                     flagstay_evaluate(client, user, T("text"), &wrong.options, &decision, &error));
        CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, places[at]));
        CHECK(decision.value_number == 7 && decision.error == FLAGSTAY_GENERAL && decision.variation == NULL);
        flagstay_string *explanation = (flagstay_string *)&right;
        CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                     flagstay_explain(client, user, T("text"), &wrong.options, &explanation, NULL));
        CHECK(explanation == NULL);
        flagstay_decisions *all = (flagstay_decisions *)&right;
        CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_evaluate_all(client, user, &wrong.options, &all, NULL));
        CHECK(all == NULL);
    }
}

static void a_platform_without_kinds_and_details_says_so(void)
{
    flagstay_options options = {.size = sizeof options, .kind = FLAGSTAY_KIND_LAYER, .details = 255,
                                .enforce_targeting = 1, .enforce_overrides = 1};
    decision.kind = -1;
    OK(flagstay_evaluate(client, user, T("text"), &options, &decision, NULL));
    CHECK(decision.kind == FLAGSTAY_KIND_ANY && decision.value_type == FLAGSTAY_TYPE_TEXT);
    CHECK(decision.details_json == NULL && decision.details_json_len == 0);
}

/* An older or newer header's struct, with guard bytes behind it. */
union sized {
    flagstay_decision decision;
    flagstay_options options;
    unsigned char bytes[sizeof(flagstay_decision) + 64];
};

static void an_older_header_s_decision_is_filled_as_far_as_it_goes(void)
{
    union sized old;
    memset(&old, 0xAA, sizeof old);
    memset(&old, 0, offsetof(flagstay_decision, flag));
    old.decision.size = offsetof(flagstay_decision, flag);
    OK(flagstay_evaluate(client, user, T("text"), NULL, &old.decision, NULL));
    CHECK_TEXT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa9", old.decision.value_text, old.decision.value_text_len);
    for (size_t at = offsetof(flagstay_decision, flag); at < sizeof old; at++)
        CHECK(old.bytes[at] == 0xAA);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_evaluate(NULL, user, T("text"), NULL, &old.decision, NULL));
    flagstay_decision_clear(&old.decision);
    CHECK(old.decision.size == offsetof(flagstay_decision, flag) && old.decision.storage == NULL);
    for (size_t at = offsetof(flagstay_decision, flag); at < sizeof old; at++)
        CHECK(old.bytes[at] == 0xAA);
}

/* Programs that were compiled with the header of ABI version 1 pass these sizes. */
#define DECISION_1 offsetof(flagstay_decision, details_json)
#define OPTIONS_1 offsetof(flagstay_options, kind)

static void programs_of_abi_version_1_keep_working(void)
{
    union sized old, options;
    memset(&old, 0xAA, sizeof old);
    memset(&old, 0, DECISION_1);
    old.decision.size = DECISION_1;
    memset(&options, 0xAA, sizeof options); /* what lies behind is nobody's kind and nobody's assignments */
    memset(&options, 0, OPTIONS_1);
    options.options.size = OPTIONS_1;
    options.options.mode = FLAGSTAY_MODE_READ;
    options.options.default_json = "5";
    options.options.default_json_len = 1;
    CHECK(DECISION_1 == 168 && OPTIONS_1 == 32);
    OK(flagstay_evaluate(client, user, T("text"), &options.options, &old.decision, NULL));
    CHECK(old.decision.value_type == FLAGSTAY_TYPE_TEXT && old.decision.error == FLAGSTAY_OK);
    OK(flagstay_evaluate(client, user, T("nowhere"), &options.options, &old.decision, NULL));
    CHECK(old.decision.value_number == 5 && old.decision.error == FLAGSTAY_FLAG_NOT_FOUND);
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, &options.options, &all, NULL));
    OK(flagstay_decisions_at(all, 0, &old.decision, NULL));
    CHECK_TEXT("true", old.decision.flag, old.decision.flag_len);
    flagstay_decisions_free(all);
    for (size_t at = DECISION_1; at < sizeof old; at++)
        CHECK(old.bytes[at] == 0xAA);
    flagstay_decision_clear(&old.decision);
    for (size_t at = DECISION_1; at < sizeof old; at++)
        CHECK(old.bytes[at] == 0xAA);
}

static void a_newer_header_s_decision_finds_zeroes_in_its_new_members(void)
{
    union sized newer;
    memset(&newer, 0, sizeof newer);
    newer.decision.size = sizeof(flagstay_decision) + 32;
    memset(newer.bytes + sizeof(flagstay_decision), 0xAA, 64);
    OK(flagstay_evaluate(client, user, T("text"), NULL, &newer.decision, NULL));
    for (size_t at = 0; at < 32; at++)
        CHECK(newer.bytes[sizeof(flagstay_decision) + at] == 0);
    for (size_t at = 32; at < 64; at++)
        CHECK(newer.bytes[sizeof(flagstay_decision) + at] == 0xAA);
    flagstay_decision_clear(&newer.decision);
}

static void an_absurd_size_is_refused_and_nothing_is_written(void)
{
    size_t sizes[] = {0, 1, 8, 15, 4097, (size_t)-1};
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
        flagstay_decision wrong = {.size = sizes[at]};
        flagstay_error *error = NULL;
        CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_evaluate(client, user, T("text"), NULL, &wrong, &error));
        CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "decision.size"));
        CHECK(wrong.storage == NULL);
        flagstay_options options = {.size = sizes[at]};
        if (sizes[at] != 8 && sizes[at] != 15) {
            CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                         flagstay_evaluate(client, user, T("text"), &options, &decision, &error));
            CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "options.size"));
        }
    }
}

static void options_of_other_headers_are_understood_or_refused(void)
{
    union sized options;
    memset(&options, 0, sizeof options);
    options.options.size = offsetof(flagstay_options, default_json); /* knows `mode` only */
    options.options.default_json = "rubbish";
    options.options.default_json_len = 7;
    OK(flagstay_evaluate(client, user, T("nowhere"), &options.options, &decision, NULL));
    CHECK(decision.value_type == FLAGSTAY_TYPE_NONE);
    memset(&options, 0, sizeof options);
    options.options.size = sizeof(flagstay_options) + 8;
    OK(flagstay_evaluate(client, user, T("text"), &options.options, &decision, NULL));
    options.bytes[sizeof(flagstay_options) + 7] = 1;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_evaluate(client, user, T("text"), &options.options, &decision, NULL));
}

static void a_struct_is_used_again_and_cleared_twice(void)
{
    flagstay_decision again = {.size = sizeof again};
    flagstay_decision_clear(&again);
    OK(flagstay_evaluate(client, user, T("object"), NULL, &again, NULL));
    void *storage = again.storage;
    OK(flagstay_evaluate(client, user, T("true"), NULL, &again, NULL));
    CHECK(again.storage == storage);
    flagstay_decision_clear(&again);
    CHECK(again.storage == NULL && again.flag == NULL && again.size == sizeof again);
    flagstay_decision_clear(&again);
    OK(flagstay_evaluate(client, user, T("true"), NULL, &again, NULL));
    CHECK(again.value_boolean == 1);
    flagstay_decision_clear(&again);
}

static void all_flags_are_decided_at_once(void)
{
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, NULL, &all, NULL));
    size_t count = flagstay_decisions_count(all);
    CHECK(count == 19);
    for (size_t at = 0; at < count; at++) {
        OK(flagstay_decisions_at(all, at, &decision, NULL));
        flagstay_decision alone = {.size = sizeof alone};
        OK(flagstay_evaluate(client, user, decision.flag, decision.flag_len, NULL, &alone, NULL));
        CHECK(alone.reason == decision.reason && alone.error == decision.error);
        CHECK(alone.value_json_len == decision.value_json_len);
        flagstay_decision_clear(&alone);
        size_t found = 99;
        OK(flagstay_decisions_find(all, decision.flag, decision.flag_len, &found, NULL));
        CHECK(found == at);
    }
    OK(flagstay_decisions_at(all, 0, &decision, NULL));
    CHECK_TEXT("true", decision.flag, decision.flag_len);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_decisions_at(all, count, &decision, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "index"));
    CHECK(decision.flag_len == 0 && decision.error == FLAGSTAY_GENERAL);
    size_t found = 99;
    CHECK_STATUS(FLAGSTAY_FLAG_NOT_FOUND, flagstay_decisions_find(all, T("nowhere"), &found, NULL));
    CHECK(found == 0);
    CHECK_STATUS(FLAGSTAY_FLAG_NOT_FOUND, flagstay_decisions_find(all, T("tru"), &found, NULL));
    CHECK_STATUS(FLAGSTAY_FLAG_NOT_FOUND, flagstay_decisions_find(all, T("true\0"), &found, NULL));
    OK(flagstay_decisions_find(all, T("true"), NULL, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_decisions_expose(all, client, count, NULL));
    CHECK(flagstay_decisions_count(NULL) == 0);
    flagstay_decisions_free(all);
    flagstay_client *bare = client_of("{}", NULL);
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_evaluate_all(bare, user, NULL, &all, NULL));
    CHECK(all == NULL);
    flagstay_client_free(bare);
}

static void decisions_outlive_their_client(void)
{
    flagstay_client *brief = client_of(CONFIG(RULESET), NULL);
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(brief, user, NULL, &all, NULL));
    flagstay_client_free(brief);
    size_t at;
    OK(flagstay_decisions_find(all, T("object"), &at, NULL));
    OK(flagstay_decisions_at(all, at, &decision, NULL));
    CHECK_TEXT("{\"b\":1,\"a\":{\"c\":2.5}}", decision.value_json, decision.value_json_len);
    flagstay_decisions_free(all);
    CHECK_TEXT("{\"b\":1,\"a\":{\"c\":2.5}}", decision.value_json, decision.value_json_len);
}

static void an_explanation_shows_the_decision_and_its_steps(void)
{
    flagstay_string *explanation;
    OK(flagstay_explain(client, user, T("rollout"), NULL, &explanation, NULL));
    char *text = owned(explanation);
    CHECK(strstr(text, "\"flag\":\"rollout\"") && strstr(text, "\"steps\":[{") && strstr(text, "\"bucket\":"));
    free(text);
    explanation = (flagstay_string *)&text;
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_explain(client, user, T("\xff"), NULL, &explanation, NULL));
    CHECK(explanation == NULL);
}

int main(void)
{
    client = client_of(CONFIG(RULESET), NULL);
    user = user_of("user-1");
    TEST(every_kind_of_value_comes_back);
    TEST(a_flag_may_have_any_name);
    TEST(every_reason_is_told);
    TEST(a_default_is_answered_as_it_is);
    TEST(a_default_that_is_no_json_is_refused);
    TEST(a_switch_is_one_call);
    TEST(a_switch_is_one_call_that_writes_nothing);
    TEST(both_kinds_of_switches_say_the_same);
    TEST(a_number_is_one_call);
    TEST(a_text_or_a_json_value_of_another_type_is_the_fallback);
    TEST(a_default_of_the_configuration_stands_where_its_type_fits);
    TEST(a_call_that_fails_still_answers_the_default);
    TEST(options_that_are_refused_still_say_the_default);
    TEST(a_platform_without_kinds_and_details_says_so);
    TEST(programs_of_abi_version_1_keep_working);
    TEST(an_older_header_s_decision_is_filled_as_far_as_it_goes);
    TEST(a_newer_header_s_decision_finds_zeroes_in_its_new_members);
    TEST(an_absurd_size_is_refused_and_nothing_is_written);
    TEST(options_of_other_headers_are_understood_or_refused);
    TEST(a_struct_is_used_again_and_cleared_twice);
    TEST(all_flags_are_decided_at_once);
    TEST(decisions_outlive_their_client);
    TEST(an_explanation_shows_the_decision_and_its_steps);
    flagstay_decision_clear(&decision);
    flagstay_user_free(user);
    flagstay_client_free(client);
    return test_result();
}
