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
    size_t length = 9;
    CHECK(flagstay_assignments_error((flagstay_assignments *)(void *)user, &length) == NULL && length == 0);
    flagstay_string *text = (flagstay_string *)&on;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_assignments_json((flagstay_assignments *)(void *)user, &text, &error));
    CHECK(text == NULL && error_names(error, FLAGSTAY_INVALID_ARGUMENT, "assignments"));
    flagstay_assignments *assignments = (flagstay_assignments *)&on;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_assignments_load(client, (flagstay_user *)(void *)client, T("userID"), &assignments, &error));
    CHECK(assignments == NULL && error_names(error, FLAGSTAY_INVALID_ARGUMENT, "user"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_assignments_load((flagstay_client *)(void *)user, user, T("userID"), &assignments, &error));
    CHECK(assignments == NULL && error_names(error, FLAGSTAY_INVALID_ARGUMENT, "client"));
    flagstay_assignments_free((flagstay_assignments *)(void *)user); /* frees nothing */
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_clear((flagstay_client *)(void *)user, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_set_countries((flagstay_client *)(void *)user, NULL, NULL));
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

static void freed_assignments_are_told(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_assignments *assignments;
    OK(flagstay_assignments_from_json(T("{\"a\": {}}"), &assignments, NULL));
    flagstay_assignments_free(assignments);
    flagstay_assignments_free(assignments);
    flagstay_options options = {.size = sizeof options, .default_json = "7", .default_json_len = 1,
                                .assignments = assignments};
    flagstay_decision decision = {.size = sizeof decision};
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_evaluate(client, NULL, T("true"), &options, &decision, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`options.assignments` has been freed"));
    CHECK(decision.value_number == 7);
    flagstay_string *text;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_assignments_json(assignments, &text, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`assignments` has been freed"));
    CHECK(flagstay_assignments_error(assignments, NULL) == NULL);
    flagstay_decision_clear(&decision);
    flagstay_client_free(client);
}

static int drops;

static void count_drop(void *context)
{
    (void)context;
    drops++;
}

static int32_t no_country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    (void)context, (void)ip, (void)ip_length, (void)sink, (void)sink_context;
    return FLAGSTAY_STORE_DONE;
}

static void a_freed_client_lets_go_of_what_it_is_given(void)
{
    flagstay_client *client = client_of("{}", NULL);
    flagstay_client_free(client);
    flagstay_countries countries = {.size = sizeof countries, .drop = count_drop, .country = no_country};
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_set_countries(client, &countries, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "`client` has been freed"));
    CHECK(drops == 1);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_clear(client, &error));
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
    TEST(freed_assignments_are_told);
    TEST(a_freed_client_lets_go_of_what_it_is_given);
    TEST(a_copied_decision_is_told);
    return test_result();
}
