/* Paragraph 4: the delegate of an older, smaller library is taken as it is and not read past its size; of a newer,
 * larger one the part that is known; a size that cannot be right is refused. */
#include "edge.h"

#include <stddef.h>

#include "urlsession.h"

/* Where the origin wants to know who asks. */
static const char *guarded;

/* What a session's delegate was told. */
typedef struct {
    int created;
    int challenges;
    int redirects;
    int responses;
    int streams;
    int sent;
    int chunks;
    int written;
    int progress;
    int finished;
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

static void did_receive_challenge(void *told, UrlSession *session, UrlSessionTask *task, UrlSessionChallenge *challenge,
                                  UrlSessionChallengeCompletion *completion)
{
    ((Told *)told)->challenges++;
}

static void will_redirect(void *told, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                          UrlSessionRequest *request, UrlSessionRedirectionCompletion *completion)
{
    ((Told *)told)->redirects++;
}

static void did_receive_response(void *told, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    ((Told *)told)->responses++;
}

static void did_need_stream(void *told, UrlSession *session, UrlSessionTask *task, int64_t offset,
                            UrlSessionBodyStreamCompletion *completion)
{
    UrlSessionMultipartForm *form = url_session_multipart_form_new();
    UrlSessionBodyStream *stream = url_session_multipart_form_copy_body_stream(form);
    ((Told *)told)->streams++;
    CHECK(url_session_body_stream_completion_answer(completion, stream) == URL_SESSION_STATUS_OK);
    url_session_body_stream_release(stream);
    url_session_multipart_form_release(form);
}

static void did_send(void *told, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                     int64_t expected)
{
    ((Told *)told)->sent++;
}

static void did_receive_data(void *told, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    ((Told *)told)->chunks++;
}

static void did_write(void *told, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                      int64_t expected)
{
    ((Told *)told)->written++;
}

static void did_progress(void *told, UrlSession *session, UrlSessionTask *task, const UrlSessionProgress *progress)
{
    ((Told *)told)->progress++;
}

static void did_finish(void *told, UrlSession *session, UrlSessionTask *task, const char *path,
                       UrlSessionDownloadedFile *file)
{
    ((Told *)told)->finished++;
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
        .task_did_receive_challenge = did_receive_challenge,
        .task_will_perform_http_redirection = will_redirect,
        .data_task_did_receive_response = did_receive_response,
        .task_need_new_body_stream = did_need_stream,
        .task_did_send_body_data = did_send,
        .data_task_did_receive_data = did_receive_data,
        .download_task_did_write_data = did_write,
        .task_did_update_progress = did_progress,
        .download_task_did_finish_downloading = did_finish,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
}

static void start(UrlSessionStatus status, UrlSessionTask *task)
{
    CHECK(status == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
    url_session_task_release(task);
}

/* A data, an upload and a download task of the session's, one with a handler, and one that is asked who it is and does
 * not say, to the very end. */
static void run(const UrlSessionDelegate *delegate, Told *told, const char *to)
{
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionRequest *request;
    UrlSessionStatus status;
    CHECK(url_session_new(NULL, delegate, &session) == URL_SESSION_STATUS_OK);
    CHECK(url_session_request_new(to, &request) == URL_SESSION_STATUS_OK);
    CHECK(url_session_request_set_http_method(request, "POST") == URL_SESSION_STATUS_OK);
    status = url_session_data_task_with_url(session, to, &task);
    start(status, task);
    status = url_session_data_task_with_url_completion_handler(session, to, handler, told, &task);
    start(status, task);
    status = url_session_upload_task_with_streamed_request(session, request, &task);
    start(status, task);
    status = url_session_download_task_with_url(session, to, &task);
    start(status, task);
    status = url_session_data_task_with_url(session, guarded, &task);
    start(status, task);
    url_session_request_release(request);
    url_session_release(session);
    CHECK(reached(&told->released, 1));
    CHECK(count_of(&told->outcome) == 1);
}

/* Each library of the past knew one slot less; what lies behind its struct is not read. */
static void older(const char *to)
{
    size_t size = offsetof(UrlSessionDelegate, did_create_task);
    for (; size <= sizeof(UrlSessionDelegate); size += sizeof(void (*)(void))) {
        Told told = TOLD;
        UrlSessionDelegate delegate = whole(&told);
        run(at_the_edge(&delegate, size), &told, to);
        bool sends = size > offsetof(UrlSessionDelegate, task_need_new_body_stream);
        CHECK(told.created == (size > offsetof(UrlSessionDelegate, did_create_task) ? 5 : 0));
        CHECK(told.challenges == (size > offsetof(UrlSessionDelegate, task_did_receive_challenge)));
        int redirects = size > offsetof(UrlSessionDelegate, task_will_perform_http_redirection) ? 3 + sends : 0;
        CHECK(told.redirects == redirects);
        CHECK(told.streams == sends);
        int responses = size > offsetof(UrlSessionDelegate, data_task_did_receive_response) ? 2 + sends : 0;
        CHECK(told.responses == responses);
        CHECK((told.sent > 0) == (size > offsetof(UrlSessionDelegate, task_did_send_body_data)));
        CHECK((told.chunks > 0) == (size > offsetof(UrlSessionDelegate, data_task_did_receive_data)));
        CHECK((told.written > 0) == (size > offsetof(UrlSessionDelegate, download_task_did_write_data)));
        CHECK((told.progress > 0) == (size > offsetof(UrlSessionDelegate, task_did_update_progress)));
        CHECK(told.finished == (size > offsetof(UrlSessionDelegate, download_task_did_finish_downloading)));
        CHECK(told.completed == (size > offsetof(UrlSessionDelegate, task_did_complete) ? 4 : 0));
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
    CHECK(told.created == 5 && told.challenges == 1 && told.redirects == 4 && told.responses == 3);
    CHECK(told.streams == 1 && told.sent > 0);
    CHECK(told.chunks == 0 && told.finished == 0 && told.completed == 0 && told.invalid == 0);
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
    CHECK(told.created == 5 && told.challenges == 1 && told.redirects == 4 && told.responses == 3);
    CHECK(told.streams == 1 && told.sent > 0);
    CHECK(told.chunks > 0 && told.finished == 1 && told.completed == 4 && told.invalid == 1);
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
    CHECK(own.redirects == 1 && of_session.redirects == 0);
    CHECK(own.responses == 1 && own.chunks == 0 && own.completed == 0 && own.created == 0 && own.invalid == 0);
    CHECK(of_session.responses == 0 && of_session.chunks > 0 && of_session.completed == 1);
    CHECK(of_session.created == 1 && of_session.invalid == 1);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    char basic[512];
    strcpy(basic, url(arguments[1], "/basic/hello"));
    guarded = basic;
    const char *to = url(arguments[1], "/redirect/0");
    older(to);
    older_with_garbage_behind(to);
    newer(to);
    impossible(to);
    older_for_a_task(to);
    return 0;
}
