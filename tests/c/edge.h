/* Structs at the edge of what may be touched; to be included first. */
#ifndef EDGE_H
#define EDGE_H

#define _DEFAULT_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

/* The first `size` bytes of a struct that begins with its size, at the very end of memory: one byte further ends the
 * program. */
static inline void *at_the_edge(const void *whole, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages + page, page, PROT_NONE) == 0);
    void *place = pages + page - size;
    memcpy(place, whole, size);
    memcpy(place, &size, sizeof size);
    return place;
}

#endif
