/*
 * Pauses a download and goes on with it, makes one of a data task, and uploads from a slow source; prints every call
 * that it makes and every slot that is called:
 *
 *     transfers HTTP HTTPS AUTHORITY   with the base URLs of the tests' origin and the PEM file of its authority
 *
 * Ends with 0 only when every task ended as it should and every byte is where it belongs.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <urlsession.h>

#include "transcript.h"

enum { DOWNLOADED = 1000 * 1000, UPLOADED = 300 * 1000, PIECE = 30 * 1000 };

static sem_t told; /* Posted by the end of a task, and by the release of the delegate. */
static char folder[] = "/tmp/urlsession-demo-XXXXXX";
static char target[sizeof folder + sizeof "/file"];
static UrlSessionData *paused; /* The resume data. */
static bool pausing;           /* Whether the task is to be paused at its first bytes. */
static int64_t resumed_at;
static int64_t given; /* Bytes of the body, by its source. */

/* The byte at this place of the origin's files. */
static uint8_t pattern(int64_t place)
{
    return (uint8_t)(place % 251);
}

static void did_produce_resume_data(void *context, UrlSessionData *resume_data)
{
    (void)context;
    line("slot", "resume data handler: %zu bytes", url_session_data_length(resume_data));
    paused = url_session_data_retain(resume_data);
}

/* The delegate's slots, in the order of the life cycle. */

static void did_resume_at_offset(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                                 int64_t expected)
{
    (void)context, (void)session;
    line("slot", "download_task_did_resume_at_offset: task %" PRIu64 ", %" PRId64 " of %" PRId64 " bytes",
         url_session_task_identifier(task), offset, expected);
    resumed_at = offset;
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    UrlSessionResponseDisposition answer = URL_SESSION_RESPONSE_DISPOSITION_ALLOW;
    (void)context, (void)session;
    if (url_session_task_kind(task) == URL_SESSION_TASK_KIND_DATA) {
        answer = URL_SESSION_RESPONSE_DISPOSITION_BECOME_DOWNLOAD;
    }
    line("slot", "data_task_did_receive_response: task %" PRIu64 ", answer %s", url_session_task_identifier(task),
         answer == URL_SESSION_RESPONSE_DISPOSITION_ALLOW ? "ALLOW" : "BECOME_DOWNLOAD");
    print_response(response);
    url_session_response_completion_answer(completion, answer);
}

static void did_become_download_task(void *context, UrlSession *session, UrlSessionTask *task,
                                     UrlSessionTask *download_task)
{
    (void)context, (void)session;
    line("slot", "data_task_did_become_download_task: task %" PRIu64 " is task %" PRIu64 " from now on",
         url_session_task_identifier(task), url_session_task_identifier(download_task));
}

static int64_t body_length(void *context)
{
    (void)context;
    return UPLOADED;
}

static void body_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    size_t length = given + PIECE <= UPLOADED ? PIECE : (size_t)(UPLOADED - given);
    (void)context;
    if (length > capacity) length = capacity;
    memset(buffer, 'x', length);
    given += (int64_t)length;
    nanosleep(&pause, NULL); /* A slow source; one that must not block would answer later. */
    line("slot", "body source's read: %zu bytes", length);
    url_session_read_completion_answer(completion, length);
}

static void body_close(void *context)
{
    (void)context;
    line("slot", "body source's close");
}

static void need_new_body_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                                 UrlSessionBodyStreamCompletion *completion)
{
    const UrlSessionBodySource source = {
        .size = sizeof source,
        .length = body_length,
        .read = body_read,
        .close = body_close,
    };
    UrlSessionBodyStream *stream;
    (void)context, (void)session;
    line("slot", "task_need_new_body_stream: task %" PRIu64 ", from %" PRId64, url_session_task_identifier(task),
         offset);
    given = offset;
    check(url_session_body_stream_new(&source, &stream));
    url_session_body_stream_completion_answer(completion, stream);
    url_session_body_stream_release(stream);
}

static void did_send_body_data(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                               int64_t expected)
{
    (void)context, (void)session;
    line("slot", "task_did_send_body_data: task %" PRIu64 ", %" PRId64 " bytes, %" PRId64 " of %" PRId64,
         url_session_task_identifier(task), bytes, total, expected);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    (void)context, (void)session, (void)data;
    line("slot", "data_task_did_receive_data: task %" PRIu64 ", \"%.*s\"", url_session_task_identifier(task),
         (int)length, (const char *)bytes);
}

static void did_write_data(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                           int64_t expected)
{
    (void)context, (void)session;
    line("slot", "download_task_did_write_data: task %" PRIu64 ", %" PRId64 " bytes, %" PRId64 " of %" PRId64,
         url_session_task_identifier(task), bytes, total, expected);
    if (pausing) {
        pausing = false;
        line("call", "url_session_task_cancel_by_producing_resume_data");
        check(url_session_task_cancel_by_producing_resume_data(task, did_produce_resume_data, NULL));
    }
}

