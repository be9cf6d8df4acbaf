/* Decisions as the vectors write them. */
#ifndef DECISION_H
#define DECISION_H

#include "subject.h"

/* The name of a status 3xx; NULL for FLAGSTAY_OK. */
const char *error_name(int32_t error);

/* Says where a decision parts from what is expected; 0 if it does. Only the keys of `expect` are compared. `prefix` goes
 * before the names of the keys. */
int agrees(struct subject *subject, const char *prefix, struct value expect, const flagstay_decision *decision);

#endif
