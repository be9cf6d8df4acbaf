/* Statsig's persistent assignments through the ABI, with a store of the host's: loaded by the caller, passed to
 * evaluations, written and removed by what was passed. */
#include "map_store.h"
#include "statsig.h"
#include "testing.h"

static flagstay_decision decision = {.size = sizeof(flagstay_decision)};

/* The store, the client and the user of a test. */
static struct map_store map;
static flagstay_client *client;
static flagstay_user *user;

static void begin(const char *group_config)
{
    map_store_init(&map);
    flagstay_store table = map_store_table(&map);
    client = client_of(group_config, &table);
    user = user_of("user-1");
}

static void end(void)
{
    flagstay_user_free(user);
    flagstay_client_free(client);
    CHECK(map.drops == 1);
    map_store_end(&map);
}

static flagstay_assignments *load(const char *id_type)
{
    flagstay_assignments *assignments;
    OK(flagstay_assignments_load(client, user, id_type, strlen(id_type), &assignments, NULL));
    return assignments;
}

static flagstay_assignments *from(const char *records)
{
    flagstay_assignments *assignments;
    OK(flagstay_assignments_from_json(records, strlen(records), &assignments, NULL));
    return assignments;
}

/* Evaluates a flag with assignments, which may be NULL. */
static void evaluate(const char *flag, int32_t kind, const flagstay_assignments *assignments)
{
    flagstay_options options = {.size = sizeof options, .kind = kind, .assignments = assignments};
    OK(flagstay_evaluate(client, user, flag, strlen(flag), &options, &decision, NULL));
}

static int decided(const char *group, int sticky)
{
    int same = decision.error == FLAGSTAY_OK && decision.variation_len == strlen(group) &&
               memcmp(decision.variation ? decision.variation : "", group, decision.variation_len) == 0 &&
               decision.sticky == sticky && (decision.reason == FLAGSTAY_REASON_STICKY) == sticky;
    if (!same)
        printf("    decided %.*s, sticky %d, reason %d, error %d\n", (int)decision.variation_len,
               decision.variation ? decision.variation : "", decision.sticky, (int)decision.reason, (int)decision.error);
    return same;
}

/* How often the store was written to, removed from, and read for a single flag. */
static int touched(int claims, int sets, int removes)
{
    int same = map.claims == claims && map.sets == sets && map.removes == removes && map.gets == 0;
    if (!same)
        printf("    claims %d, sets %d, removes %d, gets %d\n", map.claims, map.sets, map.removes, map.gets);
    return same;
}

#define EXPERIMENT_CALL(assignments) evaluate("colour", FLAGSTAY_KIND_EXPERIMENT, assignments)
#define OLD_RECORD                                                                        \
    "{\"value\": true, \"json_value\": {\"colour\": \"old\"}, \"rule_id\": \"r-old\", \"group_name\": \"old\", " \
    "\"secondary_exposures\": [], \"time\": 5, \"config_version\": 2}"

static void a_user_stays_in_their_group_as_long_as_assignments_are_passed(void)
{
    begin(STATSIG_CONFIG("blue"));
    flagstay_assignments *nothing = load("userID");
    CHECK(map.loads == 1);
    EXPERIMENT_CALL(nothing);
    CHECK(decided("blue", 0) && touched(1, 0, 0));
    CHECK(decision.kind == FLAGSTAY_KIND_EXPERIMENT);
    const struct record *record = map_store_find(&map, T("user-1:userID"), T("colour"));
    CHECK(record && contains(record->text, record->text_length, "\"group_name\":\"blue\""));

    OK(flagstay_client_update(client, T(STATSIG_RULESET("grey")), NULL));
    flagstay_assignments *blue = load("userID");
    for (int at = 0; at < 3; at++) {
        EXPERIMENT_CALL(blue);
        CHECK(decided("blue", 1));
        CHECK_TEXT("{\"colour\":\"blue\"}", decision.value_json, decision.value_json_len);
        CHECK_TEXT("r-blue", decision.rule_id, decision.rule_id_len);
    }
    CHECK(touched(1, 0, 0) && map.loads == 2);

    /* Somebody else is drawn anew, and a config's call on the same name is not sticky and touches nothing. */
    flagstay_user *first = user;
    user = user_of("user-2");
    flagstay_assignments *theirs = load("userID");
    EXPERIMENT_CALL(theirs);
    CHECK(decided("grey", 0) && touched(2, 0, 0));
    flagstay_assignments_free(theirs);
    flagstay_user_free(user);
    user = first;
    evaluate("colour", FLAGSTAY_KIND_CONFIG, blue);
    CHECK(decided("grey", 0) && touched(2, 0, 0));

    /* Passing none removes what is stored; what was loaded before is a snapshot and still answers. */
    EXPERIMENT_CALL(NULL);
    CHECK(decided("grey", 0) && touched(2, 0, 1));
    CHECK(map_store_find(&map, T("user-1:userID"), T("colour")) == NULL);
    CHECK(map_store_find(&map, T("user-2:userID"), T("colour")) != NULL);
    EXPERIMENT_CALL(blue);
    CHECK(decided("blue", 1) && touched(2, 0, 1));
    flagstay_assignments_free(blue);
    flagstay_assignments_free(nothing);
    end();
}

