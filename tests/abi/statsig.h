/* Rulesets of the dialect statsig, as C text. */
#ifndef STATSIG_H
#define STATSIG_H

#define SPEC(entity, rest)                                                                \
    "{\"type\": \"dynamic_config\", \"salt\": \"S\", \"enabled\": true, \"entity\": \"" entity "\", " rest "}"

#define RULE(id, conditions, value, rest)                                                 \
    "{\"name\": \"" id "\", \"id\": \"" id "\", \"passPercentage\": 100, \"idType\": \"userID\", \"returnValue\": " value ", " \
    "\"conditions\": [" conditions "]" rest "}"

/* A running experiment for ids of a type: whoever left is excluded, guests have an answer of their own, and everybody
 * else is in the one group. */
#define EXPERIMENT(id_type, group)                                                        \
    SPEC("experiment",                                                                    \
         "\"idType\": \"" id_type "\", \"isActive\": true, \"version\": 3, \"explicitParameters\": [\"colour\"], " \
         "\"defaultValue\": {\"colour\": \"none\"}, \"rules\": ["                         \
         RULE("inlineTargetingRules", "\"left\"", "{\"colour\": \"excluded\"}", "") ","   \
         RULE("guest_override", "\"guest\"", "{\"colour\": \"guest\"}", "") ","           \
         RULE("r-" group, "", "{\"colour\": \"" group "\"}",                              \
              ", \"groupName\": \"" group "\", \"isExperimentGroup\": true") "]")

#define GATE(rules) SPEC("feature_gate", "\"idType\": \"userID\", \"defaultValue\": false, \"rules\": [" rules "]")

/* `colour` is an experiment whose one group is named here; `page` a layer that gives its users to it; `company colour`
 * the same for companies; `in Germany` a gate; and `same` is four things at once. */
#define STATSIG_RULESET(group)                                                            \
    "{\"has_updates\": true, \"time\": 1700000000123, \"experiment_to_layer\": {},"       \
    "\"feature_gates\": {"                                                                \
    "  \"in Germany\": " GATE(RULE("r-de", "\"Germans\"", "true", "")) ","                \
    "  \"same\": " GATE(RULE("r-gate", "", "true", "")) "},"                              \
    "\"dynamic_configs\": {"                                                              \
    "  \"colour\": " EXPERIMENT("userID", group) ","                                      \
    "  \"company colour\": " EXPERIMENT("companyID", group) ","                           \
    "  \"same\": " SPEC("dynamic_config", "\"idType\": \"userID\", \"defaultValue\": {\"a\": \"config\"}, \"rules\": []") "}," \
    "\"layer_configs\": {"                                                                \
    "  \"page\": " SPEC("layer", "\"idType\": \"userID\", \"defaultValue\": {}, \"rules\": [" \
                        RULE("alloc", "", "{}", ", \"configDelegate\": \"colour\"") "]") "," \
    "  \"same\": " SPEC("layer", "\"idType\": \"userID\", \"defaultValue\": {\"a\": \"layer\"}, \"rules\": []") "}," \
    "\"condition_map\": {"                                                                \
    "  \"left\": {\"type\": \"user_field\", \"idType\": \"userID\", \"field\": \"plan\", \"operator\": \"any\", \"targetValue\": [\"left\"]}," \
    "  \"guest\": {\"type\": \"user_field\", \"idType\": \"userID\", \"field\": \"plan\", \"operator\": \"any\", \"targetValue\": [\"guest\"]}," \
    "  \"Germans\": {\"type\": \"ip_based\", \"idType\": \"userID\", \"field\": \"country\", \"operator\": \"any\", \"targetValue\": [\"DE\"]}}}"

#define STATSIG_CONFIG(group) "{\"dialect\": \"statsig\", \"ruleset\": " STATSIG_RULESET(group) "}"

#endif
