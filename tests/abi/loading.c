#define _GNU_SOURCE /* dlvsym */
/* Loaded by name, closed, loaded again: argument 1 is the library. Nothing is linked. */
#include "testing.h"

#include <dlfcn.h>
#include <pthread.h>

static const char *path;

#define FUNCTION(library, name) __typeof__(name) *name##_ = (__typeof__(name) *)symbol(library, #name)

static void *symbol(void *library, const char *name)
{
    void *found = library ? dlvsym(library, name, "FLAGSTAY_1") : NULL;
    if (!found) {
        printf("    %s\n", dlerror());
        exit(EXIT_FAILURE);
    }
    return found;
}

static void *decide(void *argument)
{
    void *library = argument ? argument : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    FUNCTION(library, flagstay_client_new);
    FUNCTION(library, flagstay_client_free);
    FUNCTION(library, flagstay_boolean);
    flagstay_client *client = NULL;
    OK(flagstay_client_new_(T("{}"), NULL, &client, NULL));
    uint8_t on = 0;
    CHECK_STATUS(FLAGSTAY_PROVIDER_NOT_READY, flagstay_boolean_(client, NULL, T("f"), 1, &on, NULL));
    CHECK(on == 1);
    flagstay_client_free_(client);
    if (!argument)
        dlclose(library);
    return NULL;
}

static void the_library_can_be_closed_and_opened_again(void)
{
    for (int at = 0; at < 3; at++)
        decide(NULL);
}

static void a_thread_may_outlive_the_closing_of_the_library(void)
{
    for (int at = 0; at < 3; at++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        pthread_t thread;
        /* Its thread-local destructors run after the library was closed: -z nodelete keeps their code. */
        pthread_create(&thread, NULL, decide, library);
        pthread_join(thread, NULL);
        dlclose(library);
        pthread_create(&thread, NULL, decide, NULL);
        pthread_join(thread, NULL);
    }
}

static void a_closed_library_stays_in_place(void)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *first = symbol(library, "flagstay_version");
    dlclose(library);
    void *still = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    CHECK(still != NULL && symbol(still, "flagstay_version") == first);
    if (still)
        dlclose(still);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: loading LIBRARY\n");
        return 2;
    }
    path = arguments[1];
    TEST(the_library_can_be_closed_and_opened_again);
    TEST(a_thread_may_outlive_the_closing_of_the_library);
    TEST(a_closed_library_stays_in_place);
    return test_result();
}
