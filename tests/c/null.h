/* What is no object, for every function to be called with. */
#ifndef NULL_H
#define NULL_H

#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define GARBAGE ((void *)0x5a5a5a5a)

#define NO_POINTER URL_SESSION_STATUS_NULL_ARGUMENT
#define NO_HANDLE URL_SESSION_STATUS_INVALID_HANDLE
#define NO_VALUE URL_SESSION_STATUS_INVALID_ARGUMENT
#define OK URL_SESSION_STATUS_OK

/* `out` holds something before the call, and must not after it. */
#define WRITTEN_NULL(type, call)                                                                                       \
    do {                                                                                                               \
        type *out = GARBAGE;                                                                                           \
        CHECK(call);                                                                                                   \
        CHECK(out == NULL);                                                                                            \
    } while (0)

/* What is no handle of a kind: NULL, one of another kind, one that was released, numbers, and a real address. */
static inline void sweep(void (*bad)(void *, UrlSessionStatus), void *of_another_kind, void *released)
{
    int somewhere = 0;
    bad(NULL, NO_POINTER);
    bad(of_another_kind, NO_HANDLE);
    bad(released, NO_HANDLE);
    bad((void *)1, NO_HANDLE);
    bad((void *)UINTPTR_MAX, NO_HANDLE);
    bad(&somewhere, NO_HANDLE);
}

#endif
