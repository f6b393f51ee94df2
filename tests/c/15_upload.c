/* Paragraphs 3, 5 and 6 for uploads: the origin gets every byte of what is in memory, in a file, in a form, or comes
 * from a source that answers from another thread; progress adds up; what cannot be read is an error of the task. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define LENGTH 3000000
#define NOBODY 65534

static const char *base, *directory;

/* One task: what it sends, and what the origin says that it got. */
typedef struct {
    UrlSessionBodyStream *stream;
    int64_t expected;
    int64_t sent;
    int64_t echoed;
    int attempts;
    int asked;
    int32_t error;
    Waiter completed;
} Run;

static void did_need_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                            UrlSessionBodyStreamCompletion *completion)
{
    Run *run = context;
    CHECK(offset == 0);
    run->asked++;
    CHECK(url_session_body_stream_completion_answer(completion, run->stream) == OK);
}

/* The sum begins anew with every attempt. */
static void did_send(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                     int64_t expected)
{
    Run *run = context;
    CHECK(bytes > 0 && expected == run->expected);
    if (total == bytes)
        run->attempts++;
    CHECK(total == bytes || total == run->sent + bytes);
    CHECK(total <= LENGTH);
    run->sent = total;
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    Run *run = context;
    CHECK(run->sent == LENGTH);
    CHECK(is_filled(bytes, length, run->echoed));
    run->echoed += (int64_t)length;
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    run->error = url_session_error_code(error);
    happened(&run->completed);
}

static UrlSession *new_session(Run *run)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .task_need_new_body_stream = did_need_stream,
        .task_did_send_body_data = did_send,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    return session;
}

/* The body that the request has of its own is not sent. */
static UrlSessionRequest *put(const char *path)
{
    UrlSessionRequest *request;
    CHECK(url_session_request_new(url(base, path), &request) == OK);
    CHECK(url_session_request_set_http_method(request, "PUT") == OK);
    CHECK(url_session_request_set_http_body(request, (const uint8_t *)"not this", 8) == OK);
    return request;
}

/* The task to its end. */
static void finish(Run *run, UrlSession *session, UrlSessionRequest *request, UrlSessionTask *task)
{
    CHECK(url_session_task_kind(task) == URL_SESSION_TASK_KIND_UPLOAD);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&run->completed, 1));
    url_session_task_release(task);
    url_session_request_release(request);
    url_session_release(session);
}

static void arrived(const Run *run)
{
    CHECK(run->error == 0 && run->echoed == LENGTH && run->sent == LENGTH);
}

static const uint8_t *content(void)
{
    static uint8_t bytes[LENGTH];
    fill(bytes, LENGTH, 0);
    return bytes;
}

static void from_data(void)
{
    Run run = {.expected = LENGTH, .completed = WAITER};
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_request_from_data(session, request, content(), LENGTH, &task) == OK);
    finish(&run, session, request, task);
    arrived(&run);
    CHECK(run.attempts == 1);
}

/* It is sent twice, of which the origin's answer to the second is told. */
static void from_data_through_a_redirect(void)
{
    Run run = {.expected = LENGTH, .completed = WAITER};
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/redirect-to?status=307&url=/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_request_from_data(session, request, content(), LENGTH, &task) == OK);
    finish(&run, session, request, task);
    arrived(&run);
    CHECK(run.attempts == 2);
}

static void from_file(void)
{
    Run run = {.expected = LENGTH, .completed = WAITER};
    const char *path = path_in(directory, "upload");
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_request_from_file(session, request, path, &task) == OK);
    /* It is opened when the task runs, not before. */
    write_file(path, LENGTH);
    finish(&run, session, request, task);
    CHECK(remove(path) == 0);
    arrived(&run);
}

static void from_what_cannot_be_read(const char *path, int32_t error)
{
    Run run = {.completed = WAITER};
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_request_from_file(session, request, path, &task) == OK);
    finish(&run, session, request, task);
    CHECK(run.error == error && run.sent == 0 && run.echoed == 0);
}

