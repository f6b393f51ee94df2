/* Paragraphs 4, 5 and 6: whatever becomes of a task, its complete slot is called exactly once and last; then, once and
 * last of all, did-become-invalid and the release of the context, both on a thread of the library. An HTTP error is
 * no error. */
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK

typedef enum { RESUMED, CANCELLED_AT_ONCE, NEVER_RESUMED, IN_RESPONSE, IN_DATA, TWICE } How;

/* What is asked for, what is done with the task, and what must come of it. */
static const struct {
    const char *path;
    How how;
    int32_t status_code;
    int32_t error;
} cases[] = {
    {"/hello", RESUMED, 200, 0},
    {"/status/204", RESUMED, 204, 0},
    {"/status/404", RESUMED, 404, 0},
    {"/status/500", RESUMED, 500, 0},
    {"/chunked/300000", RESUMED, 200, 0},
    {"/cut", RESUMED, 200, URL_SESSION_ERROR_CODE_NETWORK_CONNECTION_LOST},
    {"/garbage", RESUMED, 0, URL_SESSION_ERROR_CODE_BAD_SERVER_RESPONSE},
    {"/hang", CANCELLED_AT_ONCE, 0, URL_SESSION_ERROR_CODE_CANCELLED},
    {"/hang", TWICE, 0, URL_SESSION_ERROR_CODE_CANCELLED},
    {"/hello", NEVER_RESUMED, 0, URL_SESSION_ERROR_CODE_CANCELLED},
    {"/bytes/300000", IN_RESPONSE, 200, URL_SESSION_ERROR_CODE_CANCELLED},
    {"/head-then-hang", IN_DATA, 200, URL_SESSION_ERROR_CODE_CANCELLED},
};
#define CASES ((int)(sizeof cases / sizeof cases[0]))

/* By identifier, which counts from 1. */
static UrlSessionTask *tasks[CASES];
static int32_t status_codes[CASES];
static int completions[CASES];
static int completed, invalid, released;
static Waiter end = WAITER;
static pthread_t main_thread;

static int enter(UrlSessionTask *task)
{
    CHECK(!pthread_equal(pthread_self(), main_thread));
    CHECK(invalid == 0 && released == 0);
    int index = (int)url_session_task_identifier(task) - 1;
    CHECK(index >= 0 && index < CASES);
    CHECK(completions[index] == 0);
    return index;
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    int index = enter(task);
    status_codes[index] = url_session_response_status_code(response);
    if (cases[index].how == IN_RESPONSE)
        CHECK(url_session_task_cancel(task) == OK);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    int index = enter(task);
    CHECK(length > 0);
    if (cases[index].how == IN_DATA)
        CHECK(url_session_task_cancel(task) == OK);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    int index = enter(task);
    CHECK(url_session_error_code(error) == cases[index].error);
    CHECK(status_codes[index] == cases[index].status_code);
    CHECK(url_session_task_state(task) == URL_SESSION_TASK_STATE_COMPLETED);
    UrlSessionError *same = url_session_task_copy_error(task);
    CHECK(same == error);
    url_session_error_release(same);
    completions[index]++;
    completed++;
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    CHECK(!pthread_equal(pthread_self(), main_thread));
    CHECK(completed == CASES && released == 0 && error == NULL);
    invalid++;
}

static void did_release(void *context)
{
    CHECK(!pthread_equal(pthread_self(), main_thread));
    CHECK(context == &end && invalid == 1);
    released++;
    happened(&end);
}

static void start(UrlSession *session, int index, const char *to)
{
    CHECK(url_session_data_task_with_url(session, to, &tasks[index]) == OK);
    CHECK(url_session_task_identifier(tasks[index]) == (uint64_t)index + 1);
    CHECK(url_session_task_state(tasks[index]) == URL_SESSION_TASK_STATE_SUSPENDED);
    if (cases[index].how != NEVER_RESUMED)
        CHECK(url_session_task_resume(tasks[index]) == OK);
    if (cases[index].how == NEVER_RESUMED || cases[index].how == CANCELLED_AT_ONCE || cases[index].how == TWICE)
        CHECK(url_session_task_cancel(tasks[index]) == OK);
    if (cases[index].how == TWICE)
        CHECK(url_session_task_cancel(tasks[index]) == OK);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    main_thread = pthread_self();
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &end,
        .release = did_release,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    for (int index = 0; index < CASES; index++)
        start(session, index, url(arguments[1], cases[index].path));
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    CHECK(reached(&end, 1));

    for (int index = 0; index < CASES; index++) {
        CHECK(completions[index] == 1);
        CHECK(url_session_task_resume(tasks[index]) == OK);
        CHECK(url_session_task_cancel(tasks[index]) == OK);
        CHECK(url_session_task_state(tasks[index]) == URL_SESSION_TASK_STATE_COMPLETED);
        url_session_task_release(tasks[index]);
    }
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    CHECK(url_session_invalidate_and_cancel(session) == OK);
    url_session_release(session);
    CHECK(completed == CASES && invalid == 1 && released == 1);
    return 0;
}
