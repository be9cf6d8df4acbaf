/* What a decision costs through the C ABI: the rows of benches/README.md, separated by tabs.
 *
 *     bench RULESETS      the folder with boolean.json, three-rules.json and the others
 *
 * Each row is the median of several runs. FLAGSTAY_BENCH_MS milliseconds (500) are spent on a row. */
#include "library.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 9

/* ---- allocations, counted by standing in front of the C library's ---- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static long allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    allocations++;
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    allocations++;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

/* ---- what is measured ---- */

static flagstay_client *client;
static flagstay_user *user;
static flagstay_switch *prepared;
static flagstay_decision decision = {.size = sizeof(flagstay_decision)};
static char (*keys)[16];
static size_t *key_lengths;
static long key_count;

static _Noreturn void stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static void empty_call(long count)
{
    while (count--)
        flagstay.abi_version();
}

static void decide_switch(long count)
{
    uint8_t on;
    while (count--)
        flagstay.boolean(client, user, "rollout", 7, 0, &on, NULL);
}

static void decide_prepared_switch(long count)
{
    while (count--)
        flagstay.switch_on(prepared, user);
}

static void decide(long count)
{
    while (count--)
        flagstay.evaluate(client, user, "experiment", 10, NULL, &decision, NULL);
}

static flagstay_user *new_user(void)
{
    flagstay_user *made;
    if (flagstay.user_new("user-42", 7, &made, NULL) != FLAGSTAY_OK)
        stop("no user");
    flagstay.user_set_text(made, FLAGSTAY_ATTRIBUTES, "country", 7, "DE", 2, NULL);
    flagstay.user_set_text(made, FLAGSTAY_ATTRIBUTES, "plan", 4, "pro", 3, NULL);
    flagstay.user_set_integer(made, FLAGSTAY_ATTRIBUTES, "age", 3, 34, NULL);
    flagstay.user_set_text(made, FLAGSTAY_ATTRIBUTES, "version", 7, "2.4.1", 5, NULL);
    return made;
}

static void decide_for_a_new_user(long count)
{
    while (count--) {
        flagstay_user *made = new_user();
        flagstay.evaluate(client, made, "experiment", 10, NULL, &decision, NULL);
        flagstay.user_free(made);
    }
}

static void decide_many(long count)
{
    static long next;
    while (count--) {
        next = next + 1 < key_count ? next + 1 : 0;
        flagstay.evaluate(client, user, keys[next], key_lengths[next], NULL, &decision, NULL);
    }
}

/* ---- measuring ---- */

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static double budget_ns(void)
{
    const char *text = getenv("FLAGSTAY_BENCH_MS");
    double milliseconds = text ? atof(text) : 500;
    if (milliseconds <= 0)
        stop("FLAGSTAY_BENCH_MS is no number of milliseconds: %s", text);
    return 1e6 * milliseconds;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values)
{
    qsort(values, RUNS, sizeof *values, ascending);
    return values[RUNS / 2];
}

/* How many decisions fill one run. */
static long calibrated(void (*work)(long))
{
    for (long count = 64;; count *= 2) {
        double began = now_ns();
        work(count);
        double took = now_ns() - began;
        if (took > budget_ns() / 40)
            return (long)((double)count * budget_ns() / (RUNS + 2) / took) + 1;
    }
}

static double empty_ns;

static double row(const char *name, void (*work)(long))
{
    double runs[RUNS];
    long count = calibrated(work);
    for (int run = 0; run < RUNS; run++) {
        double began = now_ns();
        work(count);
        runs[run] = (now_ns() - began) / (double)count;
    }
    long counted = count < 10000 ? count : 10000, before = allocations;
    work(counted);
    double allocated = (double)(allocations - before) / (double)counted;
    double ns = median(runs);
    if (work == empty_call)
        empty_ns = ns;
    printf("c\t%s\t%.1f\t%.2f\t%.2f\n", name, ns, allocated, ns / empty_ns);
    fflush(stdout);
    return ns;
}

static void *decide_beside_others(void *argument)
{
    flagstay_decision own = {.size = sizeof own};
    for (long count = *(long *)argument; count > 0; count--)
        flagstay.evaluate(client, user, "experiment", 10, NULL, &own, NULL);
    flagstay.decision_clear(&own);
    return NULL;
}

