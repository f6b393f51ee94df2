/* Files of the programs of the contract: their paths, and content that the origin has too. */
#ifndef FILE_H
#define FILE_H

#include <stdint.h>

#include "check.h"

/* `name` in `directory`; good until this thread asks for another. */
static inline const char *path_in(const char *directory, const char *name)
{
    static _Thread_local char text[1024];
    snprintf(text, sizeof text, "%s/%s", directory, name);
    return text;
}

static inline bool exists(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file != NULL)
        fclose(file);
    return file != NULL;
}

/* The byte at `place` of every body that the origin makes. */
static inline uint8_t byte_at(int64_t place)
{
    return (uint8_t)(place % 251);
}

static inline void fill(uint8_t *bytes, size_t length, int64_t place)
{
    for (size_t index = 0; index < length; index++)
        bytes[index] = byte_at(place + (int64_t)index);
}

static inline bool is_filled(const uint8_t *bytes, size_t length, int64_t place)
{
    for (size_t index = 0; index < length; index++)
        if (bytes[index] != byte_at(place + (int64_t)index))
            return false;
    return true;
}

static inline void write_file(const char *path, int64_t length)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    for (int64_t place = 0; place < length; place++)
        CHECK(fputc(byte_at(place), file) != EOF);
    CHECK(fclose(file) == 0);
}

/* Whether the file at `path` has these bytes, all of them, and no more. */
static inline bool is_whole_file(const char *path, int64_t length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    int64_t place = 0;
    int byte;
    while ((byte = fgetc(file)) != EOF && byte == byte_at(place))
        place++;
    fclose(file);
    return byte == EOF && place == length;
}

#endif
