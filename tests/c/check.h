/* What the programs of the contract share: CHECK, waits that end, and a URL at the origin. */
#ifndef CHECK_H
#define CHECK_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Ends the program at once, on whatever thread it is. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            _Exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

/* Counts how often something happened, for another thread to wait for. */
typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
} Waiter;

#define WAITER {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

static inline void happened(Waiter *waiter)
{
    pthread_mutex_lock(&waiter->mutex);
    waiter->count++;
    pthread_cond_broadcast(&waiter->changed);
    pthread_mutex_unlock(&waiter->mutex);
}

/* Whether it happened `count` times, or does so within a minute (valgrind is slow). */
static inline bool reached(Waiter *waiter, int count)
{
    struct timespec deadline;
    timespec_get(&deadline, TIME_UTC);
    deadline.tv_sec += 60;
    int timed_out = 0;
    pthread_mutex_lock(&waiter->mutex);
    while (waiter->count < count && !timed_out)
        timed_out = pthread_cond_timedwait(&waiter->changed, &waiter->mutex, &deadline);
    bool is_reached = waiter->count >= count;
    pthread_mutex_unlock(&waiter->mutex);
    return is_reached;
}

static inline int count_of(Waiter *waiter)
{
    pthread_mutex_lock(&waiter->mutex);
    int count = waiter->count;
    pthread_mutex_unlock(&waiter->mutex);
    return count;
}

/* For what the library does right after a slot has returned, when no slot is left to tell. */
#define EVENTUALLY(condition)                                                                                          \
    do {                                                                                                               \
        time_t deadline = time(NULL) + 60;                                                                             \
        while (!(condition)) {                                                                                         \
            CHECK(time(NULL) < deadline);                                                                              \
            sched_yield();                                                                                             \
        }                                                                                                              \
    } while (0)

/* `path` at the origin `base`; good until this thread asks for another. */
static inline const char *url(const char *base, const char *path)
{
    static _Thread_local char text[512];
    snprintf(text, sizeof text, "%s%s", base, path);
    return text;
}

#endif
