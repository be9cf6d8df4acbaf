/* Memory does not grow: not by making and ending clients, not by deciding.
 *
 * Arguments: how many clients, how many decisions, and by how many KiB what is resident may differ between the end of a
 * warm-up and the end. With the numbers that stand here one byte lost for each decision is seen. */
#include "map_store.h"
#include "rulesets.h"
#include "testing.h"

#include <unistd.h>

static long clients = 10000, decisions = 10000000, most_kib = 1024;

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%ld %ld", &pages, &resident) != 2)
        abort();
    fclose(statm);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int32_t no_country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    (void)context, (void)ip, (void)ip_length, (void)sink, (void)sink_context;
    return FLAGSTAY_STORE_DONE;
}

static void one_client(void)
{
    struct map_store map;
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    flagstay_client *client = client_of("{\"events\": {\"exposures\": true}, \"ruleset\": " RULESET "}", &table);
    flagstay_user *user = user_of("user-1");
    flagstay_user_set_json(user, FLAGSTAY_ATTRIBUTES, T("list"), T("[1, 2]"), NULL);
    flagstay_decision decision = {.size = sizeof decision};
    OK(flagstay_evaluate(client, user, T("colour"), NULL, &decision, NULL));
    flagstay_error *error;
    flagstay_client_update(client, T("{}"), &error);
    flagstay_error_free(error);
    flagstay_client_update(client, T(RULESET), NULL);
    flagstay_assignments *assignments;
    OK(flagstay_assignments_load(client, user, T("userID"), &assignments, NULL));
    flagstay_assignments_free(assignments);
    OK(flagstay_assignments_from_json(T("{\"colour\": {\"a\": [1, 2]}}"), &assignments, NULL));
    flagstay_assignments_free(assignments);
    flagstay_countries countries = {.size = sizeof countries, .country = no_country};
    for (int at = 0; at < 3; at++)
        OK(flagstay_client_set_countries(client, &countries, NULL));
    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, NULL, &all, NULL));
    size_t place;
    OK(flagstay_decisions_find(all, T("colour"), &place, NULL));
    flagstay_decisions_free(all);
    flagstay_switch *prepared;
    OK(flagstay_switch_new(client, T("rollout"), 0, &prepared, NULL));
    CHECK(flagstay_switch_on(prepared, user) < 2);
    flagstay_switch_free(prepared);
    flagstay_user_free(user);
    flagstay_decision_clear(&decision);
    flagstay_client_free(client);
    map_store_end(&map);
}

static void making_and_ending_clients_keeps_memory_level(void)
{
    for (long at = 0; at < clients / 10 + 100; at++)
        one_client();
    long before = resident_kib();
    for (long at = 0; at < clients; at++)
        one_client();
    long after = resident_kib();
    printf("          %ld clients: %ld KiB, then %ld KiB\n", clients, before, after);
    CHECK(after - before < most_kib);
}

static void deciding_keeps_memory_level(void)
{
    flagstay_client *client = client_of("{\"store\": \"memory:\", \"ruleset\": " RULESET "}", NULL);
    flagstay_user *user = user_of("user-1");
    flagstay_switch *prepared;
    OK(flagstay_switch_new(client, T("rollout"), 0, &prepared, NULL));
    flagstay_decision decision = {.size = sizeof decision};
    long before = 0;
    for (long at = 0; at < decisions; at++) {
        uint8_t on;
        switch (at % 5) {
        case 0: flagstay_boolean(client, user, T("rollout"), 0, &on, NULL); break;
        case 1: flagstay_evaluate(client, user, T("object"), NULL, &decision, NULL); break;
        case 2: flagstay_text(client, user, T("colour"), T("grey"), &decision, NULL); break;
        case 3: flagstay_evaluate(client, user, T("nowhere"), NULL, &decision, NULL); break;
        case 4: flagstay_switch_on(prepared, user); break;
        }
        if (at == decisions / 10)
            before = resident_kib();
    }
    long after = resident_kib();
    printf("          %ld decisions: %ld KiB, then %ld KiB\n", decisions, before, after);
    CHECK(after - before < most_kib);
    flagstay_decision_clear(&decision);
    flagstay_switch_free(prepared);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

int main(int count, char **arguments)
{
    if (count > 3) {
        clients = atol(arguments[1]);
        decisions = atol(arguments[2]);
        most_kib = atol(arguments[3]);
    }
    TEST(making_and_ending_clients_keeps_memory_level);
    TEST(deciding_keeps_memory_level);
    return test_result();
}
