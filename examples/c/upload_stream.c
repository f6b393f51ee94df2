/*
 * Sends a file, or what comes on standard input, as the body of a PUT, with a progress bar, and prints the answer:
 *
 *     upload_stream URL [FILE]
 *
 * A body of known length goes out with Content-Length, a pipe in chunks. A file can go out twice, as redirects and
 * challenges ask for, and a pipe cannot.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>
#include <urlsession.h>

typedef struct {
    int file;
    int64_t length; /* -1: a pipe */
    bool opened, answered;
    sem_t done;
    int status;
} Upload;

/* The body: a pull source. */

static int64_t body_length(void *context)
{
    Upload *upload = context;
    return upload->length;
}

/* Waits where it is called. One that must not would retain the completion and answer later, from any thread. */
static void body_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    Upload *upload = context;
    ssize_t length = read(upload->file, buffer, capacity);
    if (length < 0) {
        url_session_read_completion_fail(completion, errno);
    } else {
        url_session_read_completion_answer(completion, (size_t)length);
    }
}

/* The slots. */

static void need_new_body_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                                 UrlSessionBodyStreamCompletion *completion)
{
    Upload *upload = context;
    UrlSessionBodyStream *stream = NULL;
    const UrlSessionBodySource source = {
        .size = sizeof source,
        .context = upload,
        .length = body_length,
        .read = body_read,
    };
    (void)session, (void)task;
    if (!upload->opened || lseek(upload->file, offset, SEEK_SET) == offset) {
        url_session_body_stream_new(&source, &stream);
    }
    upload->opened = true;
    url_session_body_stream_completion_answer(completion, stream); /* NULL fails the task. */
    url_session_body_stream_release(stream);
}

static void draw(const UrlSessionProgress *progress)
{
    static const char full[] = "########################################";
    int width = sizeof full - 1, filled = (int)(progress->fraction * width);
    double mib = (double)progress->bytes_sent / (1 << 20), rate = progress->bytes_per_second / (1 << 20);
    if (progress->fraction < 0) {
        fprintf(stderr, "\r%.1f MiB  %.1f MiB/s\033[K", mib, rate);
    } else {
        fprintf(stderr, "\r[%-*.*s] %3.0f%%  %.1f MiB  %.1f MiB/s", width, filled, full, progress->fraction * 100, mib,
                rate);
        if (progress->seconds_left >= 0) fprintf(stderr, "  %.0f s left", progress->seconds_left);
        fprintf(stderr, "\033[K");
    }
}

static void did_update_progress(void *context, UrlSession *session, UrlSessionTask *task,
                                const UrlSessionProgress *progress)
{
    Upload *upload = context;
    (void)session, (void)task;
    if (!upload->answered) draw(progress);
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    Upload *upload = context;
    int32_t status = url_session_response_status_code(response);
    UrlSessionProgress progress = {.size = sizeof progress};
    (void)session;
    url_session_task_progress(task, &progress);
    draw(&progress);
    upload->answered = true;
    fprintf(stderr, "\n%" PRId32 " from %s\n", status, url_session_response_url(response));
    upload->status = status / 100 != 2;
    url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    (void)context, (void)session, (void)task, (void)data;
    fwrite(bytes, 1, length, stdout);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Upload *upload = context;
    (void)session, (void)task;
    if (error != NULL) {
        UrlSessionError *cause = url_session_error_copy_underlying(error);
        fprintf(stderr, "\nupload_stream: %s\n", url_session_error_message(error));
        if (cause != NULL) fprintf(stderr, "because: %s\n", url_session_error_message(cause));
        url_session_error_release(cause);
        upload->status = 1;
    }
}

static void release(void *context)
{
    Upload *upload = context;
    sem_post(&upload->done);
}

int main(int argc, char **argv)
{
    Upload upload = {.status = 1};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &upload,
        .release = release,
        .data_task_did_receive_response = did_receive_response,
        .task_need_new_body_stream = need_new_body_stream,
        .data_task_did_receive_data = did_receive_data,
        .task_did_update_progress = did_update_progress,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    UrlSessionRequest *request;
    UrlSessionTask *task;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: upload_stream URL [FILE]\n");
        return 2;
    }
    upload.file = argc == 3 ? open(argv[2], O_RDONLY) : STDIN_FILENO;
    if (upload.file < 0) {
        perror(argv[2]);
        return 2;
    }
    upload.length = lseek(upload.file, 0, SEEK_END);
    if (upload.length >= 0) lseek(upload.file, 0, SEEK_SET);
    sem_init(&upload.done, 0, 0);
    url_session_new(NULL, &delegate, &session);
    url_session_request_new(argv[1], &request);
    url_session_request_set_http_method(request, "PUT");
    url_session_upload_task_with_streamed_request(session, request, &task);
    url_session_request_release(request);
    url_session_task_resume(task);
    url_session_task_release(task);
    url_session_finish_tasks_and_invalidate(session);
    url_session_release(session);
    sem_wait(&upload.done);
    return upload.status;
}
