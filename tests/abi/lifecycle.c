/* A client's life, and what it says when something is wrong. */
#include "rulesets.h"
#include "testing.h"

#include <dirent.h>
#include <signal.h>

static void versions_are_known(void)
{
    CHECK(flagstay_abi_version() >= FLAGSTAY_ABI_VERSION);
    CHECK(strchr(flagstay_version(), '.') != NULL);
}

static void a_client_without_a_ruleset_answers_defaults(void)
{
    flagstay_client *client = client_of("{}", NULL);
    flagstay_user *user = user_of("user-1");
    uint8_t on = 9;
    flagstay_error *error = (flagstay_error *)&on;
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_boolean(client, user, T("true"), 7, &on, &error));
    CHECK(on == 1);
    CHECK(error == NULL); /* a default is no error */
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"INITIALIZING\""));
    free(text);
    OK(flagstay_client_update(client, T(RULESET), NULL));
    OK(flagstay_boolean(client, user, T("true"), 0, &on, NULL));
    CHECK(on == 1);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void a_closed_client_stays_valid_and_answers_defaults(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    OK(flagstay_client_close(client, 1000, NULL));
    OK(flagstay_client_close(client, 0, NULL));
    uint8_t on = 9;
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_boolean(client, user, T("true"), 0, &on, NULL));
    CHECK(on == 0);
    double number = 0;
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_number(client, user, T("number"), 1.5, &number, NULL));
    CHECK(number == 1.5);
    flagstay_decision decision = {.size = sizeof decision};
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY,
                 flagstay_text(client, user, T("text"), T("fallback"), &decision, NULL));
    CHECK_TEXT("fallback", decision.value_text, decision.value_text_len);
    CHECK(contains(decision.message, decision.message_len, "closed"));
    flagstay_decision_clear(&decision);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_client_update(client, T(RULESET), &error));
    flagstay_error_free(error);
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_forget(client, T("user-1"), NULL, NULL));
    flagstay_string *record = (flagstay_string *)&on;
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_peek(client, T("user-1"), T("colour"), &record, NULL));
    CHECK(record == NULL);
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"OFF\""));
    free(text);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void refused(const char *config, int32_t status, const char *place)
{
    flagstay_client *client = (flagstay_client *)&status;
    flagstay_error *error = NULL;
    CHECK_STATUS(status, flagstay_client_new(config, strlen(config), NULL, &client, &error));
    CHECK(client == NULL);
    CHECK(error_names(error, status, place));
}

static void a_wrong_configuration_is_an_error_that_names_the_place(void)
{
    refused("", FLAGSTAY_INVALID_JSON, "EOF");
    refused("{\"dialect\": ", FLAGSTAY_INVALID_JSON, "line 1");
    refused("[]", FLAGSTAY_INVALID_CONFIG, "expected an object");
    refused("[null, null, null, null, {}, null, {}]", FLAGSTAY_INVALID_CONFIG, "expected an object");
    refused("{\"events\": [5, true]}", FLAGSTAY_INVALID_CONFIG, "events");
    refused("{\"dialekt\": \"flagstay\"}", FLAGSTAY_INVALID_CONFIG, "dialekt");
    refused("{\"dialect\": \"klingon\"}", FLAGSTAY_INVALID_CONFIG, "klingon");
    refused("{\"events\": {\"capacity\": -1}}", FLAGSTAY_INVALID_CONFIG, "events.capacity");
    refused("{\"events\": {\"capacty\": 1}}", FLAGSTAY_INVALID_CONFIG, "capacty");
    refused("{\"store\": \"mongodb:\"}", FLAGSTAY_INVALID_CONFIG, "mongodb:");
    refused("{\"store\": 5}", FLAGSTAY_INVALID_CONFIG, "store");
    refused("{\"now_ms\": \"noon\"}", FLAGSTAY_INVALID_CONFIG, "now_ms");
    refused("{\"options\": {\"surprise\": 1}, \"ruleset\": " RULESET "}", FLAGSTAY_INVALID_CONFIG, "surprise");
    refused("{\"ruleset_file\": \"/nowhere/flags.json\"}", FLAGSTAY_INVALID_CONFIG, "/nowhere/flags.json");
    refused("{\"ruleset_file\": \"x\", \"ruleset\": {}}", FLAGSTAY_INVALID_CONFIG, "ruleset_file");
    refused("{\"ruleset\": {\"format\": 99}}", FLAGSTAY_INVALID_RULESET, "format");
    refused("{\"dialect\": \"\xff\"}", FLAGSTAY_INVALID_UTF8, "config");
}

