/* What passed and what did not, for each dialect. */
#ifndef REPORT_H
#define REPORT_H

#include "buffer.h"
#include "json.h"

struct report {
    char dialect[64];
    long passed, failed;
    struct buffer blocks; /* of the first failures */
    struct report *next;
};

/* Where a check stands. */
struct place {
    struct report *report;
    const char *file;
    struct slice name; /* of the case, as written */
    int step;          /* from 1; 0: the case itself */
    struct value document;
};

/* The report of a dialect, made if it is new. */
struct report *report_for(struct report **reports, const char *dialect);

void pass(const struct place *place);
/* Counts a failure and, for the first twenty of a dialect, writes down what happened. */
__attribute__((format(printf, 2, 3))) void fail(const struct place *place, const char *format, ...);

/* Prints everything and returns the exit status. */
int report_print(struct report *reports);

#endif
