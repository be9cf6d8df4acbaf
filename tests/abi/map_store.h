/* A host's store as a table of function pointers: records in memory, behind one lock.
 *
 * It counts its calls and can be told to misbehave, so the same store serves the tests of the ABI and the conformance
 * runner. */
#ifndef MAP_STORE_H
#define MAP_STORE_H

#include "flagstay.h"

#include <pthread.h>

struct record {
    char *unit, *flag, *text;
    size_t unit_length, flag_length, text_length;
    struct record *next;
};

struct map_store {
    struct record *records; /* in the order of their first write */
    pthread_mutex_t lock;
    /* Behaviour. */
    int get_fails, set_fails;
    const char *failure; /* said to the sink by an operation that fails; NULL: nothing */
    /* Calls so far. */
    int gets, sets, removes, loads, claims, drops;
};

void map_store_init(struct map_store *map);

/* Ends the records; the struct itself is its owner's. */
void map_store_end(struct map_store *map);

/* The full table. Leave members out (NULL) for a store that offers less. `drop` counts, and frees nothing. */
flagstay_store map_store_table(struct map_store *map);

void map_store_put(struct map_store *map, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                   const char *text, size_t text_length);

/* The record, or NULL. Borrowed until it is replaced or removed. */
const struct record *map_store_find(struct map_store *map, const char *unit, size_t unit_length, const char *flag,
                                    size_t flag_length);

#endif
