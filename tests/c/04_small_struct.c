/* Paragraph 4: the delegate of an older, smaller library is taken as it is and not read past its size; of a newer,
 * larger one the part that is known; a size that cannot be right is refused. */
#define _DEFAULT_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "urlsession.h"

/* What a session's delegate was told. */
typedef struct {
    int created;
    int responses;
    int chunks;
    int completed;
    int invalid;
    Waiter outcome;
    Waiter released;
} Told;

#define TOLD {.outcome = WAITER, .released = WAITER}

static void did_create_task(void *told, UrlSession *session, UrlSessionTask *task)
{
    ((Told *)told)->created++;
}

static void did_receive_response(void *told, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    ((Told *)told)->responses++;
}

static void did_receive_data(void *told, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    ((Told *)told)->chunks++;
}

static void did_complete(void *told, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    CHECK(error == NULL);
    ((Told *)told)->completed++;
}

static void did_become_invalid(void *told, UrlSession *session, UrlSessionError *error)
{
    ((Told *)told)->invalid++;
}

static void did_release(void *told)
{
    happened(&((Told *)told)->released);
}

static void handler(void *told, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    CHECK(data != NULL && error == NULL);
    happened(&((Told *)told)->outcome);
}

static UrlSessionDelegate whole(Told *told)
{
    return (UrlSessionDelegate){
        .size = sizeof(UrlSessionDelegate),
        .context = told,
        .release = did_release,
        .did_create_task = did_create_task,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
}

/* The first `size` bytes of `delegate` at the very end of readable memory: one byte further ends the program. */
static UrlSessionDelegate *at_the_edge(const UrlSessionDelegate *delegate, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages + page, page, PROT_NONE) == 0);
    void *place = pages + page - size;
    memcpy(place, delegate, size);
    memcpy(place, &size, sizeof size);
    return place;
}

/* A task of the session's and one with a handler, to the very end. */
static void run(const UrlSessionDelegate *delegate, Told *told, const char *to)
{
    UrlSession *session;
    UrlSessionTask *task, *other;
    CHECK(url_session_new(NULL, delegate, &session) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_url(session, to, &task) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, told, &other) ==
          URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(other) == URL_SESSION_STATUS_OK);
    url_session_task_release(task);
    url_session_task_release(other);
    url_session_release(session);
    CHECK(reached(&told->released, 1));
    CHECK(count_of(&told->outcome) == 1);
}

/* Each library of the past knew one slot less; what lies behind its struct is not read. */
static void older(const char *to)
{
    static const size_t sizes[] = {
        offsetof(UrlSessionDelegate, did_create_task),
        offsetof(UrlSessionDelegate, data_task_did_receive_response),
        offsetof(UrlSessionDelegate, data_task_did_receive_data),
        offsetof(UrlSessionDelegate, task_did_complete),
        offsetof(UrlSessionDelegate, session_did_become_invalid),
        sizeof(UrlSessionDelegate),
    };
    for (size_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        size_t size = sizes[index];
        Told told = TOLD;
        UrlSessionDelegate delegate = whole(&told);
        run(at_the_edge(&delegate, size), &told, to);
        CHECK(told.created == (size > offsetof(UrlSessionDelegate, did_create_task) ? 2 : 0));
        CHECK(told.responses == (size > offsetof(UrlSessionDelegate, data_task_did_receive_response)));
        CHECK((told.chunks > 0) == (size > offsetof(UrlSessionDelegate, data_task_did_receive_data)));
        CHECK(told.completed == (size > offsetof(UrlSessionDelegate, task_did_complete)));
        CHECK(told.invalid == (size > offsetof(UrlSessionDelegate, session_did_become_invalid)));
    }
}

/* The same with garbage where an older struct has ended, as on a stack. */
static void older_with_garbage_behind(const char *to)
{
    Told told = TOLD;
    UrlSessionDelegate delegate;
    UrlSessionDelegate known = whole(&told);
    size_t size = offsetof(UrlSessionDelegate, data_task_did_receive_data);
    memset(&delegate, 0xA5, sizeof delegate);
    memcpy(&delegate, &known, size);
    delegate.size = size;
    run(&delegate, &told, to);
    CHECK(told.created == 2 && told.responses == 1 && told.chunks == 0 && told.completed == 0 && told.invalid == 0);
}

static void newer(const char *to)
{
    struct {
        UrlSessionDelegate known;
        uintptr_t slots_of_the_future[16];
    } delegate;
    Told told = TOLD;
    memset(&delegate, 0xA5, sizeof delegate);
    delegate.known = whole(&told);
    delegate.known.size = sizeof delegate;
    run(&delegate.known, &told, to);
    CHECK(told.created == 2 && told.responses == 1 && told.chunks > 0 && told.completed == 1 && told.invalid == 1);
}

/* Too small for what every delegate has, or cut through a slot. */
static void impossible(const char *to)
{
    Told told = TOLD;
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(NULL, NULL, &session) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_url(session, to, &task) == URL_SESSION_STATUS_OK);
    for (size_t size = 0; size <= sizeof(UrlSessionDelegate); size++) {
        if (size >= offsetof(UrlSessionDelegate, did_create_task) && size % sizeof(void (*)(void)) == 0)
            continue;
        UrlSessionDelegate delegate = whole(&told);
        delegate.size = size;
        UrlSession *none = (UrlSession *)&told;
        CHECK(url_session_new(NULL, &delegate, &none) == URL_SESSION_STATUS_INVALID_ARGUMENT);
        CHECK(none == NULL);
        CHECK(url_session_task_set_delegate(task, &delegate) == URL_SESSION_STATUS_INVALID_ARGUMENT);
    }
    CHECK(count_of(&told.released) == 0);
    url_session_task_release(task);
    url_session_release(session);
}

/* A task's own delegate is read by the same rules; what it leaves out goes to the session's. */
static void older_for_a_task(const char *to)
{
    Told own = TOLD, of_session = TOLD;
    UrlSessionDelegate small = whole(&own), delegate = whole(&of_session);
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(NULL, &delegate, &session) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_url(session, to, &task) == URL_SESSION_STATUS_OK);
    size_t size = offsetof(UrlSessionDelegate, data_task_did_receive_data);
    CHECK(url_session_task_set_delegate(task, at_the_edge(&small, size)) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
    url_session_task_release(task);
    url_session_release(session);
    CHECK(reached(&of_session.released, 1));
    CHECK(count_of(&own.released) == 1);
    CHECK(own.responses == 1 && own.chunks == 0 && own.completed == 0 && own.created == 0 && own.invalid == 0);
    CHECK(of_session.responses == 0 && of_session.chunks > 0 && of_session.completed == 1);
    CHECK(of_session.created == 1 && of_session.invalid == 1);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    const char *to = url(arguments[1], "/hello");
    older(to);
    older_with_garbage_behind(to);
    newer(to);
    impossible(to);
    older_for_a_task(to);
    return 0;
}
