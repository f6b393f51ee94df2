/* A session, and the place in it where something is done. */
#ifndef RUN_H
#define RUN_H

#include <stdatomic.h>
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK

/* One session: in one place of it something is done, once. */
typedef struct Run {
    int place;
    void (*what)(struct Run *run, UrlSessionTask *task);
    bool elsewhere;
    const char *to;
    UrlSession *session;
    _Atomic(UrlSessionTask *) task;
    atomic_bool done;
    atomic_int created;
    atomic_int completed;
    Waiter main_tasks;
    Waiter listed;
    Waiter invalid;
    Waiter released;
} Run;

/* Whether this thread is in a slot: messages do not nest. And whether it is the application's: none comes there. */
static _Thread_local bool inside;
static _Thread_local bool is_ours;

typedef struct {
    Run *run;
    UrlSessionTask *task;
} Errand;

static void *do_it_elsewhere(void *errand)
{
    Errand *it = errand;
    is_ours = true;
    it->run->what(it->run, it->task);
    return NULL;
}

/* Does what is to be done here: on this thread, or on another while this one waits in the slot. */
static void here(Run *run, int place, UrlSessionTask *task)
{
    if (place != run->place || atomic_exchange(&run->done, true))
        return;
    if (!run->elsewhere) {
        run->what(run, task);
        return;
    }
    Errand errand = {run, task};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, do_it_elsewhere, &errand) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void enter(void)
{
    CHECK(!inside && !is_ours);
    inside = true;
}

static void leave(void)
{
    inside = false;
}

static void has_completed(Run *run, bool is_main)
{
    atomic_fetch_add(&run->completed, 1);
    if (is_main)
        happened(&run->main_tasks);
}

/* What makes a task says so, or that the session is invalid by now; a new task is resumed or cancelled. */
static void end(UrlSessionStatus status, UrlSessionTask *task, UrlSessionStatus (*how)(UrlSessionTask *))
{
    CHECK(status == OK || status == URL_SESSION_STATUS_SESSION_INVALIDATED);
    CHECK((task != NULL) == (status == OK));
    if (task != NULL)
        CHECK(how(task) == OK);
    url_session_task_release(task);
}

#endif
