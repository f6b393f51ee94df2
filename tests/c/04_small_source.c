/* Paragraph 4 for the other structs that say their size: a body source of an older, smaller library is taken as it is,
 * of a newer, larger one the part that is known; of a progress no more is written than there is. */
#include "edge.h"

#include <stddef.h>

#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define INVALID URL_SESSION_STATUS_INVALID_ARGUMENT

/* How often a source was called. */
typedef struct {
    int reads;
    int rewinds;
    int closes;
    Waiter released;
} Told;

static void did_release(void *told)
{
    happened(&((Told *)told)->released);
}

static int64_t one(void *told)
{
    return 1;
}

static void did_read(void *told, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    ((Told *)told)->reads++;
    buffer[0] = 'x';
    CHECK(url_session_read_completion_answer(completion, 1) == OK);
}

static bool did_rewind(void *told, int64_t offset)
{
    ((Told *)told)->rewinds++;
    return true;
}

static void did_close(void *told)
{
    ((Told *)told)->closes++;
}

static UrlSessionBodySource whole(Told *told)
{
    return (UrlSessionBodySource){
        .size = sizeof(UrlSessionBodySource),
        .context = told,
        .release = did_release,
        .length = one,
        .read = did_read,
        .rewind = did_rewind,
        .close = did_close,
    };
}

/* How it ended. */
typedef struct {
    int32_t error;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    outcome->error = url_session_error_code(error);
    happened(&outcome->end);
}

/* A task that sends the source twice, if it can; gives back how it ended. */
static int32_t run(const UrlSessionBodySource *source, Told *told, const char *to)
{
    Outcome outcome = {.end = WAITER};
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionRequest *request;
    UrlSessionBodyStream *stream;
    CHECK(url_session_body_stream_new(source, &stream) == OK);
    CHECK(url_session_request_new(to, &request) == OK);
    CHECK(url_session_request_set_http_method(request, "POST") == OK);
    CHECK(url_session_request_set_http_body_stream(request, stream) == OK);
    url_session_body_stream_release(stream);
    CHECK(url_session_new(NULL, NULL, &session) == OK);
    CHECK(url_session_data_task_with_request_completion_handler(session, request, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    url_session_request_release(request);
    url_session_task_release(task);
    url_session_release(session);
    CHECK(reached(&outcome.end, 1));
    CHECK(reached(&told->released, 1));
    return outcome.error;
}

static void older(const char *to)
{
    size_t size = offsetof(UrlSessionBodySource, rewind);
    for (; size <= sizeof(UrlSessionBodySource); size += sizeof(void (*)(void))) {
        Told told = {.released = WAITER};
        UrlSessionBodySource source = whole(&told);
        bool rewinds = size > offsetof(UrlSessionBodySource, rewind);
        CHECK(run(at_the_edge(&source, size), &told, to) ==
              (rewinds ? 0 : URL_SESSION_ERROR_CODE_REQUEST_BODY_STREAM_EXHAUSTED));
        CHECK(told.reads == 1 + rewinds && told.rewinds == rewinds);
        CHECK(told.closes == (size > offsetof(UrlSessionBodySource, close)));
    }
}

static void newer(const char *to)
{
    struct {
        UrlSessionBodySource known;
        uintptr_t functions_of_the_future[8];
    } source;
    Told told = {.released = WAITER};
    memset(&source, 0xA5, sizeof source);
    source.known = whole(&told);
    source.known.size = sizeof source;
    CHECK(run(&source.known, &told, to) == 0);
    CHECK(told.reads == 2 && told.rewinds == 1 && told.closes == 1);
}

/* Too small for what every source has, or cut through a function; or without the one that it must have. */
static void impossible(void)
{
    Told told = {.released = WAITER};
    UrlSessionBodySource source = whole(&told);
    UrlSessionBodyStream *stream;
    for (source.size = 0; source.size <= sizeof source; source.size++) {
        if (source.size >= offsetof(UrlSessionBodySource, rewind) && source.size % sizeof(void (*)(void)) == 0)
            continue;
        stream = (UrlSessionBodyStream *)&told;
        CHECK(url_session_body_stream_new(&source, &stream) == INVALID && stream == NULL);
    }
    source = whole(&told);
    source.read = NULL;
    stream = (UrlSessionBodyStream *)&told;
    CHECK(url_session_body_stream_new(&source, &stream) == URL_SESSION_STATUS_NULL_ARGUMENT && stream == NULL);
    CHECK(count_of(&told.released) == 0);
}

/* What lies behind a smaller struct, or behind what is known of a larger one, is not touched. */
static void progress(const char *to)
{
    const UrlSessionProgress whole = {.fraction = 7, .seconds_left = 7};
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(NULL, NULL, &session) == OK);
    CHECK(url_session_data_task_with_url(session, to, &task) == OK);
    for (size_t size = 0; size <= sizeof whole; size++) {
        UrlSessionProgress impossible = whole, *small = &impossible;
        bool is_possible = size >= offsetof(UrlSessionProgress, bytes_sent) && size % sizeof size == 0;
        impossible.size = size;
        if (is_possible)
            small = at_the_edge(&whole, size);
        CHECK(url_session_task_progress(task, small) == (is_possible ? OK : INVALID));
        CHECK(small->size == size && small->fraction == (is_possible ? -1 : 7));
    }
    struct {
        UrlSessionProgress known;
        uint64_t of_the_future[2];
    } large = {.known = {.size = sizeof large, .seconds_left = 7}, .of_the_future = {8, 9}};
    CHECK(url_session_task_progress(task, &large.known) == OK);
    CHECK(large.known.size == sizeof large && large.known.fraction == -1 && large.known.seconds_left == -1);
    CHECK(large.of_the_future[0] == 8 && large.of_the_future[1] == 9);
    CHECK(url_session_task_cancel(task) == OK);
    url_session_task_release(task);
    url_session_release(session);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    char to[512];
    strcpy(to, url(arguments[1], "/redirect-to?status=307&url=/echo"));
    older(to);
    newer(to);
    impossible();
    progress(to);
    return 0;
}
