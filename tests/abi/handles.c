/* Handles that are not what they should be. Run with FLAGSTAY_CHECK=1: what has been freed is then told for sure. */
#include "rulesets.h"
#include "testing.h"

static void a_handle_of_another_kind_is_told(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    uint8_t on = 9;
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_boolean((flagstay_client *)(void *)user, user, T("true"), 1, &on, &error));
    CHECK(on == 1);
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "client"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_boolean(client, (flagstay_user *)(void *)client, T("true"), 0, &on, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "user"));
    CHECK(flagstay_on((flagstay_client *)(void *)user, user, T("true"), 0) == FLAGSTAY_INVALID_ARGUMENT << 1);
    CHECK(flagstay_on(client, (flagstay_user *)(void *)client, T("true"), 1) == (FLAGSTAY_INVALID_ARGUMENT << 1 | 1));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_user_set_boolean((flagstay_user *)(void *)client, 0, T("a"), 1, NULL));
    CHECK(flagstay_string_data((flagstay_string *)(void *)user, NULL) == NULL);
    CHECK(flagstay_decisions_count((flagstay_decisions *)(void *)user) == 0);
    CHECK(flagstay_error_status((flagstay_error *)(void *)user) == FLAGSTAY_OK);
    flagstay_string_free((flagstay_string *)(void *)user); /* frees nothing */
    OK(flagstay_boolean(client, user, T("true"), 0, &on, NULL));
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void a_freed_handle_is_told(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    uint8_t on = 9;
    flagstay_error *error;
    flagstay_user_free(user);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_boolean(client, user, T("true"), 1, &on, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`user` has been freed"));
    CHECK(on == 1);
    CHECK(flagstay_on(client, user, T("true"), 1) == (FLAGSTAY_INVALID_ARGUMENT << 1 | 1));
    flagstay_client_free(client);
    flagstay_client_free(client);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_update(client, T(RULESET), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`client` has been freed"));
}

static void a_copied_decision_is_told(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_decision decision = {.size = sizeof decision};
    OK(flagstay_evaluate(client, NULL, T("true"), NULL, &decision, NULL));
    flagstay_decision copy = decision;
    flagstay_decision_clear(&decision);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_evaluate(client, NULL, T("true"), NULL, &copy, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "decision.storage"));
    flagstay_decision_clear(&copy);
    flagstay_client_free(client);
}

int main(void)
{
    TEST(a_handle_of_another_kind_is_told);
    TEST(a_freed_handle_is_told);
    TEST(a_copied_decision_is_told);
    return test_result();
}
