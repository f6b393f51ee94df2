/* Paragraphs 2, 3 and 5 for body sources: one call at a time, none after `close`, one `release` and last; the buffer of
 * a read is good until its answer or its last reference, whatever has become of the task. */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define EXHAUSTED URL_SESSION_ERROR_CODE_REQUEST_BODY_STREAM_EXHAUSTED
#define LENGTH 300000

static const char *base;

/* So many bytes, of which it may say that they are more or fewer. */
typedef struct {
    int64_t says;
    int64_t has;
    int64_t place;
    int32_t failure;
    bool keeps;
    bool cannot_rewind;
    /* A letter a call; reads in a row are one. */
    char calls[32];
    uint8_t *buffer;
    size_t capacity;
    UrlSessionReadCompletion *kept;
    UrlSessionReadCompletion *again;
    Waiter asked;
    Waiter released;
} Source;

#define SOURCE .asked = WAITER, .released = WAITER

/* One task that sends a source. */
typedef struct {
    Source *source;
    UrlSession *session;
    UrlSessionTask *task;
    int64_t echoed;
    int32_t error;
    int32_t cause;
    Waiter completed;
    Waiter released;
} Run;

/* Slots and the source's functions share a thread at a time. */
static atomic_int inside;

static void enter(void)
{
    CHECK(atomic_fetch_add(&inside, 1) == 0);
}

static void leave(void)
{
    CHECK(atomic_fetch_sub(&inside, 1) == 1);
}

static void called(Source *source, char what)
{
    size_t length = strlen(source->calls);
    CHECK(strchr(source->calls, 'x') == NULL);
    if (what == 'r' && length > 0 && source->calls[length - 1] == 'r')
        return;
    CHECK(length + 1 < sizeof source->calls);
    source->calls[length] = what;
}

static int64_t length_of(void *context)
{
    Source *source = context;
    enter();
    called(source, 'l');
    leave();
    return source->says;
}

static void did_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    Source *source = context;
    enter();
    called(source, 'r');
    if (source->keeps && source->kept != NULL) {
        /* The answer came before the cancel was heard of. */
        source->again = url_session_read_completion_retain(completion);
    } else if (source->keeps) {
        source->buffer = buffer;
        source->capacity = capacity;
        source->kept = url_session_read_completion_retain(completion);
        happened(&source->asked);
    } else if (source->failure != 0) {
        CHECK(url_session_read_completion_fail(completion, source->failure) == OK);
    } else {
        size_t left = (size_t)(source->has - source->place), length = left < capacity ? left : capacity;
        fill(buffer, length, source->place);
        source->place += (int64_t)length;
        CHECK(url_session_read_completion_answer(completion, length) == OK);
    }
    leave();
}

static bool did_rewind(void *context, int64_t offset)
{
    Source *source = context;
    enter();
    called(source, 'w');
    source->place = offset;
    leave();
    return !source->cannot_rewind;
}

static void did_close(void *context)
{
    enter();
    called(context, 'c');
    leave();
}

static void did_release(void *context)
{
    Source *source = context;
    called(source, 'x');
    happened(&source->released);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    Run *run = context;
    enter();
    CHECK(is_filled(bytes, length, run->echoed));
    run->echoed += (int64_t)length;
    leave();
}

static void did_send(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                     int64_t expected)
{
    enter();
    CHECK(bytes > 0 && total >= bytes);
    leave();
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    enter();
    UrlSessionError *cause = url_session_error_copy_underlying(error);
    run->error = url_session_error_code(error);
    run->cause = url_session_error_code(cause);
    url_session_error_release(cause);
    happened(&run->completed);
    leave();
}

static void did_release_session(void *context)
{
    happened(&((Run *)context)->released);
}

static UrlSessionBodyStream *new_stream(Source *source)
{
    UrlSessionBodySource functions = {
        .size = sizeof functions,
        .context = source,
        .release = did_release,
        .length = length_of,
        .read = did_read,
        .rewind = did_rewind,
        .close = did_close,
    };
    UrlSessionBodyStream *stream;
    CHECK(url_session_body_stream_new(&functions, &stream) == OK);
    memset(&functions, 0xA5, sizeof functions);
    return stream;
}

/* The task holds the stream, and nobody else. */
static void begin(Run *run, Source *source, const char *path)
{
    *run = (Run){.source = source, .completed = WAITER, .released = WAITER};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release_session,
        .task_did_send_body_data = did_send,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
    };
    UrlSessionBodyStream *stream = new_stream(source);
    UrlSessionRequest *request;
    CHECK(url_session_request_new(url(base, path), &request) == OK);
    CHECK(url_session_request_set_http_method(request, "PUT") == OK);
    CHECK(url_session_request_set_http_body_stream(request, stream) == OK);
    url_session_body_stream_release(stream);
    CHECK(url_session_new(NULL, &delegate, &run->session) == OK);
    CHECK(url_session_data_task_with_request(run->session, request, &run->task) == OK);
    url_session_request_release(request);
    CHECK(count_of(&source->released) == 0);
}

/* The task ends so, and the source was called so. */
static void end(Run *run, int32_t error, const char *calls)
{
    url_session_task_release(run->task);
    url_session_release(run->session);
    CHECK(reached(&run->released, 1));
    CHECK(count_of(&run->completed) == 1);
    CHECK(run->error == error);
    CHECK(reached(&run->source->released, 1));
    CHECK(strcmp(run->source->calls, calls) == 0);
    CHECK(count_of(&run->source->released) == 1);
}

static void run_whole(Source *source, const char *path, int32_t error, const char *calls)
{
    Run run;
    begin(&run, source, path);
    CHECK(url_session_task_resume(run.task) == OK);
    end(&run, error, calls);
    CHECK(run.echoed == (error == 0 ? source->has : 0));
    CHECK(run.cause == source->failure);
}

