#include "map_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    if (!copy)
        abort();
    if (length)
        memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

static int equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && (a_length == 0 || memcmp(a, b, a_length) == 0);
}

static struct record **place_of(struct map_store *map, const char *unit, size_t unit_length, const char *flag,
                                size_t flag_length)
{
    struct record **place = &map->records;
    while (*place && !(equal((*place)->unit, (*place)->unit_length, unit, unit_length) &&
                       equal((*place)->flag, (*place)->flag_length, flag, flag_length)))
        place = &(*place)->next;
    return place;
}

static void write_at(struct record **place, const char *unit, size_t unit_length, const char *flag,
                     size_t flag_length, const char *text, size_t text_length)
{
    struct record *record = *place;
    if (!record) {
        record = calloc(1, sizeof *record);
        if (!record)
            abort();
        record->unit = copy_of(unit, unit_length);
        record->unit_length = unit_length;
        record->flag = copy_of(flag, flag_length);
        record->flag_length = flag_length;
        *place = record;
    }
    free(record->text);
    record->text = copy_of(text, text_length);
    record->text_length = text_length;
}

static void end_record(struct record **place)
{
    struct record *record = *place;
    *place = record->next;
    free(record->unit);
    free(record->flag);
    free(record->text);
    free(record);
}

void map_store_init(struct map_store *map)
{
    memset(map, 0, sizeof *map);
    pthread_mutex_init(&map->lock, NULL);
}

void map_store_end(struct map_store *map)
{
    while (map->records)
        end_record(&map->records);
    pthread_mutex_destroy(&map->lock);
}

void map_store_put(struct map_store *map, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                   const char *text, size_t text_length)
{
    write_at(place_of(map, unit, unit_length, flag, flag_length), unit, unit_length, flag, flag_length, text,
             text_length);
}

const struct record *map_store_find(struct map_store *map, const char *unit, size_t unit_length, const char *flag,
                                    size_t flag_length)
{
    return *place_of(map, unit, unit_length, flag, flag_length);
}

static int32_t fail(struct map_store *map, flagstay_sink sink, void *sink_context)
{
    pthread_mutex_unlock(&map->lock);
    if (map->failure)
        sink(sink_context, map->failure, strlen(map->failure));
    return FLAGSTAY_STORE_FAILURE;
}

/* Gives a record to the sink without holding the lock around it. */
static int32_t give(struct map_store *map, const struct record *record, flagstay_sink sink, void *sink_context)
{
    char *text = record ? copy_of(record->text, record->text_length) : NULL;
    size_t length = record ? record->text_length : 0;
    pthread_mutex_unlock(&map->lock);
    if (text)
        sink(sink_context, text, length);
    free(text);
    return FLAGSTAY_STORE_DONE;
}

static int32_t get(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                   flagstay_sink sink, void *sink_context)
{
    struct map_store *map = context;
    pthread_mutex_lock(&map->lock);
    map->gets++;
    if (map->get_fails)
        return fail(map, sink, sink_context);
    return give(map, *place_of(map, unit, unit_length, flag, flag_length), sink, sink_context);
}

static int32_t set(void *context, const char *unit, size_t unit_length, const char *flag, size_t flag_length,
                   const char *text, size_t text_length, flagstay_sink sink, void *sink_context)
{
    struct map_store *map = context;
    pthread_mutex_lock(&map->lock);
    map->sets++;
    if (map->set_fails)
        return fail(map, sink, sink_context);
    map_store_put(map, unit, unit_length, flag, flag_length, text, text_length);
    pthread_mutex_unlock(&map->lock);
    return FLAGSTAY_STORE_DONE;
}

static int32_t remove_record(void *context, const char *unit, size_t unit_length, const char *flag,
                             size_t flag_length, flagstay_sink sink, void *sink_context)
{
    struct map_store *map = context;
    pthread_mutex_lock(&map->lock);
    map->removes++;
    if (map->set_fails)
        return fail(map, sink, sink_context);
    struct record **place = place_of(map, unit, unit_length, flag, flag_length);
    if (*place)
        end_record(place);
    pthread_mutex_unlock(&map->lock);
    return FLAGSTAY_STORE_DONE;
}

/* Writes a text as a JSON string, quotes included, and returns the end. */
static char *quote(char *to, const char *text, size_t length)
{
    *to++ = '"';
    for (size_t at = 0; at < length; at++) {
        unsigned char letter = (unsigned char)text[at];
        if (letter < 0x20 || letter == '"' || letter == '\\')
            to += sprintf(to, "\\u%04x", letter);
        else
            *to++ = (char)letter;
    }
    *to++ = '"';
    return to;
}

static int32_t load(void *context, const char *unit, size_t unit_length, flagstay_sink sink, void *sink_context)
{
    struct map_store *map = context;
    pthread_mutex_lock(&map->lock);
    map->loads++;
    if (map->get_fails)
        return fail(map, sink, sink_context);
    size_t room = 3;
    for (struct record *record = map->records; record; record = record->next)
        room += 6 * record->flag_length + record->text_length + 4;
    char *object = malloc(room), *to = object;
    if (!object)
        abort();
    *to++ = '{';
    for (struct record *record = map->records; record; record = record->next) {
        if (!equal(record->unit, record->unit_length, unit, unit_length))
            continue;
        if (to > object + 1)
            *to++ = ',';
        to = quote(to, record->flag, record->flag_length);
        *to++ = ':';
        memcpy(to, record->text, record->text_length);
        to += record->text_length;
    }
    *to++ = '}';
    pthread_mutex_unlock(&map->lock);
    sink(sink_context, object, (size_t)(to - object));
    free(object);
    return FLAGSTAY_STORE_DONE;
}

static int32_t set_if_absent(void *context, const char *unit, size_t unit_length, const char *flag,
                             size_t flag_length, const char *text, size_t text_length, flagstay_sink sink,
                             void *sink_context)
{
    struct map_store *map = context;
    pthread_mutex_lock(&map->lock);
    map->claims++;
    if (map->set_fails)
        return fail(map, sink, sink_context);
    struct record **place = place_of(map, unit, unit_length, flag, flag_length);
    if (!*place)
        write_at(place, unit, unit_length, flag, flag_length, text, text_length);
    return give(map, *place, sink, sink_context);
}

static void drop(void *context)
{
    struct map_store *map = context;
    pthread_mutex_lock(&map->lock);
    map->drops++;
    pthread_mutex_unlock(&map->lock);
}

flagstay_store map_store_table(struct map_store *map)
{
    flagstay_store table = {
        .size = sizeof table,
        .context = map,
        .drop = drop,
        .get = get,
        .set = set,
        .remove = remove_record,
        .load = load,
        .set_if_absent = set_if_absent,
    };
    return table;
}
