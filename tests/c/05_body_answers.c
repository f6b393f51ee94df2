/* Paragraph 3 for bodies: the question for a stream and the question for its bytes, answered in the call, later, from
 * another thread, twice, with nonsense, never, and too late. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define ALREADY URL_SESSION_STATUS_ALREADY_ANSWERED
#define EXHAUSTED URL_SESSION_ERROR_CODE_REQUEST_BODY_STREAM_EXHAUSTED
#define CANCELLED URL_SESSION_ERROR_CODE_CANCELLED

/* What the slot does with the question for a stream, and `read` with the first for bytes; NULL: it is kept. */
typedef void StreamGate(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream);
typedef void ReadGate(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity);

/* One task that sends "hello" or nothing. */
typedef struct {
    StreamGate *stream_gate;
    ReadGate *read_gate;
    const char *to;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionBodyStream *stream;
    UrlSessionBodyStreamCompletion *kept_stream;
    UrlSessionReadCompletion *kept_read;
    uint8_t *buffer;
    int reads;
    char echoed[8];
    int32_t error;
    Waiter asked;
    Waiter completed;
    Waiter released;
    Waiter source_released;
} Run;

static void put_hello(uint8_t *buffer)
{
    memcpy(buffer, "hello", 5);
}

static void did_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    Run *run = context;
    CHECK(capacity >= 5);
    run->reads++;
    if (run->reads > 1) {
        CHECK(url_session_read_completion_answer(completion, 0) == OK);
    } else if (run->read_gate != NULL) {
        run->read_gate(completion, buffer, capacity);
    } else {
        run->buffer = buffer;
        run->kept_read = url_session_read_completion_retain(completion);
        happened(&run->asked);
    }
}

static void did_release_source(void *context)
{
    happened(&((Run *)context)->source_released);
}

static void did_need_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                            UrlSessionBodyStreamCompletion *completion)
{
    Run *run = context;
    if (run->stream_gate != NULL) {
        run->stream_gate(completion, run->stream);
    } else {
        run->kept_stream = url_session_body_stream_completion_retain(completion);
        happened(&run->asked);
    }
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    Run *run = context;
    CHECK(strlen(run->echoed) + length < sizeof run->echoed);
    strncat(run->echoed, (const char *)bytes, length);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    run->error = url_session_error_code(error);
    happened(&run->completed);
}

static void did_release(void *context)
{
    happened(&((Run *)context)->released);
}

static void begin(Run *run, StreamGate *stream_gate, ReadGate *read_gate, const char *to)
{
    *run = (Run){.stream_gate = stream_gate, .read_gate = read_gate, .asked = WAITER, .completed = WAITER};
    run->released = run->source_released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release,
        .task_need_new_body_stream = did_need_stream,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
    };
    UrlSessionBodySource source = {
        .size = sizeof source,
        .context = run,
        .release = did_release_source,
        .read = did_read,
    };
    UrlSessionRequest *request;
    CHECK(url_session_body_stream_new(&source, &run->stream) == OK);
    CHECK(url_session_request_new(to, &request) == OK);
    CHECK(url_session_request_set_http_method(request, "PUT") == OK);
    CHECK(url_session_new(NULL, &delegate, &run->session) == OK);
    CHECK(url_session_upload_task_with_streamed_request(run->session, request, &run->task) == OK);
    url_session_request_release(request);
    CHECK(url_session_task_resume(run->task) == OK);
    if (stream_gate == NULL || read_gate == NULL)
        CHECK(reached(&run->asked, 1));
}

/* The task ends once, with `error`, and "hello" has come back if there is none. */
static void finish(Run *run, int32_t error)
{
    url_session_task_release(run->task);
    url_session_release(run->session);
    CHECK(reached(&run->released, 1));
    url_session_body_stream_release(run->stream);
    CHECK(reached(&run->source_released, 1));
    CHECK(count_of(&run->completed) == 1);
    CHECK(run->error == error);
    CHECK(strcmp(run->echoed, error == 0 ? "hello" : "") == 0);
}

static void give_stream(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream)
{
    CHECK(url_session_body_stream_completion_answer(completion, stream) == OK);
}

static void give_no_stream(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream)
{
    CHECK(url_session_body_stream_completion_answer(completion, NULL) == OK);
}

static void give_stream_then_none(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream)
{
    give_stream(completion, stream);
    CHECK(url_session_body_stream_completion_answer(completion, NULL) == ALREADY);
    CHECK(url_session_body_stream_completion_answer(completion, stream) == ALREADY);
}

static void give_none_then_stream(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream)
{
    give_no_stream(completion, stream);
    CHECK(url_session_body_stream_completion_answer(completion, stream) == ALREADY);
}

/* What is no stream leaves the question open. */
static void give_nonsense_then_stream(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream)
{
    CHECK(url_session_body_stream_completion_answer(completion, (UrlSessionBodyStream *)completion) ==
          URL_SESSION_STATUS_INVALID_HANDLE);
    give_stream(completion, stream);
}

