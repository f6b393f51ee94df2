/* Paragraphs 2, 5 and 6: a task with a completion handler calls it exactly once with the whole outcome, in place of
 * the response, data and complete slots and of no others. A 404 is an outcome, not an error. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK

/* What must come of a task. */
typedef struct {
    const char *path;
    const char *body;
    int32_t status_code;
    int32_t error;
    int calls;
} Case;

static Case cases[] = {
    {"/hello", "hello, world\n", 200, 0, 0},
    {"/gzip", "hello, gzip\n", 200, 0, 0},
    {"/redirect/2", "hello, world\n", 200, 0, 0},
    {"/status/404", NULL, 404, 0, 0},
    {"/status/500", NULL, 500, 0, 0},
    {"/bytes/0", "", 200, 0, 0},
    {"/status/204", "", 204, 0, 0},
    {"/cut", NULL, 200, URL_SESSION_ERROR_CODE_NETWORK_CONNECTION_LOST, 0},
    {"/garbage", NULL, 0, URL_SESSION_ERROR_CODE_BAD_SERVER_RESPONSE, 0},
};
#define CASES (sizeof cases / sizeof cases[0])

static int created, of_own_released, invalid;
static Waiter handled = WAITER;
static Waiter released = WAITER;
static pthread_t main_thread;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Case *expected = context;
    CHECK(!pthread_equal(pthread_self(), main_thread));
    CHECK(url_session_error_code(error) == expected->error);
    CHECK((error == NULL) == (expected->error == 0));
    CHECK((data == NULL) == (expected->error != 0));
    CHECK((response == NULL) == (expected->status_code == 0));
    CHECK(url_session_response_status_code(response) == expected->status_code);
    if (expected->body != NULL) {
        CHECK(url_session_data_length(data) == strlen(expected->body));
        CHECK(url_session_data_bytes(data) != NULL);
        CHECK(memcmp(url_session_data_bytes(data), expected->body, strlen(expected->body)) == 0);
    }
    expected->calls++;
    happened(&handled);
}

static void handler_of_a_cancelled_one(void *calls, UrlSessionData *data, UrlSessionResponse *response,
                                       UrlSessionError *error)
{
    CHECK(data == NULL && response == NULL);
    CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_CANCELLED);
    ++*(int *)calls;
}

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    created++;
}

static void never_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                           UrlSessionResponseCompletion *completion)
{
    CHECK(!"the handler stands in for the response slot");
}

static void never_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes, size_t length,
                       UrlSessionData *data)
{
    CHECK(!"the handler stands in for the data slot");
}

static void never_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    CHECK(!"the handler stands in for the complete slot");
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    invalid++;
}

static void did_release_of_own(void *context)
{
    of_own_released++;
}

static void did_release(void *context)
{
    happened(&released);
}

static const UrlSessionDelegate delegate = {
    .size = sizeof delegate,
    .release = did_release,
    .did_create_task = did_create_task,
    .data_task_did_receive_response = never_response,
    .data_task_did_receive_data = never_data,
    .task_did_complete = never_complete,
    .session_did_become_invalid = did_become_invalid,
};

/* The handler stands before the task's own delegate too, which is released all the same. */
static const UrlSessionDelegate own = {
    .size = sizeof own,
    .release = did_release_of_own,
    .data_task_did_receive_response = never_response,
    .data_task_did_receive_data = never_data,
    .task_did_complete = never_complete,
};

static void start(UrlSession *session, const char *to, Case *expected, bool with_request)
{
    UrlSessionTask *task;
    UrlSessionRequest *request;
    CHECK(url_session_request_new(to, &request) == OK);
    if (with_request)
        CHECK(url_session_data_task_with_request_completion_handler(session, request, handler, expected, &task) == OK);
    else
        CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, expected, &task) == OK);
    url_session_request_release(request);
    CHECK(url_session_task_set_delegate(task, &own) == OK);
    CHECK(url_session_task_resume(task) == OK);
    url_session_task_release(task);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    main_thread = pthread_self();
    UrlSession *session;
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    for (size_t index = 0; index < CASES; index++)
        for (int with_request = 0; with_request < 2; with_request++)
            start(session, url(arguments[1], cases[index].path), &cases[index], with_request);
    int cancelled = 0;
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url_completion_handler(session, url(arguments[1], "/hello"),
                                                            handler_of_a_cancelled_one, &cancelled, &task) == OK);
    CHECK(url_session_task_cancel(task) == OK);
    url_session_task_release(task);
    url_session_release(session);
    CHECK(reached(&released, 1));

    for (size_t index = 0; index < CASES; index++)
        CHECK(cases[index].calls == 2);
    CHECK(count_of(&handled) == 2 * (int)CASES);
    CHECK(created == 2 * (int)CASES + 1);
    CHECK(of_own_released == 2 * (int)CASES);
    CHECK(cancelled == 1 && invalid == 1);
    return 0;
}
