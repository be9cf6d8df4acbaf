#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BLOCKS 20

struct report *report_for(struct report **reports, const char *dialect)
{
    while (*reports && strcmp((*reports)->dialect, dialect) < 0)
        reports = &(*reports)->next;
    if (!*reports || strcmp((*reports)->dialect, dialect) != 0) {
        struct report *report = calloc(1, sizeof *report);
        if (!report)
            abort();
        snprintf(report->dialect, sizeof report->dialect, "%s", dialect);
        report->next = *reports;
        *reports = report;
    }
    return *reports;
}

void pass(const struct place *place)
{
    place->report->passed++;
}

/* One line of a block, cut where it gets long. */
static void line(struct buffer *block, const char *name, struct slice text)
{
    if (text.text)
        add_formatted(block, "    %-8s %.*s%s\n", name, text.length > 600 ? 600 : (int)text.length, text.text,
                      text.length > 600 ? " …" : "");
}

void fail(const struct place *place, const char *format, ...)
{
    struct report *report = place->report;
    if (report->failed++ >= MOST_BLOCKS)
        return;
    char what[4000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    add_formatted(&report->blocks, "  %s: ", place->file);
    add(&report->blocks, place->name.text, place->name.length);
    if (place->step)
        add_formatted(&report->blocks, ", step %d", place->step);
    add_text(&report->blocks, "\n");
    if (place->step) {
        line(&report->blocks, "op", raw(member(place->document, "op")));
        line(&report->blocks, "flag", raw(member(place->document, "flag")));
        line(&report->blocks, "user", raw(member(place->document, "user")));
    }
    add_formatted(&report->blocks, "    %s\n", what);
}

int report_print(struct report *reports)
{
    long passed = 0, failed = 0;
    while (reports) {
        printf("%s c %ld %ld\n", reports->dialect, reports->passed, reports->failed);
        if (reports->blocks.length)
            fwrite(reports->blocks.text, 1, reports->blocks.length, stdout);
        if (reports->failed > MOST_BLOCKS)
            printf("  and %ld more\n", reports->failed - MOST_BLOCKS);
        passed += reports->passed;
        failed += reports->failed;
        struct report *behind = reports->next;
        buffer_end(&reports->blocks);
        free(reports);
        reports = behind;
    }
    return failed == 0 && passed > 0 ? 0 : 1;
}