static void did_finish_downloading(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                                   UrlSessionDownloadedFile *file)
{
    (void)context, (void)session;
    line("slot", "download_task_did_finish_downloading: task %" PRIu64, url_session_task_identifier(task));
    detail("%s", path);
    line("call", "url_session_downloaded_file_move_to: %s", target);
    check(url_session_downloaded_file_move_to(file, target, NULL));
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    (void)context, (void)session;
    line("slot", "task_did_complete: task %" PRIu64 ", %s, %s", url_session_task_identifier(task), state(task),
         error != NULL ? "with error" : "no error");
    if (error != NULL) print_error("error", error);
    sem_post(&told);
}

static void release(void *context)
{
    (void)context;
    line("slot", "release");
    sem_post(&told);
}

/* The story, told once for every base URL. */

static UrlSession *open_session(const char *authority)
{
    const UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .release = release,
        .download_task_did_resume_at_offset = did_resume_at_offset,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_become_download_task = did_become_download_task,
        .task_need_new_body_stream = need_new_body_stream,
        .task_did_send_body_data = did_send_body_data,
        .data_task_did_receive_data = did_receive_data,
        .download_task_did_write_data = did_write_data,
        .download_task_did_finish_downloading = did_finish_downloading,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    heading("Steps 1 and 2: a session whose downloads go to a folder of our choice");
    UrlSessionConfiguration *configuration = make_configuration(authority);
    line("call", "url_session_configuration_set_download_directory: %s", folder);
    check(url_session_configuration_set_download_directory(configuration, folder));
    check(url_session_new(configuration, &delegate, &session));
    url_session_configuration_release(configuration);
    return session;
}

static void run(UrlSessionTask *task, UrlSessionErrorCode expected)
{
    line("call", "url_session_task_resume: task %" PRIu64, url_session_task_identifier(task));
    check(url_session_task_resume(task));
    sem_wait(&told);
    expect(task, expected);
    url_session_task_release(task);
}

/* The target has every byte that the origin sent, and goes. */
static void verify(void)
{
    int64_t place = 0;
    int byte = 0;
    FILE *file = fopen(target, "rb");
    while (file != NULL && (byte = getc(file)) != EOF && byte == pattern(place)) place++;
    if (file != NULL) fclose(file);
    if (place != DOWNLOADED || byte != EOF) {
        surprise("the file differs at byte %" PRId64, place);
    } else {
        detail("the file is whole: %" PRId64 " bytes", place);
    }
    remove(target);
}

static void paused_then_resumed(UrlSession *session, const char *base)
{
    UrlSessionTask *task;
    heading("Step 10: a download from an origin that gets stuck half way, paused");
    check(url_session_download_task_with_url(session, at(base, "/file/1000000/half"), &task));
    pausing = true;
    run(task, URL_SESSION_ERROR_CODE_CANCELLED);
    if (paused == NULL) {
        surprise("no resume data");
        return;
    }

    heading("Step 6: resumed, in a task of its own, which says where it goes on; step 12: its file");
    line("call", "url_session_download_task_with_resume_data");
    check(url_session_download_task_with_resume_data(session, url_session_data_bytes(paused),
                                                     url_session_data_length(paused), &task));
    url_session_data_release(paused);
    paused = NULL;
    run(task, 0);
    if (resumed_at <= 0) surprise("it began anew");
    resumed_at = 0;
    verify();
}

static void became_download(UrlSession *session, const char *base)
{
    UrlSessionTask *task;
    heading("Step 7: the response gate makes a download of a data task");
    check(url_session_data_task_with_url(session, at(base, "/file/1000000"), &task));
    run(task, 0);
    verify();
}

static void uploaded(UrlSession *session, const char *base)
{
    UrlSessionRequest *request;
    UrlSessionTask *task;
    heading("Steps 8 and 9: an upload whose body is asked for as it goes out");
    check(url_session_request_new(at(base, "/upload"), &request));
    check(url_session_request_set_http_method(request, "PUT"));
    line("call", "url_session_upload_task_with_streamed_request");
    check(url_session_upload_task_with_streamed_request(session, request, &task));
    url_session_request_release(request);
    run(task, 0);
}

static void tour(const char *base, const char *authority)
{
    printf("\n======== %s ========\n", base);
    UrlSession *session = open_session(authority);
    paused_then_resumed(session, base);
    became_download(session, base);
    uploaded(session, base);
    check(url_session_finish_tasks_and_invalidate(session));
    url_session_release(session);
    sem_wait(&told);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: transfers HTTP HTTPS AUTHORITY\n");
        return 2;
    }
    sem_init(&told, 0, 0);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    snprintf(target, sizeof target, "%s/file", folder);
    begin_transcript("Transfers of a URL session");
    tour(argv[1], argv[3]);
    tour(argv[2], argv[3]);
    /* Nothing may be left in it. */
    if (rmdir(folder) != 0) surprise("%s cannot be removed", folder);
    return end_transcript();
}
