/* What the steps of a case work on: a client, its store, and where in the vectors they stand. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "case.h"
#include "library.h"
#include "map_store.h"

struct subject {
    const struct vectors *vectors;
    struct place place;
    flagstay_client *client;
    struct map_store store;
    int has_store;
    flagstay_decision decision;
};

/* Writes an error down for people, and frees it. */
const char *error_text(flagstay_error *error, char *into, size_t room);

/* The name of a member that is not among those that are known (a list that ends with NULL). */
struct slice unknown_member(struct value object, const char *const *known);

/* The user of a member named `user`; 0 where there is none to be had, which has been reported then. */
int user_in(struct subject *subject, struct value object, flagstay_user **user);

const char *yes_or_no(uint8_t value);

/* The steps. Each passes or fails at the subject's place. */
void evaluate(struct subject *subject, struct value step, struct value expect);
void evaluate_all(struct subject *subject, struct value step, struct value expect);
void track(struct subject *subject, struct value step, struct value expect);
void events(struct subject *subject, struct value expect);
void storage(struct subject *subject, struct value expect);

/* Puts the records of a case into its store, and its faults; 0 if they make no sense. */
int fill_store(struct subject *subject, struct value one);

#endif