/* Whatever the length says and however it ends. */
static void close_and_release_once(void)
{
    run_whole(&(Source){.says = LENGTH, .has = LENGTH, SOURCE}, "/echo", 0, "lrcx");
    run_whole(&(Source){.says = -1, .has = LENGTH, SOURCE}, "/echo", 0, "lrcx");
    run_whole(&(Source){.says = -1, .has = 0, SOURCE}, "/echo", 0, "lrcx");
    run_whole(&(Source){.says = LENGTH, .has = LENGTH - 1, SOURCE}, "/echo", EXHAUSTED, "lrcx");
    run_whole(&(Source){.says = LENGTH, .has = LENGTH + 1, SOURCE}, "/echo", EXHAUSTED, "lrcx");
    run_whole(&(Source){.says = -1, .failure = EIO, SOURCE}, "/echo", EXHAUSTED, "lrcx");
}

/* Another attempt goes back to the beginning, where that can be. */
static void rewind_for_another_attempt(void)
{
    static const char path[] = "/redirect-to?status=307&url=/echo";
    run_whole(&(Source){.says = LENGTH, .has = LENGTH, SOURCE}, path, 0, "lrwlrcx");
    run_whole(&(Source){.says = -1, .has = LENGTH, SOURCE}, path, 0, "lrwlrcx");
    run_whole(&(Source){.says = LENGTH, .has = LENGTH, .cannot_rewind = true, SOURCE}, path, EXHAUSTED, "lrwcx");
}

/* What no task has read needs no close. */
static void never_read(void)
{
    Source unused = {.says = 0, SOURCE}, cancelled = {.says = 0, SOURCE};
    url_session_body_stream_release(new_stream(&unused));
    CHECK(count_of(&unused.released) == 1 && strcmp(unused.calls, "x") == 0);
    Run run;
    begin(&run, &cancelled, "/echo");
    CHECK(url_session_task_cancel(run.task) == OK);
    end(&run, URL_SESSION_ERROR_CODE_CANCELLED, "x");
}

static void begin_and_keep_a_read(Run *run, Source *source)
{
    *source = (Source){.says = -1, .keeps = true, SOURCE};
    begin(run, source, "/echo");
    CHECK(url_session_task_resume(run->task) == OK);
    CHECK(reached(&source->asked, 1));
    CHECK(source->capacity > 0);
}

/* The task was cancelled, has completed, is gone with its session; then the buffer is filled and the answer given. */
static void answer_late(void)
{
    for (int when = 0; when < 3; when++) {
        Run run;
        Source source;
        begin_and_keep_a_read(&run, &source);
        memset(source.buffer, 1, source.capacity);
        CHECK(url_session_task_cancel(run.task) == OK);
        CHECK(when == 0 || reached(&run.completed, 1));
        if (when == 2)
            end(&run, URL_SESSION_ERROR_CODE_CANCELLED, "lrcx");
        memset(source.buffer, 2, source.capacity);
        CHECK(url_session_read_completion_answer(source.kept, source.capacity) == OK);
        CHECK(url_session_read_completion_answer(source.kept, 0) == URL_SESSION_STATUS_ALREADY_ANSWERED);
        url_session_read_completion_release(source.kept);
        if (when != 2)
            end(&run, URL_SESSION_ERROR_CODE_CANCELLED, "lrcx");
        CHECK(url_session_read_completion_retain(source.kept) == NULL);
        url_session_read_completion_release(source.again);
    }
}

/* The same without an answer, and with a second reference. */
static void keep_the_buffer(void)
{
    Run run;
    Source source;
    begin_and_keep_a_read(&run, &source);
    CHECK(url_session_read_completion_retain(source.kept) == source.kept);
    CHECK(url_session_invalidate_and_cancel(run.session) == OK);
    end(&run, URL_SESSION_ERROR_CODE_CANCELLED, "lrcx");
    url_session_read_completion_release(source.kept);
    memset(source.buffer, 3, source.capacity);
    url_session_read_completion_release(source.kept);
    CHECK(url_session_read_completion_answer(source.kept, 0) == URL_SESSION_STATUS_INVALID_HANDLE);
}

/* The request, its copy and two tasks share a stream that only one of them reads. */
static void share(void)
{
    Source source = {.says = LENGTH, .has = LENGTH, SOURCE};
    Run run;
    begin(&run, &source, "/echo");
    UrlSessionRequest *request = url_session_task_copy_original_request(run.task);
    UrlSessionBodyStream *stream = url_session_request_copy_http_body_stream(request);
    UrlSessionRequest *copy = url_session_request_copy(request);
    CHECK(stream != NULL);
    url_session_request_release(request);
    UrlSessionTask *other;
    CHECK(url_session_data_task_with_request(run.session, copy, &other) == OK);
    url_session_request_release(copy);
    CHECK(url_session_task_resume(run.task) == OK);
    CHECK(reached(&run.completed, 1));
    CHECK(run.error == 0 && run.echoed == LENGTH);
    CHECK(url_session_task_cancel(other) == OK);
    url_session_task_release(other);
    url_session_task_release(run.task);
    url_session_release(run.session);
    CHECK(reached(&run.released, 1));
    CHECK(count_of(&source.released) == 0);
    url_session_body_stream_release(stream);
    CHECK(reached(&source.released, 1));
    CHECK(strcmp(source.calls, "lrcx") == 0);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    base = arguments[1];
    close_and_release_once();
    rewind_for_another_attempt();
    never_read();
    answer_late();
    keep_the_buffer();
    share();
    return 0;
}
