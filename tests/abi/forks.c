/* A client that was made before fork() works in the child, whatever other threads of the parent were doing. */
#include "rulesets.h"
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static flagstay_client *client;
static flagstay_user *user;
/* Without exposures, so that its switch is a plain one. */
static flagstay_client *quiet;
static flagstay_switch *prepared;
static atomic_int stop;

/* The child's exit status; a child that hangs is ended by its alarm. */
static int in_a_child(int (*work)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        int failures = work();
        fflush(stdout);
        _exit(failures ? 1 : 0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

static int lines_waiting(void)
{
    flagstay_string *lines;
    OK(flagstay_drain_events(client, SIZE_MAX, &lines, NULL));
    char *text = owned(lines);
    int count = 0;
    for (char *at = text; *at; at++)
        count += *at == '\n';
    free(text);
    return count;
}

static atomic_int tables_dropped;

static void let_go(void *context)
{
    (void)context;
    atomic_fetch_add(&tables_dropped, 1);
}

static int32_t unknown_country(void *context, const char *ip, size_t ip_length, flagstay_sink sink, void *sink_context)
{
    (void)context, (void)ip, (void)ip_length, (void)sink, (void)sink_context;
    return FLAGSTAY_STORE_DONE;
}

static const flagstay_countries countries = {.size = sizeof countries, .drop = let_go, .country = unknown_country};

static void end_client(void)
{
    flagstay_user_free(user);
    flagstay_client_free(client);
    flagstay_client_free(quiet);
    flagstay_switch_free(prepared);
}

static int use_everything(void)
{
    int before = checks_failed;
    flagstay_decision decision = {.size = sizeof decision};
    uint8_t on, accepted;
    CHECK(lines_waiting() == 0); /* the parent's events are the parent's to deliver */
    OK(flagstay_boolean(client, user, T("rollout"), 0, &on, NULL));
    OK(flagstay_evaluate(client, user, T("colour"), NULL, &decision, NULL));
    CHECK(decision.error == FLAGSTAY_OK && decision.sticky);
    OK(flagstay_client_update(client, T(RULESET), NULL));
    OK(flagstay_track(client, user, T("purchase"), NULL, 0, &accepted, NULL));
    CHECK(accepted == 1);
    flagstay_string *status;
    OK(flagstay_client_status(client, &status, NULL));
    flagstay_string_free(status);
    CHECK(lines_waiting() == 3); /* two exposures and the purchase */
    int32_t was = flagstay_switch_try(prepared, user);
    CHECK((was == 0 || was == 1) && flagstay_switch_on(prepared, user) == was);
    OK(flagstay_client_update(quiet, T(RULESET), NULL));
    CHECK(flagstay_switch_try(prepared, user) == -1);
    CHECK(flagstay_switch_on(prepared, user) == was && flagstay_switch_try(prepared, user) == was);
    uint64_t removed;
    OK(flagstay_forget(client, T("user-1"), &removed, NULL));
    CHECK(removed == 1);
    OK(flagstay_client_set_countries(client, &countries, NULL)); /* in place of the parent's, if it has any */
    int dropped = atomic_load(&tables_dropped);
    OK(flagstay_client_set_countries(client, NULL, NULL));
    CHECK(atomic_load(&tables_dropped) == dropped + 1);
    flagstay_assignments *assignments;
    OK(flagstay_assignments_load(client, user, T("userID"), &assignments, NULL));
    CHECK(flagstay_assignments_error(assignments, NULL) == NULL);
    flagstay_assignments_free(assignments);
    flagstay_client *another = client_of(CONFIG(RULESET), NULL);
    flagstay_client_free(another);
    OK(flagstay_client_close(client, 1000, NULL));
    flagstay_decision_clear(&decision);
    end_client();
    return checks_failed - before;
}

static void make_client(void)
{
    client = client_of("{\"store\": \"memory:\", \"events\": {\"exposures\": true}, \"ruleset\": " RULESET "}", NULL);
    user = user_of("user-1");
    quiet = client_of(CONFIG(RULESET), NULL);
    OK(flagstay_switch_new(quiet, T("rollout"), 0, &prepared, NULL));
    CHECK(flagstay_switch_on(prepared, user) < 2);
    flagstay_decision decision = {.size = sizeof decision};
    OK(flagstay_evaluate(client, user, T("colour"), NULL, &decision, NULL));
    flagstay_decision_clear(&decision);
}


static void a_child_uses_its_parents_client_and_the_parent_keeps_its_events(void)
{
    make_client();
    CHECK(in_a_child(use_everything) == 0);
    CHECK(lines_waiting() == 1);
    end_client();
}

static int use_it_in_a_grandchild(void)
{
    return in_a_child(use_everything) != 0;
}

static void a_grandchild_does_so_too(void)
{
    make_client();
    CHECK(in_a_child(use_it_in_a_grandchild) == 0);
    CHECK(lines_waiting() == 1);
    end_client();
}

static void *keep_busy(void *argument)
{
    flagstay_decision decision = {.size = sizeof decision};
    for (int round = 0; !atomic_load(&stop); round++) {
        flagstay_evaluate(client, user, T("colour"), NULL, &decision, NULL);
        flagstay_track(client, user, T("visit"), NULL, 0, NULL, NULL);
        if (argument && round % 4 == 0)
            flagstay_client_update(client, T(RULESET), NULL);
        flagstay_client_set_countries(client, round % 2 ? &countries : NULL, NULL);
        flagstay_string *text;
        flagstay_client_status(client, &text, NULL);
        flagstay_string_free(text);
    }
    flagstay_decision_clear(&decision);
    return NULL;
}

static void a_fork_beside_busy_threads_is_survived(void)
{
    make_client();
    pthread_t threads[3];
    atomic_store(&stop, 0);
    for (int at = 0; at < 3; at++)
        pthread_create(&threads[at], NULL, keep_busy, at == 0 ? &stop : NULL);
    for (int round = 0; round < 50; round++)
        CHECK(in_a_child(use_everything) == 0);
    atomic_store(&stop, 1);
    for (int at = 0; at < 3; at++)
        pthread_join(threads[at], NULL);
    end_client();
}

static int free_it(void)
{
    end_client();
    return 0;
}

static void a_child_may_just_free_what_it_inherited(void)
{
    make_client();
    CHECK(in_a_child(free_it) == 0);
    end_client();
}

int main(void)
{
    TEST(a_child_uses_its_parents_client_and_the_parent_keeps_its_events);
    TEST(a_grandchild_does_so_too);
    TEST(a_fork_beside_busy_threads_is_survived);
    TEST(a_child_may_just_free_what_it_inherited);
    return test_result();
}
