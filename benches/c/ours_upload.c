/*
 * One PUT: ours_upload URL BYTES FILE, from a file; ours_upload URL BYTES length|chunked, from a stream that copies
 * its bytes out of memory, of known or unknown length.
 */
#include <string.h>

#include "ours.h"

static const uint8_t block[1 << 20];

struct upload {
    int64_t bytes, left;
    int known;
    sem_t invalid;
};

static int64_t stream_length(void *context)
{
    struct upload *upload = context;
    return upload->known ? upload->bytes : -1;
}

static void stream_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    struct upload *upload = context;
    size_t length = capacity < sizeof block ? capacity : sizeof block;
    if ((int64_t)length > upload->left)
        length = (size_t)upload->left;
    memcpy(buffer, block, length);
    upload->left -= (int64_t)length;
    check(url_session_read_completion_answer(completion, length));
}

static void need_new_body_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                                 UrlSessionBodyStreamCompletion *completion)
{
    struct upload *upload = context;
    (void)session, (void)task;
    const UrlSessionBodySource source = {
        .size = sizeof source,
        .context = upload,
        .length = stream_length,
        .read = stream_read,
    };
    UrlSessionBodyStream *stream;
    upload->left = upload->bytes - offset;
    check(url_session_body_stream_new(&source, &stream));
    check(url_session_body_stream_completion_answer(completion, stream));
    url_session_body_stream_release(stream);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    struct upload *upload = context;
    if (error)
        fail(url_session_error_message(error));
    UrlSessionResponse *response = url_session_task_copy_response(task);
    if (url_session_response_status_code(response) != 201)
        fail("a status that is not 201");
    url_session_response_release(response);
    if (url_session_task_count_of_bytes_sent(task) != upload->bytes)
        fail("a body of the wrong length");
    check(url_session_finish_tasks_and_invalidate(session));
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    struct upload *upload = context;
    (void)session, (void)error;
    sem_post(&upload->invalid);
}

int main(int count, char **arguments)
{
    if (count != 4)
        fail("URL BYTES FILE|length|chunked");
    struct upload upload = {.bytes = atoll(arguments[2]), .known = strcmp(arguments[3], "length") == 0};
    int streamed = upload.known || strcmp(arguments[3], "chunked") == 0;
    sem_init(&upload.invalid, 0, 0);
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &upload,
        .task_need_new_body_stream = need_new_body_stream,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;
    UrlSessionRequest *request;
    UrlSessionTask *task;
    check(url_session_new(NULL, &delegate, &session));
    check(url_session_request_new(arguments[1], &request));
    check(url_session_request_set_http_method(request, "PUT"));
    if (streamed)
        check(url_session_upload_task_with_streamed_request(session, request, &task));
    else
        check(url_session_upload_task_with_request_from_file(session, request, arguments[3], &task));
    url_session_request_release(request);
    check(url_session_task_resume(task));
    url_session_task_release(task);
    wait_for(&upload.invalid);
    url_session_release(session);
    return 0;
}
