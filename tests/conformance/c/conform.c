/* The conformance runner in C: runs vector files through the C ABI and reports what agreed.
 *
 *     conform PATH...      directories are searched for vector files
 *
 * One line for each dialect: name, language, passed, failed. Ends with 1 if anything failed or nothing ran, with 2 if
 * it was called wrongly. */
#include "case.h"
#include "library.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    struct buffer text = {0};
    char part[65536];
    size_t count;
    if (!file)
        return NULL;
    add_text(&text, "");
    while ((count = fread(part, 1, sizeof part, file)) > 0)
        add(&text, part, count);
    int failed = ferror(file);
    fclose(file);
    if (failed) {
        buffer_end(&text);
        return NULL;
    }
    *length = text.length;
    return text.text;
}

static void cannot_run(struct report **reports, const char *path, const char *why)
{
    struct place place = {report_for(reports, "(unreadable)"), path, {why, strlen(why)}, 0, {NULL, -1}};
    fail(&place, "the file cannot be run");
}

/* Runs a file. A JSON file that is no vector file is passed over where it was found by a search. */
static void run_file(struct report **reports, const char *path, int found)
{
    size_t length;
    char *text = read_file(path, &length);
    if (!text) {
        cannot_run(reports, path, "it cannot be read");
        return;
    }
    /* A vector file that has become unreadable must not be taken for something else. */
    int looks_like_vectors = strstr(text, "\"format\"") && strstr(text, "\"cases\"");
    struct json json;
    if (!json_parse(&json, text, length)) {
        if (!found || looks_like_vectors)
            cannot_run(reports, path, "it is no JSON");
        json_end(&json);
        return;
    }
    struct value root = json_root(&json), cases = member(root, "cases"), dialect = member(root, "dialect");
    if (!is_there(member(root, "format")) || !is_there(cases)) {
        if (!found)
            cannot_run(reports, path, "it has no `format` and `cases`");
    } else if (!raw_is(member(root, "format"), "1") || !is_list(cases) || !is_string(dialect)) {
        cannot_run(reports, path, "it is not of format 1, or lacks its dialect or cases");
    } else {
        char *name = text_of(dialect, &length);
        struct vectors vectors = {path, root, report_for(reports, name)};
        struct value one = first(cases);
        for (int left = size_of(cases); left > 0; left--, one = next(one))
            case_run(&vectors, one);
        free(name);
    }
    json_end(&json);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_path(struct report **reports, const char *path, int found)
{
    struct stat what;
    struct dirent **entries;
    size_t length = strlen(path);
    if (stat(path, &what) != 0) {
        cannot_run(reports, path, "there is no such file");
    } else if (!S_ISDIR(what.st_mode)) {
        if (!found || (length > 5 && strcmp(path + length - 5, ".json") == 0))
            run_file(reports, path, found);
    } else {
        int count = scandir(path, &entries, not_hidden, alphasort);
        if (count < 0)
            cannot_run(reports, path, "it cannot be searched");
        for (int at = 0; at < count; at++) {
            struct buffer inner = {0};
            add_formatted(&inner, "%s/%s", path, entries[at]->d_name);
            run_path(reports, inner.text, 1);
            buffer_end(&inner);
            free(entries[at]);
        }
        if (count >= 0)
            free(entries);
    }
}

int main(int count, char **arguments)
{
    struct report *reports = NULL;
    if (count < 2 || arguments[1][0] == '-') {
        fprintf(stderr, "usage: conform PATH...\n");
        return 2;
    }
    if (!library_load())
        return 2;
    for (int at = 1; at < count; at++)
        run_path(&reports, arguments[at], 0);
    return report_print(reports);
}
