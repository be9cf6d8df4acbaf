/* Text that grows. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

struct buffer {
    char *text;
    size_t length, room;
};

void add(struct buffer *buffer, const char *text, size_t length);
void add_text(struct buffer *buffer, const char *text);
__attribute__((format(printf, 2, 3))) void add_formatted(struct buffer *buffer, const char *format, ...);
/* As a JSON string, or `null` where there is no text. */
void add_quoted(struct buffer *buffer, const char *text, size_t length);
void buffer_end(struct buffer *buffer);

#endif