static double with_threads(int threads, long count)
{
    pthread_t ids[2];
    double began = now_ns();
    for (int at = 0; at < threads; at++)
        pthread_create(&ids[at], NULL, decide_beside_others, &count);
    for (int at = 0; at < threads; at++)
        pthread_join(ids[at], NULL);
    return (now_ns() - began) / (double)count / threads;
}

/* One and two threads take turns, so that what else the machine does meets both. */
static void row_of_two_threads(void)
{
    double one[RUNS], two[RUNS], ratios[RUNS];
    long count = calibrated(decide);
    for (int run = 0; run < RUNS; run++) {
        one[run] = with_threads(1, count);
        two[run] = with_threads(2, count);
        ratios[run] = one[run] / two[run];
    }
    printf("c\ttwo threads\t%.1f\t-\t%.2f\n", median(two), median(ratios));
}

/* ---- the rulesets ---- */

static void use(const char *folder, const char *file, const char *store)
{
    char config[4096];
    flagstay_error *error;
    if (client)
        flagstay.client_free(client);
    snprintf(config, sizeof config, "{\"ruleset_file\": \"%s/%s\"%s}", folder, file, store);
    if (flagstay.client_new(config, strlen(config), NULL, &client, &error) != FLAGSTAY_OK) {
        size_t length;
        const char *message = flagstay.error_message(error, &length);
        stop("%.*s (`make bench` writes the large ones)", (int)length, message);
    }
}

/* A decision that is not the one to be measured must not be measured. */
static void expect(const char *flag, int32_t reason)
{
    if (flagstay.evaluate(client, user, flag, strlen(flag), NULL, &decision, NULL) != FLAGSTAY_OK ||
        decision.error != FLAGSTAY_OK || decision.reason != reason)
        stop("`%s` has reason %d and error %d, not reason %d", flag, (int)decision.reason, (int)decision.error,
             (int)reason);
}

static void many_flags(const char *folder, const char *file, const char *name, long count)
{
    use(folder, file, "");
    key_count = count;
    keys = calloc((size_t)count, sizeof *keys);
    key_lengths = calloc((size_t)count, sizeof *key_lengths);
    if (!keys || !key_lengths)
        stop("no memory");
    for (long at = 0; at < count; at++) {
        key_lengths[at] = (size_t)snprintf(keys[at], sizeof *keys, "flag-%ld", at);
        expect(keys[at], at % 2 ? FLAGSTAY_REASON_RULE_MATCH : FLAGSTAY_REASON_FALLTHROUGH);
    }
    row(name, decide_many);
    free(keys);
    free(key_lengths);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 2) {
        fprintf(stderr, "usage: bench RULESETS\n");
        return 2;
    }
    const char *folder = arguments[1];
    if (!library_load())
        return 2;
    user = new_user();
    row("empty foreign call", empty_call);
    use(folder, "boolean.json", "");
    expect("rollout", FLAGSTAY_REASON_FALLTHROUGH);
    row("boolean 50% rollout", decide_switch);
    if (flagstay.switch_new(client, "rollout", 7, 0, &prepared, NULL) != FLAGSTAY_OK ||
        flagstay.switch_on(prepared, user) > 1)
        stop("`rollout` is no switch");
    row("same, prepared switch", decide_prepared_switch);
    flagstay.switch_free(prepared);
    use(folder, "three-rules.json", "");
    expect("experiment", FLAGSTAY_REASON_RULE_MATCH);
    row("three rules then three-way split", decide);
    use(folder, "sticky.json", ", \"store\": \"memory:\"");
    expect("experiment", FLAGSTAY_REASON_RULE_MATCH);
    expect("experiment", FLAGSTAY_REASON_STICKY);
    row("same, warm memory store (sticky)", decide);
    use(folder, "three-rules.json", "");
    row("user built per call", decide_for_a_new_user);
    many_flags(folder, "flags-1000.json", "1,000 flags", 1000);
    many_flags(folder, "flags-10000.json", "10,000 flags", 10000);
    use(folder, "three-rules.json", "");
    row_of_two_threads();
    flagstay.decision_clear(&decision);
    flagstay.user_free(user);
    flagstay.client_free(client);
    return 0;
}
