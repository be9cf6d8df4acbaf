/* Structs that know their size: of this header, of older ones, of newer ones, and of none. */
#include "rulesets.h"
#include "testing.h"

#include <stddef.h>

static flagstay_client *client;
static flagstay_user *user;
static flagstay_decision decision = {.size = sizeof(flagstay_decision)};

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

int main(void)
{
    client = client_of(CONFIG(RULESET), NULL);
    user = user_of("user-1");
    TEST(programs_of_abi_version_1_keep_working);
    TEST(an_older_header_s_decision_is_filled_as_far_as_it_goes);
    TEST(a_newer_header_s_decision_finds_zeroes_in_its_new_members);
    TEST(an_absurd_size_is_refused_and_nothing_is_written);
    TEST(options_of_other_headers_are_understood_or_refused);
    TEST(a_struct_is_used_again_and_cleared_twice);
    flagstay_decision_clear(&decision);
    flagstay_user_free(user);
    flagstay_client_free(client);
    return test_result();
}
