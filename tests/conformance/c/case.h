/* One case of a vector file: a fresh client, its documents, its steps. */
#ifndef CASE_H
#define CASE_H

#include "report.h"

/* What the cases of a file share. */
struct vectors {
    const char *path;
    struct value root;
    struct report *report;
};

void case_run(const struct vectors *vectors, struct value one);

/* Reads a whole file into memory, with a NUL behind it; NULL where that fails. */
char *read_file(const char *path, size_t *length);

#endif