static void a_layer_keeps_its_users_under_its_own_name(void)
{
    begin(STATSIG_CONFIG("blue"));
    flagstay_assignments *nothing = load("userID");
    evaluate("page", FLAGSTAY_KIND_LAYER, nothing);
    CHECK(decided("blue", 0) && touched(1, 0, 0) && decision.kind == FLAGSTAY_KIND_LAYER);
    const struct record *record = map_store_find(&map, T("user-1:userID"), T("page"));
    CHECK(record && contains(record->text, record->text_length, "\"config_delegate\":\"colour\""));
    flagstay_assignments_free(nothing);
    OK(flagstay_client_update(client, T(STATSIG_RULESET("grey")), NULL));
    flagstay_assignments *page = load("userID");
    evaluate("page", FLAGSTAY_KIND_LAYER, page);
    CHECK(decided("blue", 1));
    EXPERIMENT_CALL(page); /* of which nothing is held */
    CHECK(decided("grey", 0) && touched(2, 0, 0));
    flagstay_assignments_free(page);
    end();
}

static void enforcing_asks_the_rules_anew(void)
{
    begin(STATSIG_CONFIG("blue"));
    flagstay_assignments *old = from("{\"colour\": " OLD_RECORD "}");
    flagstay_options plain = {.size = sizeof plain, .kind = FLAGSTAY_KIND_EXPERIMENT, .assignments = old};
    flagstay_options targeting = plain, overrides = plain;
    targeting.enforce_targeting = 1;
    overrides.enforce_overrides = 255;
    const struct {
        const char *plan, *options_name, *answer;
        const flagstay_options *options;
    } cases[] = {
        {"none", "plain", "old", &plain},   {"none", "targeting", "old", &targeting}, {"none", "overrides", "old", &overrides},
        {"left", "plain", "old", &plain},   {"left", "targeting", "excluded", &targeting}, {"left", "overrides", "old", &overrides},
        {"guest", "plain", "old", &plain},  {"guest", "targeting", "old", &targeting}, {"guest", "overrides", "guest", &overrides},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        OK(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, T("plan"), cases[at].plan, strlen(cases[at].plan), NULL));
        OK(flagstay_evaluate(client, user, T("colour"), cases[at].options, &decision, NULL));
        if (!contains(decision.value_json, decision.value_json_len, cases[at].answer) ||
            decision.sticky != (strcmp(cases[at].answer, "old") == 0)) {
            printf("    %s, %s: %.*s\n", cases[at].plan, cases[at].options_name, (int)decision.value_json_len,
                   decision.value_json);
            checks_failed++;
        }
    }
    CHECK(touched(0, 0, 0));
    flagstay_assignments_free(old);
    end();
}

static void a_store_that_fails_in_load_is_neither_written_to_nor_removed_from(void)
{
    begin(STATSIG_CONFIG("blue"));
    map_store_put(&map, T("user-1:userID"), T("colour"), T(OLD_RECORD));
    map.get_fails = 1;
    map.failure = "the cable is cut";
    flagstay_assignments *unknown = load("userID");
    map.get_fails = 0;
    EXPERIMENT_CALL(unknown);
    CHECK(decided("blue", 0) && touched(0, 0, 0));
    CHECK(contains(decision.store_error, decision.store_error_len, "the cable is cut"));
    evaluate("page", FLAGSTAY_KIND_LAYER, unknown);
    CHECK(contains(decision.store_error, decision.store_error_len, "the cable is cut"));
    evaluate("same", FLAGSTAY_KIND_GATE, unknown); /* which asks no store */
    CHECK(decision.enabled == 1 && decision.store_error == NULL && touched(0, 0, 0));
    flagstay_assignments_free(unknown);
    unknown = load("userID");
    EXPERIMENT_CALL(unknown);
    CHECK(decided("old", 1) && decision.store_error == NULL);
    flagstay_assignments_free(unknown);
    end();
}

