/* Local overrides: what may be said, and who is told that it means nothing. */
#include "rulesets.h"
#include "testing.h"

static int overrides_of(flagstay_client *client)
{
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    char *text = owned(status);
    const char *member = strstr(text, "\"overrides\":");
    int count = member ? atoi(member + strlen("\"overrides\":")) : -1;
    free(text);
    return count;
}

static void a_dialect_without_overrides_says_so(void)
{
    flagstay_client *client = client_of(CONFIG(RULESET), NULL);
    flagstay_error *error;
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set(client, FLAGSTAY_KIND_GATE, T("true"), NULL, 0, T("false"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_set_group(client, T("true"), T("user-1"), T("Control"), &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT,
                 flagstay_override_remove(client, FLAGSTAY_KIND_LAYER, T("true"), NULL, 0, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK_STATUS(FLAGSTAY_INVALID_ARGUMENT, flagstay_override_clear(client, &error));
    CHECK(error_names(error, FLAGSTAY_INVALID_ARGUMENT, "dialect flagstay"));
    CHECK(overrides_of(client) == 0);
    flagstay_client_free(client);
}

int main(void)
{
    TEST(a_dialect_without_overrides_says_so);
    return test_result();
}