static void a_queue_has_room_for_one_event_and_at_most_a_million(void)
{
    refused("{\"events\": {\"capacity\": 0}}", FLAGSTAY_INVALID_CONFIG, "events.capacity");
    refused("{\"events\": {\"capacity\": 1000001}}", FLAGSTAY_INVALID_CONFIG, "events.capacity");
    refused("{\"events\": {\"capacity\": 18446744073709551615}}", FLAGSTAY_INVALID_CONFIG, "events.capacity");
    flagstay_client_free(client_of("{\"events\": {\"capacity\": 1}}", NULL));
}

static void a_refused_update_changes_nothing(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_user *user = user_of("user-1");
    const char *bad[] = {"", "nonsense", "[]", "{}", "{\"format\": 2, \"flags\": {}}",
                         "{\"format\": 1, \"flags\": {}, \"flaggs\": {}}"};
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        flagstay_error *error = NULL;
        int32_t status = flagstay_client_update(client, bad[at], strlen(bad[at]), &error);
        CHECK(status == FLAGSTAY_INVALID_JSON || status == FLAGSTAY_INVALID_RULESET);
        CHECK(flagstay_error_status(error) == status);
        flagstay_error_free(error);
    }
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_client_update(client, T("{\"\xff\": 1}"), NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_update(client, NULL, 5, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_update(client, "{}", SIZE_MAX, NULL));
    uint8_t on = 0;
    OK(flagstay_boolean(client, user, T("true"), 0, &on, NULL));
    CHECK(on == 1);
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"refused\":6"));
    CHECK(strstr(text, "flags.broken")); /* a broken flag is listed with its path, and breaks no other */
    free(text);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void the_status_of_a_client_is_json_that_counts(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"READY\""));
    CHECK(strstr(text, "\"dialect\":\"flagstay\""));
    CHECK(strstr(text, "\"flags\":19"));
    CHECK(strstr(text, "\"loaded\":1"));
    free(text);
    flagstay_client_free(client);
}

static void out_parameters_may_be_left_out_and_are_written_on_failure(void)
{
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_new(T("{}"), NULL, NULL, NULL));
    flagstay_error *error = NULL;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_new(T("{}"), NULL, NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "client"));
    flagstay_string *text = (flagstay_string *)&error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_client_status(NULL, &text, NULL));
    CHECK(text == NULL);
    size_t length = 5;
    CHECK(flagstay_error_message(NULL, &length) == NULL && length == 0);
    length = 5;
    CHECK(flagstay_string_data(NULL, &length) == NULL && length == 0);
    CHECK(flagstay_string_data(NULL, NULL) == NULL);
    CHECK(flagstay_error_status(NULL) == FLAGSTAY_OK);
    flagstay_error_free(NULL);
    flagstay_string_free(NULL);
    flagstay_client_free(NULL);
    flagstay_user_free(NULL);
    flagstay_decisions_free(NULL);
    flagstay_decision_clear(NULL);
}

static int threads_of_this_process(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *task; tasks && (task = readdir(tasks));)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void no_thread_is_started_and_no_signal_handler_installed(void)
{
    flagstay_client *client = client_of("{\"store\": \"memory:\", \"ruleset\": " RULESET "}", NULL);
    flagstay_user *user = user_of("user-1");
    uint8_t on;
    OK(flagstay_boolean(client, user, T("rollout"), 0, &on, NULL));
    CHECK(threads_of_this_process() == 1);
    for (int signal = 1; signal <= SIGRTMAX; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) == 0)
            /* A shell may have told this program to ignore one; a handler is neither. */
            CHECK(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
    }
    flagstay_user_free(user);
    flagstay_client_free(client);
}

int main(void)
{
    TEST(no_thread_is_started_and_no_signal_handler_installed);
    TEST(versions_are_known);
    TEST(a_client_without_a_ruleset_answers_defaults);
    TEST(a_closed_client_stays_valid_and_answers_defaults);
    TEST(a_wrong_configuration_is_an_error_that_names_the_place);
    TEST(a_queue_has_room_for_one_event_and_at_most_a_million);
    TEST(a_refused_update_changes_nothing);
    TEST(the_status_of_a_client_is_json_that_counts);
    TEST(out_parameters_may_be_left_out_and_are_written_on_failure);
    return test_result();
}
