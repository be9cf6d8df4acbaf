/* JSON that keeps the text it came from, so that rulesets, users and defaults reach the library exactly as they are
 * written. The tokens are jsmn's. */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

struct json {
    char *text;
    size_t length;
    void *tokens;
    int count;
    int *after; /* for each token: the one behind everything in it */
};

struct slice {
    const char *text;
    size_t length;
};

/* A place in a document. `at` is -1 where there is nothing. */
struct value {
    const struct json *json;
    int at;
};

/* Parses a text, which the document then owns. 0: it is no JSON. */
int json_parse(struct json *json, char *text, size_t length);
void json_end(struct json *json);
struct value json_root(const struct json *json);

int is_there(struct value value);
int is_object(struct value value);
int is_list(struct value value);
int is_string(struct value value);
int is_null(struct value value);
int is_true(struct value value);

/* The value as it is written, quotes and all. */
struct slice raw(struct value value);
int raw_is(struct value value, const char *text);

/* How many elements or members there are. */
int size_of(struct value value);
struct value first(struct value container); /* the first element, or the first member's name */
struct value next(struct value value);      /* the element behind it; behind a name, its value */
struct value member(struct value object, const char *name);

/* A string's text, with its escapes resolved; to be freed. It may have NUL in it, and ends with one. */
char *text_of(struct value string, size_t *length);
int text_is(struct value string, const char *text);

/* Equality by value: numbers as numbers, exactly where both are whole; objects regardless of order. Members named
 * `ignored` (which may be NULL) count nowhere. */
int json_equal(struct value left, struct value right, const char *ignored);

#endif
