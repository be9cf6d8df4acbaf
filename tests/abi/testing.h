/* What every program here begins with: checks that say where they failed, and texts with their lengths.
 *
 * A test is a function without parameters whose name is a sentence; TEST(name) runs it and prints the sentence. */
#ifndef TESTING_H
#define TESTING_H

#include "flagstay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A literal as the two parameters that a text is; it may have NUL in it. */
#define T(literal) (literal), (sizeof(literal) - 1)

static int checks_failed;

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            printf("    %s:%d: failed: %s\n", __FILE__, __LINE__, #condition);            \
            checks_failed++;                                                              \
        }                                                                                 \
    } while (0)

#define CHECK_STATUS(wanted, call)                                                        \
    do {                                                                                  \
        int32_t got_status = (call);                                                      \
        if (got_status != (wanted)) {                                                     \
            printf("    %s:%d: %s returned %d, not %d\n", __FILE__, __LINE__, #call,      \
                   (int)got_status, (int)(wanted));                                       \
            checks_failed++;                                                              \
        }                                                                                 \
    } while (0)

#define OK(call) CHECK_STATUS(FLAGSTAY_OK, call)

/* Compares borrowed text with a literal, by bytes. */
#define CHECK_TEXT(literal, text, length)                                                 \
    do {                                                                                  \
        const char *got_text = (text);                                                    \
        size_t got_length = (length);                                                     \
        if (got_text == NULL || got_length != sizeof(literal) - 1 ||                      \
            memcmp(got_text, literal, sizeof(literal) - 1) != 0) {                        \
            printf("    %s:%d: %s is \"%.*s\", not \"%s\"\n", __FILE__, __LINE__, #text,  \
                   got_text ? (int)got_length : 6, got_text ? got_text : "(NULL)", literal); \
            checks_failed++;                                                              \
        }                                                                                 \
    } while (0)

#define TEST(name)                                                                        \
    do {                                                                                  \
        int failed_before = checks_failed;                                                \
        name();                                                                           \
        print_sentence(checks_failed == failed_before, #name);                            \
    } while (0)

static inline void print_sentence(int passed, const char *name)
{
    printf(passed ? "  ok      " : "  FAILED  ");
    for (; *name; name++)
        putchar(*name == '_' ? ' ' : *name);
    putchar('\n');
    fflush(stdout);
}

static inline int test_result(void)
{
    return checks_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Whether a text contains a literal; neither is NUL-terminated. */
static inline int contains(const char *text, size_t length, const char *part)
{
    size_t part_length = strlen(part);
    for (size_t at = 0; text && at + part_length <= length; at++)
        if (memcmp(text + at, part, part_length) == 0)
            return 1;
    return 0;
}

/* Ends an error and says whether its message names a place. */
static inline int error_names(flagstay_error *error, int32_t status, const char *place)
{
    size_t length = 0;
    const char *message = flagstay_error_message(error, &length);
    int named = error && flagstay_error_status(error) == status && contains(message, length, place);
    if (!named)
        printf("    the error is %d \"%.*s\", which does not name `%s`\n",
               (int)flagstay_error_status(error), (int)length, message ? message : "", place);
    flagstay_error_free(error);
    return named;
}

/* The value of a text that the caller owns, as a NUL-terminated copy; ends the text. */
static inline char *owned(flagstay_string *string)
{
    size_t length = 0;
    const char *text = flagstay_string_data(string, &length);
    char *copy = malloc(length + 1);
    if (!copy)
        abort();
    if (length)
        memcpy(copy, text, length);
    copy[length] = 0;
    flagstay_string_free(string);
    return copy;
}

/* A client of a configuration that is right, or the end. */
static inline flagstay_client *client_of(const char *config, const flagstay_store *store)
{
    flagstay_client *client;
    flagstay_error *error;
    if (flagstay_client_new(config, strlen(config), store, &client, &error) != FLAGSTAY_OK) {
        size_t length;
        const char *message = flagstay_error_message(error, &length);
        printf("    no client: %.*s\n", (int)length, message);
        exit(EXIT_FAILURE);
    }
    return client;
}

static inline flagstay_user *user_of(const char *key)
{
    flagstay_user *user;
    if (flagstay_user_new(key, strlen(key), &user, NULL) != FLAGSTAY_OK)
        exit(EXIT_FAILURE);
    return user;
}

#endif
