/* What a step says beyond user and flag. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "subject.h"

struct step_options {
    flagstay_options given;
    flagstay_assignments *assignments; /* theirs, if any are passed */
};

/* Reads the options of a step; 0 where they make no sense, which has been reported then. End them either way. */
int options_of(struct subject *subject, struct value step, struct step_options *options);
void options_end(struct step_options *options);

#endif