static void a_store_that_fails_to_write_fails_no_decision(void)
{
    begin(STATSIG_CONFIG("blue"));
    map.set_fails = 1;
    flagstay_assignments *nothing = load("userID");
    EXPERIMENT_CALL(nothing);
    CHECK(decided("blue", 0) && contains(decision.store_error, decision.store_error_len, "set_if_absent"));
    EXPERIMENT_CALL(NULL);
    CHECK(decided("blue", 0) && contains(decision.store_error, decision.store_error_len, "remove"));
    flagstay_assignments_free(nothing);
    end();
}

static void whoever_enrols_first_is_the_answer_for_both(void)
{
    begin(STATSIG_CONFIG("blue"));
    flagstay_assignments *nothing = load("userID");
    map_store_put(&map, T("user-1:userID"), T("colour"), T(OLD_RECORD)); /* by another process, in between */
    EXPERIMENT_CALL(nothing);
    CHECK(decided("old", 1) && touched(1, 0, 0));
    flagstay_assignments_free(nothing);
    end();
}

static void a_user_without_the_id_passes_and_keeps_nothing(void)
{
    begin(STATSIG_CONFIG("blue"));
    CHECK(load("companyID") == NULL && map.loads == 0);
    evaluate("company colour", FLAGSTAY_KIND_EXPERIMENT, NULL);
    CHECK(decided("blue", 0) && touched(0, 0, 0));
    flagstay_assignments *old = from("{\"company colour\": " OLD_RECORD "}");
    evaluate("company colour", FLAGSTAY_KIND_EXPERIMENT, old);
    CHECK(decided("blue", 0) && touched(0, 0, 0));
    OK(flagstay_user_set_integer(user, FLAGSTAY_IDS, T("companyID"), 7, NULL));
    evaluate("company colour", FLAGSTAY_KIND_EXPERIMENT, old);
    CHECK(decided("old", 1) && touched(0, 0, 0));
    flagstay_assignments_free(old);
    flagstay_assignments *nothing = load("companyID");
    evaluate("company colour", FLAGSTAY_KIND_EXPERIMENT, nothing);
    CHECK(decided("blue", 0) && map_store_find(&map, T("7:companyID"), T("company colour")) != NULL);
    flagstay_assignments_free(nothing);
    end();
}

static void records_of_the_caller_s_own_answer_and_a_broken_one_counts_for_its_flag_alone(void)
{
    begin(STATSIG_CONFIG("blue"));
    map_store_put(&map, T("user-1:userID"), T("colour"), T("{}"));
    flagstay_assignments *brought = from("{\"colour\": [\"no record\"], \"page\": " OLD_RECORD "}");
    evaluate("page", FLAGSTAY_KIND_LAYER, brought);
    CHECK(decided("old", 1) && touched(0, 0, 0));
    EXPERIMENT_CALL(brought);
    CHECK(decided("blue", 0) && touched(0, 0, 1)); /* as if none were passed */
    CHECK(contains(decision.store_error, decision.store_error_len, "colour"));
    flagstay_assignments_free(brought);
    brought = from("{}");
    EXPERIMENT_CALL(brought);
    CHECK(decided("blue", 0) && map_store_find(&map, T("user-1:userID"), T("colour")) != NULL);
    flagstay_assignments_free(brought);
    end();
}

static void without_a_store_what_is_passed_means_nothing(void)
{
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    user = user_of("user-1");
    flagstay_assignments *old = from("{\"colour\": " OLD_RECORD "}");
    EXPERIMENT_CALL(old);
    CHECK(decided("blue", 0) && decision.store_error == NULL);
    flagstay_assignments_free(old);
    flagstay_user_free(user);
    flagstay_client_free(client);
}

static void looking_at_everything_and_explaining_write_nothing(void)
{
    begin(STATSIG_CONFIG("blue"));
    flagstay_assignments *nothing = load("userID"), *old = from("{\"colour\": " OLD_RECORD "}");
    flagstay_options options = {.size = sizeof options, .kind = FLAGSTAY_KIND_EXPERIMENT};
    const flagstay_assignments *passed[] = {NULL, nothing, old};
    for (int at = 0; at < 3; at++) {
        options.assignments = passed[at];
        flagstay_string *explanation;
        OK(flagstay_explain(client, user, T("colour"), &options, &explanation, NULL));
        char *text = owned(explanation);
        CHECK(strstr(text, at == 2 ? "\"STICKY\"" : "\"blue\""));
        free(text);
        flagstay_decisions *all;
        size_t index;
        OK(flagstay_evaluate_all(client, user, &options, &all, NULL));
        OK(flagstay_decisions_find(all, T("colour"), &index, NULL));
        OK(flagstay_decisions_at(all, index, &decision, NULL));
        CHECK(decided(at == 2 ? "old" : "blue", at == 2));
        flagstay_decisions_free(all);
    }
    CHECK(touched(0, 0, 0) && map.records == NULL);
    /* The platform's contract: a call that only looks stores and removes all the same. */
    options.mode = FLAGSTAY_MODE_READ;
    options.assignments = nothing;
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    CHECK(touched(1, 0, 0));
    options.assignments = NULL;
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    CHECK(touched(1, 0, 1));
    flagstay_assignments_free(nothing);
    flagstay_assignments_free(old);
    end();
}

