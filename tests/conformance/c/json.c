#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "json.h"

#include <stdlib.h>
#include <string.h>

static jsmntok_t *token(struct value value)
{
    return (jsmntok_t *)value.json->tokens + value.at;
}

static int link_tokens(struct json *json, int at)
{
    jsmntok_t *tokens = json->tokens;
    int behind = at + 1;
    if (tokens[at].type == JSMN_OBJECT)
        for (int left = tokens[at].size; left > 0; left--) {
            json->after[behind] = behind + 1; /* a name is followed by its value */
            behind = link_tokens(json, behind + 1);
        }
    else if (tokens[at].type == JSMN_ARRAY)
        for (int left = tokens[at].size; left > 0; left--)
            behind = link_tokens(json, behind);
    json->after[at] = behind;
    return behind;
}

int json_parse(struct json *json, char *text, size_t length)
{
    jsmn_parser parser;
    memset(json, 0, sizeof *json);
    json->text = text;
    json->length = length;
    jsmn_init(&parser);
    json->count = jsmn_parse(&parser, text, length, NULL, 0);
    if (json->count <= 0)
        return 0;
    json->tokens = calloc((size_t)json->count, sizeof(jsmntok_t));
    json->after = calloc((size_t)json->count, sizeof *json->after);
    if (!json->tokens || !json->after)
        abort();
    jsmn_init(&parser);
    if (jsmn_parse(&parser, text, length, json->tokens, (unsigned)json->count) != json->count)
        return 0;
    return link_tokens(json, 0) == json->count;
}

void json_end(struct json *json)
{
    free(json->text);
    free(json->tokens);
    free(json->after);
    memset(json, 0, sizeof *json);
}

struct value json_root(const struct json *json)
{
    return (struct value){json, 0};
}

int is_there(struct value value)
{
    return value.at >= 0;
}

static int is_type(struct value value, jsmntype_t type)
{
    return is_there(value) && token(value)->type == type;
}

int is_object(struct value value)
{
    return is_type(value, JSMN_OBJECT);
}

int is_list(struct value value)
{
    return is_type(value, JSMN_ARRAY);
}

int is_string(struct value value)
{
    return is_type(value, JSMN_STRING);
}

struct slice raw(struct value value)
{
    if (!is_there(value))
        return (struct slice){NULL, 0};
    int quotes = is_string(value);
    return (struct slice){value.json->text + token(value)->start - quotes,
                          (size_t)(token(value)->end - token(value)->start + 2 * quotes)};
}

int raw_is(struct value value, const char *text)
{
    struct slice slice = raw(value);
    return slice.text && slice.length == strlen(text) && memcmp(slice.text, text, slice.length) == 0;
}

int is_null(struct value value)
{
    return raw_is(value, "null");
}

int is_true(struct value value)
{
    return raw_is(value, "true");
}

int size_of(struct value value)
{
    return is_there(value) ? token(value)->size : 0;
}

struct value first(struct value container)
{
    container.at++;
    return container;
}

struct value next(struct value value)
{
    value.at = value.json->after[value.at];
    return value;
}

struct value member(struct value object, const char *name)
{
    if (is_object(object)) {
        struct value at = first(object);
        for (int left = size_of(object); left > 0; left--, at = next(next(at)))
            if (text_is(at, name))
                return next(at);
    }
    return (struct value){object.json, -1};
}

static unsigned hex(const char *digits)
{
    char text[5] = {digits[0], digits[1], digits[2], digits[3], 0};
    return (unsigned)strtoul(text, NULL, 16);
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(lead[more] | code >> (6 * more));
    while (more--)
        *to++ = (char)(0x80 | (code >> (6 * more) & 0x3F));
    return to;
}

char *text_of(struct value string, size_t *length)
{
    struct slice slice = raw(string);
    char *text = malloc(slice.length + 1), *to = text;
    if (!text)
        abort();
    const char *at = slice.text + 1, *end = slice.text + slice.length - 1;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
        char escape = at[1];
        at += 2;
        if (escape != 'u') {
            for (const char *pair = letters; *pair; pair += 2)
                if (*pair == escape)
                    *to++ = pair[1];
            continue;
        }
        unsigned code = hex(at);
        at += 4;
        if (code >> 10 == 0x36 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' && hex(at + 2) >> 10 == 0x37) {
            code = 0x10000 + ((code & 0x3FF) << 10 | (hex(at + 2) & 0x3FF));
            at += 6;
        }
        to = put_utf8(to, code);
    }
    *to = 0;
    *length = (size_t)(to - text);
    return text;
}

int text_is(struct value string, const char *text)
{
    size_t length = strlen(text);
    if (!is_string(string))
        return 0;
    if (!memchr(raw(string).text, '\\', raw(string).length))
        return raw(string).length == length + 2 && memcmp(raw(string).text + 1, text, length) == 0;
    size_t decoded_length;
    char *decoded = text_of(string, &decoded_length);
    int same = decoded_length == length && memcmp(decoded, text, length) == 0;
    free(decoded);
    return same;
}

static int equal_strings(struct value left, struct value right)
{
    size_t left_length, right_length;
    char *left_text = text_of(left, &left_length), *right_text = text_of(right, &right_length);
    int same = left_length == right_length && memcmp(left_text, right_text, left_length) == 0;
    free(left_text);
    free(right_text);
    return same;
}

static int is_whole(struct slice number)
{
    for (size_t at = 0; at < number.length; at++)
        if (strchr(".eE", number.text[at]))
            return 0;
    return 1;
}

/* The text of a number ends at something that is no part of it, or at the NUL that ends the document. */
static int equal_primitives(struct value left, struct value right)
{
    struct slice a = raw(left), b = raw(right);
    if (a.length == b.length && memcmp(a.text, b.text, a.length) == 0)
        return 1;
    int numbers = strchr("-0123456789", *a.text) && strchr("-0123456789", *b.text);
    if (!numbers)
        return 0;
    /* Whole numbers are compared digit by digit: beyond 2^53 two of them may share a double. */
    if (is_whole(a) && is_whole(b))
        return strtod(a.text, NULL) == 0 && strtod(b.text, NULL) == 0; /* -0 and 0 */
    return strtod(a.text, NULL) == strtod(b.text, NULL);
}

static int members_but(struct value object, const char *ignored)
{
    return size_of(object) - (ignored && is_there(member(object, ignored)));
}

static struct value member_like(struct value object, struct value name)
{
    struct value at = first(object);
    for (int left = size_of(object); left > 0; left--, at = next(next(at)))
        if (equal_strings(at, name))
            return next(at);
    return (struct value){object.json, -1};
}

int json_equal(struct value left, struct value right, const char *ignored)
{
    if (!is_there(left) || !is_there(right) || token(left)->type != token(right)->type)
        return 0;
    if (is_string(left))
        return equal_strings(left, right);
    if (token(left)->type == JSMN_PRIMITIVE)
        return equal_primitives(left, right);
    if (is_list(left)) {
        if (size_of(left) != size_of(right))
            return 0;
        struct value a = first(left), b = first(right);
        for (int count = size_of(left); count > 0; count--, a = next(a), b = next(b))
            if (!json_equal(a, b, ignored))
                return 0;
        return 1;
    }
    if (members_but(left, ignored) != members_but(right, ignored))
        return 0;
    struct value name = first(left);
    for (int count = size_of(left); count > 0; count--, name = next(next(name)))
        if (!(ignored && text_is(name, ignored)) && !json_equal(next(name), member_like(right, name), ignored))
            return 0;
    return 1;
}