static void from_what_must_not_be_read(void)
{
    const char *path = path_in(directory, "secret");
    uid_t self = geteuid();
    write_file(path, 1);
    CHECK(chmod(path, 0) == 0);
    /* root may read everything. */
    CHECK(self != 0 || seteuid(NOBODY) == 0);
    from_what_cannot_be_read(path, URL_SESSION_ERROR_CODE_NO_PERMISSIONS_TO_READ_FILE);
    CHECK(seteuid(self) == 0);
    CHECK(remove(path) == 0);
}

/* Bytes that another thread gives. */
typedef struct {
    int64_t place;
    uint8_t *buffer;
    size_t capacity;
    UrlSessionReadCompletion *completion;
    bool closed;
    Waiter asked;
    Waiter released;
    pthread_t thread;
} Source;

static void *give(void *context)
{
    Source *source = context;
    for (int turn = 1;; turn++) {
        CHECK(reached(&source->asked, turn));
        if (source->closed)
            return NULL;
        size_t left = (size_t)(LENGTH - source->place);
        size_t length = left < source->capacity ? left : source->capacity;
        UrlSessionReadCompletion *completion = source->completion;
        fill(source->buffer, length, source->place);
        source->place += (int64_t)length;
        CHECK(url_session_read_completion_answer(completion, length) == OK);
        url_session_read_completion_release(completion);
    }
}

static void did_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    Source *source = context;
    CHECK(capacity > 0 && !source->closed);
    source->buffer = buffer;
    source->capacity = capacity;
    source->completion = url_session_read_completion_retain(completion);
    happened(&source->asked);
}

static int64_t length_of(void *context)
{
    return LENGTH;
}

static void did_close(void *context)
{
    Source *source = context;
    source->closed = true;
    happened(&source->asked);
}

static void did_release(void *context)
{
    Source *source = context;
    CHECK(source->closed);
    CHECK(pthread_join(source->thread, NULL) == 0);
    happened(&source->released);
}

static void from_stream(int64_t (*length)(void *), int64_t expected)
{
    Run run = {.expected = expected, .completed = WAITER};
    Source source = {.asked = WAITER, .released = WAITER};
    UrlSessionBodySource functions = {
        .size = sizeof functions,
        .context = &source,
        .release = did_release,
        .length = length,
        .read = did_read,
        .close = did_close,
    };
    CHECK(pthread_create(&source.thread, NULL, give, &source) == 0);
    CHECK(url_session_body_stream_new(&functions, &run.stream) == OK);
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_streamed_request(session, request, &task) == OK);
    finish(&run, session, request, task);
    arrived(&run);
    CHECK(run.asked == 1 && count_of(&source.released) == 0);
    url_session_body_stream_release(run.stream);
    CHECK(reached(&source.released, 1));
}

/* The library's own stream, which begins anew for the second attempt. */
static void from_file_stream(void)
{
    Run run = {.expected = LENGTH, .completed = WAITER};
    const char *path = path_in(directory, "upload");
    write_file(path, LENGTH);
    CHECK(url_session_body_stream_new_with_file(path, &run.stream) == OK);
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/redirect-to?status=307&url=/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_streamed_request(session, request, &task) == OK);
    finish(&run, session, request, task);
    url_session_body_stream_release(run.stream);
    CHECK(remove(path) == 0);
    arrived(&run);
    CHECK(run.attempts == 2 && run.asked == 2);
}

/* NULL for an answer. */
static void from_no_stream(void)
{
    Run run = {.completed = WAITER};
    UrlSession *session = new_session(&run);
    UrlSessionRequest *request = put("/echo");
    UrlSessionTask *task;
    CHECK(url_session_upload_task_with_streamed_request(session, request, &task) == OK);
    finish(&run, session, request, task);
    CHECK(run.error == URL_SESSION_ERROR_CODE_REQUEST_BODY_STREAM_EXHAUSTED && run.asked == 1 && run.sent == 0);
}

/* The body that came back to a task with a handler. */
typedef struct {
    UrlSessionData *body;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *body, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    CHECK(error == NULL && url_session_response_status_code(response) == 200);
    outcome->body = url_session_data_retain(body);
    happened(&outcome->end);
}

static const uint8_t *echoed(UrlSessionTask *task, Outcome *outcome)
{
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome->end, 1));
    url_session_task_release(task);
    return url_session_data_bytes(outcome->body);
}