static void a_name_is_as_many_flags_as_it_has_kinds(void)
{
    begin(STATSIG_CONFIG("blue"));
    evaluate("same", FLAGSTAY_KIND_GATE, NULL);
    CHECK(decision.kind == FLAGSTAY_KIND_GATE && decision.value_type == FLAGSTAY_TYPE_BOOLEAN && decision.enabled);
    evaluate("same", FLAGSTAY_KIND_CONFIG, NULL);
    CHECK(decision.kind == FLAGSTAY_KIND_CONFIG);
    CHECK_TEXT("{\"a\":\"config\"}", decision.value_json, decision.value_json_len);
    evaluate("same", FLAGSTAY_KIND_LAYER, NULL);
    CHECK(decision.kind == FLAGSTAY_KIND_LAYER);
    CHECK_TEXT("{\"a\":\"layer\"}", decision.value_json, decision.value_json_len);
    evaluate("same", FLAGSTAY_KIND_ANY, NULL);
    CHECK(decision.kind == FLAGSTAY_KIND_GATE && decision.found);
    evaluate("in Germany", FLAGSTAY_KIND_LAYER, NULL);
    CHECK(decision.error == FLAGSTAY_FLAG_NOT_FOUND && !decision.found && decision.kind == FLAGSTAY_KIND_LAYER);

    flagstay_decisions *all;
    OK(flagstay_evaluate_all(client, user, NULL, &all, NULL));
    size_t first = 99, seen = 0;
    OK(flagstay_decisions_find(all, T("same"), &first, NULL));
    for (size_t at = 0; at < flagstay_decisions_count(all); at++) {
        OK(flagstay_decisions_at(all, at, &decision, NULL));
        if (decision.flag_len == 4 && memcmp(decision.flag, "same", 4) == 0) {
            CHECK(seen || at == first);
            seen |= (size_t)1 << decision.kind;
        }
    }
    CHECK(seen == (1 << FLAGSTAY_KIND_GATE | 1 << FLAGSTAY_KIND_CONFIG | 1 << FLAGSTAY_KIND_LAYER));
    flagstay_decisions_free(all);
    end();
}

static void details_are_gathered_where_they_are_asked_for(void)
{
    begin(STATSIG_CONFIG("blue"));
    flagstay_options options = {.size = sizeof options, .kind = FLAGSTAY_KIND_EXPERIMENT, .details = 1};
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    CHECK(decision.details_json && decision.details_json[0] == '{');
    CHECK(contains(decision.details_json, decision.details_json_len, "\"version\":3"));
    flagstay_decisions *all;
    size_t index;
    OK(flagstay_evaluate_all(client, user, &options, &all, NULL));
    OK(flagstay_decisions_find(all, T("colour"), &index, NULL));
    flagstay_client_free(client);
    client = NULL;
    OK(flagstay_decisions_at(all, index, &decision, NULL));
    CHECK(contains(decision.details_json, decision.details_json_len, "\"version\":3"));
    flagstay_decisions_free(all);
    CHECK(contains(decision.details_json, decision.details_json_len, "\"version\":3")); /* it is the struct's own */
    options.details = 0;
    client = client_of(STATSIG_CONFIG("blue"), NULL);
    OK(flagstay_evaluate(client, user, T("colour"), &options, &decision, NULL));
    CHECK(decision.details_json == NULL && decision.details_json_len == 0);
    end();
}

int main(void)
{
    TEST(a_user_stays_in_their_group_as_long_as_assignments_are_passed);
    TEST(a_layer_keeps_its_users_under_its_own_name);
    TEST(enforcing_asks_the_rules_anew);
    TEST(a_store_that_fails_in_load_is_neither_written_to_nor_removed_from);
    TEST(a_store_that_fails_to_write_fails_no_decision);
    TEST(whoever_enrols_first_is_the_answer_for_both);
    TEST(a_user_without_the_id_passes_and_keeps_nothing);
    TEST(records_of_the_caller_s_own_answer_and_a_broken_one_counts_for_its_flag_alone);
    TEST(without_a_store_what_is_passed_means_nothing);
    TEST(looking_at_everything_and_explaining_write_nothing);
    TEST(a_name_is_as_many_flags_as_it_has_kinds);
    TEST(details_are_gathered_where_they_are_asked_for);
    flagstay_decision_clear(&decision);
    return test_result();
}
