#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void add(struct buffer *buffer, const char *text, size_t length)
{
    if (buffer->length + length + 1 > buffer->room) {
        buffer->room = 2 * (buffer->length + length + 1);
        buffer->text = realloc(buffer->text, buffer->room);
        if (!buffer->text)
            abort();
    }
    if (length)
        memcpy(buffer->text + buffer->length, text, length);
    buffer->length += length;
    buffer->text[buffer->length] = 0;
}

void add_text(struct buffer *buffer, const char *text)
{
    add(buffer, text, strlen(text));
}

void add_formatted(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = malloc((size_t)length + 1);
    if (!text)
        abort();
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    add(buffer, text, (size_t)length);
    free(text);
}

void add_quoted(struct buffer *buffer, const char *text, size_t length)
{
    if (!text) {
        add_text(buffer, "null");
        return;
    }
    add(buffer, "\"", 1);
    for (size_t at = 0; at < length; at++) {
        unsigned char letter = (unsigned char)text[at];
        if (letter < 0x20 || letter == '"' || letter == '\\')
            add_formatted(buffer, "\\u%04x", letter);
        else
            add(buffer, text + at, 1);
    }
    add(buffer, "\"", 1);
}

void buffer_end(struct buffer *buffer)
{
    free(buffer->text);
    memset(buffer, 0, sizeof *buffer);
}
