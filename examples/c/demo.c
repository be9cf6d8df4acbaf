/* Decides two flags for a number of users: the same program exists in every language of flagstay.
 *
 *     demo RULESET_FILE STORE_URL COUNT */
#include <flagstay.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program over a call that did not work. Statuses of 300 to 399 are answers: the caller's default. */
static void check(int32_t status, flagstay_error **error)
{
    if (status == FLAGSTAY_OK || status / 100 == 3)
        return;
    size_t length;
    const char *message = flagstay_error_message(*error, &length);
    fprintf(stderr, "demo: %.*s\n", (int)length, message);
    exit(1);
}

/* Writes a text as a JSON string. Paths and URLs need no more than this. */
static void quote(FILE *to, const char *text)
{
    putc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', to);
        putc(*text, to);
    }
    putc('"', to);
}

static char *configuration(const char *ruleset_file, const char *store)
{
    char *json = NULL;
    size_t length;
    FILE *to = open_memstream(&json, &length);
    if (!to)
        abort();
    fputs("{\"dialect\": \"flagstay\", \"ruleset_file\": ", to);
    quote(to, ruleset_file);
    fputs(", \"store\": ", to);
    quote(to, store);
    fputs("}", to);
    fclose(to);
    return json;
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 4) {
        fprintf(stderr, "usage: demo RULESET_FILE STORE_URL COUNT\n");
        return 2;
    }
    flagstay_client *client;
    flagstay_error *error;
    char *config = configuration(arguments[1], arguments[2]);
    check(flagstay_client_new(config, strlen(config), NULL, &client, &error), &error);
    free(config);

    flagstay_decision colour = {.size = sizeof colour};
    for (long n = 1; n <= atol(arguments[3]); n++) {
        char key[32];
        int key_length = snprintf(key, sizeof key, "user-%ld", n);
        const char *plan = n % 2 == 0 ? "pro" : "free";
        flagstay_user *user;
        check(flagstay_user_new(key, (size_t)key_length, &user, &error), &error);
        check(flagstay_user_set_text(user, FLAGSTAY_ATTRIBUTES, "plan", 4, plan, strlen(plan), &error), &error);

        uint8_t checkout;
        check(flagstay_boolean(client, user, "new-checkout", 12, 0, &checkout, &error), &error);
        check(flagstay_text(client, user, "button-colour", 13, "grey", 4, &colour, &error), &error);
        printf("%s new-checkout=%s button-colour=%.*s sticky=%s\n", key, checkout ? "true" : "false",
               (int)colour.value_text_len, colour.value_text, colour.sticky ? "true" : "false");
        flagstay_user_free(user);
    }
    flagstay_decision_clear(&colour);
    check(flagstay_client_close(client, 1000, &error), &error);
    flagstay_client_free(client);
    return 0;
}