static void with_handlers(void)
{
    Outcome of_data = {.end = WAITER}, of_file = {.end = WAITER};
    const char *path = path_in(directory, "upload");
    UrlSessionRequest *request = put("/echo");
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(NULL, NULL, &session) == OK);
    CHECK(url_session_upload_task_with_request_from_data_completion_handler(session, request, content(), LENGTH,
                                                                            handler, &of_data, &task) == OK);
    CHECK(is_filled(echoed(task, &of_data), LENGTH, 0));
    write_file(path, LENGTH);
    CHECK(url_session_upload_task_with_request_from_file_completion_handler(session, request, path, handler, &of_file,
                                                                            &task) == OK);
    CHECK(is_filled(echoed(task, &of_file), LENGTH, 0));
    CHECK(remove(path) == 0);
    CHECK(url_session_data_length(of_data.body) == LENGTH && url_session_data_length(of_file.body) == LENGTH);
    url_session_data_release(of_data.body);
    url_session_data_release(of_file.body);
    url_session_request_release(request);
    url_session_release(session);
}

/* Field, bytes and file, between boundaries; nothing that a name has in it can end a line. */
static void a_form(void)
{
    Outcome outcome = {.end = WAITER};
    const char *path = path_in(directory, "part.txt");
    char expected[1024];
    UrlSessionMultipartForm *form = url_session_multipart_form_new();
    UrlSessionRequest *request = put("/echo");
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_request_set_http_method(request, "GET") == OK);
    CHECK(url_session_multipart_form_add_field(form, "a\"\r\nb", "1") == OK);
    CHECK(url_session_multipart_form_add_bytes(form, "c", "d", "text/csv", (const uint8_t *)"2", 1) == OK);
    CHECK(url_session_multipart_form_add_file(form, "e", path, NULL, NULL) == OK);
    CHECK(url_session_request_set_multipart_form(request, form) == OK);
    CHECK(strcmp(url_session_request_http_method(request), "POST") == 0);
    const char *content_type = url_session_multipart_form_content_type(form);
    CHECK(strcmp(url_session_request_value_for_header_field(request, "Content-Type"), content_type) == 0);
    const char *boundary = strchr(content_type, '=') + 1;
    int length = snprintf(expected, sizeof expected,
                          "--%s\r\nContent-Disposition: form-data; name=\"a%%22%%0D%%0Ab\"\r\n\r\n1\r\n"
                          "--%s\r\nContent-Disposition: form-data; name=\"c\"; filename=\"d\"\r\n"
                          "Content-Type: text/csv\r\n\r\n2\r\n"
                          "--%s\r\nContent-Disposition: form-data; name=\"e\"; filename=\"part.txt\"\r\n"
                          "Content-Type: text/plain\r\n\r\n%c%c%c\r\n--%s--\r\n",
                          boundary, boundary, boundary, byte_at(0), byte_at(1), byte_at(2), boundary);
    url_session_multipart_form_release(form);
    write_file(path, 3);
    CHECK(url_session_new(NULL, NULL, &session) == OK);
    CHECK(url_session_data_task_with_request_completion_handler(session, request, handler, &outcome, &task) == OK);
    CHECK(memcmp(echoed(task, &outcome), expected, (size_t)length) == 0);
    CHECK(url_session_data_length(outcome.body) == (size_t)length);
    url_session_data_release(outcome.body);
    url_session_request_release(request);
    url_session_release(session);
    CHECK(remove(path) == 0);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    base = arguments[1];
    directory = arguments[2];
    from_data();
    from_data_through_a_redirect();
    from_file();
    from_what_cannot_be_read(path_in(directory, "missing"), URL_SESSION_ERROR_CODE_FILE_DOES_NOT_EXIST);
    from_what_cannot_be_read(directory, URL_SESSION_ERROR_CODE_FILE_IS_DIRECTORY);
    from_what_must_not_be_read();
    from_stream(NULL, -1);
    from_stream(length_of, LENGTH);
    from_file_stream();
    from_no_stream();
    with_handlers();
    a_form();
    return 0;
}