static void say_nothing_of_a_stream(UrlSessionBodyStreamCompletion *completion, UrlSessionBodyStream *stream)
{
    CHECK(completion != NULL);
}

static void give_bytes(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity)
{
    put_hello(buffer);
    CHECK(url_session_read_completion_answer(completion, 5) == OK);
}

static void give_bytes_then_fail(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity)
{
    give_bytes(completion, buffer, capacity);
    CHECK(url_session_read_completion_fail(completion, EIO) == ALREADY);
    CHECK(url_session_read_completion_answer(completion, 4) == ALREADY);
}

static void fail(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity)
{
    CHECK(url_session_read_completion_fail(completion, EIO) == OK);
}

static void fail_then_give_bytes(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity)
{
    fail(completion, buffer, capacity);
    CHECK(url_session_read_completion_answer(completion, 5) == ALREADY);
}

/* More than there is room for leaves the question open. */
static void give_nonsense_then_bytes(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity)
{
    CHECK(url_session_read_completion_answer(completion, capacity + 1) == URL_SESSION_STATUS_INVALID_ARGUMENT);
    CHECK(url_session_read_completion_answer(completion, SIZE_MAX) == URL_SESSION_STATUS_INVALID_ARGUMENT);
    give_bytes(completion, buffer, capacity);
}

static void say_nothing_of_bytes(UrlSessionReadCompletion *completion, uint8_t *buffer, size_t capacity)
{
    CHECK(completion != NULL);
}

static void in_the_call(const char *to)
{
    static const struct {
        StreamGate *stream_gate;
        ReadGate *read_gate;
        int32_t error;
    } cases[] = {
        {give_stream, give_bytes, 0},
        {give_no_stream, give_bytes, EXHAUSTED},
        {give_stream_then_none, give_bytes, 0},
        {give_none_then_stream, give_bytes, EXHAUSTED},
        {give_nonsense_then_stream, give_bytes, 0},
        {say_nothing_of_a_stream, give_bytes, EXHAUSTED},
        {give_stream, give_bytes_then_fail, 0},
        {give_stream, fail, EXHAUSTED},
        {give_stream, fail_then_give_bytes, EXHAUSTED},
        {give_stream, give_nonsense_then_bytes, 0},
        {give_stream, say_nothing_of_bytes, EXHAUSTED},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        Run run;
        begin(&run, cases[index].stream_gate, cases[index].read_gate, to);
        finish(&run, cases[index].error);
    }
}

/* Answers the question that was kept, whichever it is. */
static void *answer(void *context)
{
    Run *run = context;
    CHECK(count_of(&run->completed) == 0 && run->reads <= 1);
    if (run->kept_stream != NULL) {
        give_stream_then_none(run->kept_stream, run->stream);
        url_session_body_stream_completion_release(run->kept_stream);
    } else {
        give_bytes_then_fail(run->kept_read, run->buffer, 5);
        url_session_read_completion_release(run->kept_read);
    }
    return NULL;
}

static void later_and_elsewhere(StreamGate *stream_gate, ReadGate *read_gate, const char *to)
{
    Run run;
    pthread_t thread;
    begin(&run, stream_gate, read_gate, to);
    answer(&run);
    finish(&run, 0);
    begin(&run, stream_gate, read_gate, to);
    CHECK(pthread_create(&thread, NULL, answer, &run) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    finish(&run, 0);
}

/* Retained, and given back without an answer: no stream, no bytes. */
static void never(const char *to)
{
    Run run;
    begin(&run, NULL, give_bytes, to);
    url_session_body_stream_completion_release(run.kept_stream);
    finish(&run, EXHAUSTED);
    CHECK(url_session_body_stream_completion_answer(run.kept_stream, NULL) == URL_SESSION_STATUS_INVALID_HANDLE);
    begin(&run, give_stream, NULL, to);
    url_session_read_completion_release(run.kept_read);
    finish(&run, EXHAUSTED);
    CHECK(url_session_read_completion_answer(run.kept_read, 0) == URL_SESSION_STATUS_INVALID_HANDLE);
}

/* The task is cancelled, has completed, is gone with its session, before the stream comes; which is let go all the
 * same. 17_body_source.c does so with the question for bytes. */
static void too_late(const char *to)
{
    for (int when = 0; when < 3; when++) {
        Run run;
        begin(&run, NULL, give_bytes, to);
        CHECK(url_session_task_cancel(run.task) == OK);
        CHECK(when == 0 || reached(&run.completed, 1));
        if (when == 2) {
            url_session_release(run.session);
            CHECK(reached(&run.released, 1));
        }
        give_stream_then_none(run.kept_stream, run.stream);
        url_session_body_stream_completion_release(run.kept_stream);
        finish(&run, CANCELLED);
        CHECK(run.reads == 0);
    }
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    const char *to = url(arguments[1], "/echo");
    in_the_call(to);
    later_and_elsewhere(NULL, give_bytes, to);
    later_and_elsewhere(give_stream, NULL, to);
    never(to);
    too_late(to);
    return 0;
}
