/* The rulesets of these tests, as C text. */
#ifndef RULESETS_H
#define RULESETS_H

#define VALUE_FLAG(key, value)                                                            \
    "\"" key "\": {\"on\": true, \"variations\": {\"it\": " value ", \"off\": null}, \"off\": \"off\", \"default\": \"it\"}"

/* One flag for each kind of value, and what else a decision can be. */
#define RULESET                                                                           \
    "{\"format\": 1, \"flags\": {"                                                        \
    VALUE_FLAG("true", "true") "," VALUE_FLAG("false", "false") ","                       \
    VALUE_FLAG("number", "42.5") "," VALUE_FLAG("large", "9007199254740993") ","          \
    VALUE_FLAG("text", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa9\"") "," VALUE_FLAG("empty", "\"\"") "," \
    VALUE_FLAG("nul", "\"a\\u0000b\"") ","                                                \
    VALUE_FLAG("list", "[1, \"two\", null]") "," VALUE_FLAG("object", "{\"b\": 1, \"a\": {\"c\": 2.5}}") "," \
    VALUE_FLAG("null", "null") "," VALUE_FLAG("", "\"no name\"") ","                      \
    VALUE_FLAG("caf\xc3\xa9", "\"unicode\"") "," VALUE_FLAG("a\\u0000b", "\"NUL\"") ","   \
    "\"dark\": {\"on\": false, \"variations\": {\"a\": \"A\", \"b\": \"B\"}, \"off\": \"b\", \"default\": \"a\"}," \
    "\"broken\": {\"on\": true, \"variations\": {\"a\": 1}, \"off\": \"zebra\", \"default\": \"a\"}," \
    "\"behind\": {\"on\": true, \"variations\": {\"a\": 1, \"b\": 2}, \"off\": \"b\","    \
    "  \"prerequisites\": [{\"flag\": \"dark\", \"variations\": [\"a\"]}], \"default\": \"a\"}," \
    "\"aimed\": {\"on\": true, \"variations\": {\"a\": 1, \"b\": 2}, \"off\": \"b\","     \
    "  \"targets\": [{\"values\": [\"user-1\"], \"serve\": \"a\"}],"                      \
    "  \"rules\": [{\"id\": \"pros\", \"if\": {\"attribute\": \"plan\", \"one_of\": [\"pro\"]}, \"serve\": \"a\"}]," \
    "  \"default\": \"b\"},"                                                              \
    "\"rollout\": {\"on\": true, \"variations\": {\"on\": true, \"off\": false}, \"off\": \"off\"," \
    "  \"default\": {\"split\": {\"weights\": [{\"variation\": \"on\", \"percent\": 50}, {\"variation\": \"off\", \"percent\": 50}]}}}," \
    STICKY_FLAG("50", "50") "}}"

/* A sticky split of "grey" and "blue" at these percents. */
#define STICKY_FLAG(grey, blue)                                                           \
    "\"colour\": {\"on\": true, \"variations\": {\"grey\": \"grey\", \"blue\": \"blue\", \"off\": \"off\"}, \"off\": \"off\"," \
    "  \"default\": {\"id\": \"colours\", \"split\": {\"sticky\": true, \"weights\": ["   \
    "    {\"variation\": \"grey\", \"percent\": " grey "}, {\"variation\": \"blue\", \"percent\": " blue "}]}}}"

#define STICKY_RULESET(grey, blue) "{\"format\": 1, \"flags\": {" STICKY_FLAG(grey, blue) "}}"

#define CONFIG(ruleset) "{\"ruleset\": " ruleset "}"

#endif
