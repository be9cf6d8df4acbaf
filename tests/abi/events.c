/* Events: exposures and metrics in, lines of JSON out. */
#include "rulesets.h"
#include "testing.h"

#define EVENTS_CONFIG "{\"events\": {\"exposures\": true, \"capacity\": 3}, \"now_ms\": 1790000000000, \"ruleset\": " RULESET "}"

static char *drained(flagstay_client *client, size_t most)
{
    flagstay_string *lines;
    OK(flagstay_drain_events(client, most, &lines, NULL));
    return owned(lines);
}

static int lines_of(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void an_exposure_is_queued_for_every_decision_out_of_a_split(void)
{
    flagstay_client *client = client_of(EVENTS_CONFIG, NULL);
    flagstay_user *user = user_of("user-1");
    uint8_t on;
    OK(flagstay_boolean(client, user, T("true"), 0, &on, NULL));
    OK(flagstay_boolean(client, user, T("rollout"), 0, &on, NULL));
    flagstay_decision decision = {.size = sizeof decision};
    flagstay_options options = {.size = sizeof options, .mode = FLAGSTAY_MODE_READ};
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    char *text = drained(client, 10);
    CHECK(lines_of(text) == 1);
    CHECK(strstr(text, "\"kind\":\"exposure\"") && strstr(text, "\"flag\":\"rollout\""));
    CHECK(strstr(text, "\"timestamp\":1790000000000") && text[strlen(text) - 1] == '\n');
    free(text);
    text = drained(client, 10);
    CHECK(*text == 0);
    free(text);
    flagstay_decision_clear(&decision);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void decisions_for_all_flags_are_exposed_when_they_are_looked_at(void)
{
    flagstay_client *client = client_of(EVENTS_CONFIG, NULL);
    flagstay_user *user = user_of("user-1");
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, NULL, &all, NULL));
    flagstay_user_free(user);
    char *text = drained(client, 10);
    CHECK(*text == 0);
    free(text);
    size_t index;
    OK(flagstay_decisions_find(all, T("rollout"), &index, NULL));
    OK(flagstay_decisions_expose(all, client, index, NULL));
    text = drained(client, 10);
    CHECK(lines_of(text) == 1 && strstr(text, "\"flag\":\"rollout\"") && strstr(text, "\"user\":\"user-1\""));
    free(text);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_decisions_expose(NULL, client, 0, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_decisions_expose(all, NULL, 0, NULL));
    flagstay_decisions_free(all);
    flagstay_client_free(client);
}

static void a_metric_event_carries_what_it_is_given(void)
{
    flagstay_client *client = client_of(EVENTS_CONFIG, NULL);
    flagstay_user *user = user_of("user-1");
    uint8_t accepted = 9;
    OK(flagstay_track(client, user, T("purchase"),
                      T("{\"value\": 9.5, \"properties\": {\"a\\u0000\": [1]}, \"flags\": [\"rollout\"]}"), &accepted,
                      NULL));
    CHECK(accepted == 1);
    OK(flagstay_track(client, user, T("visit"), NULL, 0, NULL, NULL));
    OK(flagstay_track(client, NULL, T("purchase"), NULL, 0, &accepted, NULL));
    CHECK(accepted == 0);
    OK(flagstay_track(client, user, T(""), NULL, 0, &accepted, NULL));
    CHECK(accepted == 0);
    char *text = drained(client, 1);
    CHECK(lines_of(text) == 1 && strstr(text, "\"value\":9.5") && strstr(text, "{\"a\\u0000\":[1]}"));
    free(text);
    text = drained(client, 10);
    CHECK(lines_of(text) == 1 && strstr(text, "\"event\":\"visit\""));
    free(text);
    flagstay_error *error;
    accepted = 9;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_track(client, user, T("x"), T("{\"worth\": 1}"), &accepted, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "worth"));
    CHECK(accepted == 0);
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_track(client, user, T("x"), T("{\"properties\": 5}"), NULL, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "properties"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_track(client, user, T("x"), T("[1, {}, []]"), NULL, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_JSON, flagstay_track(client, user, T("x"), T("{"), NULL, NULL));
    CHECK_STATUS(FLAGSTAY_INVALID_UTF8, flagstay_track(client, user, T("\xff"), NULL, 0, NULL, NULL));
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void a_full_queue_loses_the_oldest_event_and_counts_it(void)
{
    flagstay_client *client = client_of(EVENTS_CONFIG, NULL);
    flagstay_user *user = user_of("user-1");
    for (int at = 0; at < 5; at++) {
        char name[20];
        int length = snprintf(name, sizeof name, "event-%d", at);
        OK(flagstay_track(client, user, name, (size_t)length, NULL, 0, NULL, NULL));
    }
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    CHECK(strstr(text, "\"queued\":3") && strstr(text, "\"accepted\":5") && strstr(text, "\"dropped\":2"));
    free(text);
    /* What waits can be drained after the end too. */
    OK(flagstay_client_close(client, 1000, NULL));
    text = drained(client, SIZE_MAX);
    CHECK(lines_of(text) == 3 && strstr(text, "event-2") && strstr(text, "event-4") && !strstr(text, "event-1"));
    free(text);
    CHECK_STATUS(FLAGSTAY_CLOSED, flagstay_track(client, user, T("late"), NULL, 0, NULL, NULL));
    flagstay_user_free(user);
    flagstay_client_free(client);
}

int main(void)
{
    TEST(an_exposure_is_queued_for_every_decision_out_of_a_split);
    TEST(decisions_for_all_flags_are_exposed_when_they_are_looked_at);
    TEST(a_metric_event_carries_what_it_is_given);
    TEST(a_full_queue_loses_the_oldest_event_and_counts_it);
    return test_result();
}
