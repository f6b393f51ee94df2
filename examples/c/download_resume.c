/*
 * Downloads a URL to a file, with a progress bar:
 *
 *     download_resume URL FILE
 *
 * Ctrl-C pauses: what it takes to go on is written to FILE.resume, as it is when the connection breaks. The same
 * command goes on from there, and begins anew where the server's file is another one by now.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <libgen.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <urlsession.h>

/* Where a transfer can be, and what leads there. */
typedef enum {
    IDLE,
    RUNNING,   /* from IDLE: url_session_task_resume */
    PAUSING,   /* from RUNNING: url_session_task_cancel_by_producing_resume_data */
    PAUSED,    /* from PAUSING: its handler got resume data */
    RESUMABLE, /* from RUNNING: failed, and the error has resume data */
    COMPLETED, /* from RUNNING, and from PAUSING where the last byte was here already */
    FAILED,    /* from RUNNING: failed, and there is nothing to go on from */
    CANCELLED, /* from PAUSING: its handler got none, for the server does not say which file this is */
} State;

typedef struct {
    const char *path;
    char *resume_path;
    _Atomic State state;
    atomic_bool ended;
} Download;

static sem_t happened; /* Posted by Ctrl-C, and at the end of the session. */

static bool save(UrlSessionData *resume_data, const char *path)
{
    size_t length = url_session_data_length(resume_data);
    FILE *file = fopen(path, "wb");
    if (file == NULL) return false;
    bool written = fwrite(url_session_data_bytes(resume_data), 1, length, file) == length;
    return fclose(file) == 0 && written;
}

/* The slots and handlers, which come one at a time. */

static void did_resume_at_offset(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                                 int64_t expected)
{
    (void)context, (void)session, (void)task;
    fprintf(stderr, "going on at byte %" PRId64 " of %" PRId64 "\n", offset, expected);
}

static void did_update_progress(void *context, UrlSession *session, UrlSessionTask *task,
                                const UrlSessionProgress *progress)
{
    static const char full[] = "########################################";
    int width = sizeof full - 1, filled = (int)(progress->fraction * width);
    double mib = (double)progress->bytes_received / (1 << 20), rate = progress->bytes_per_second / (1 << 20);
    (void)context, (void)session, (void)task;
    if (progress->fraction < 0) {
        fprintf(stderr, "\r%.1f MiB  %.1f MiB/s\033[K", mib, rate);
    } else {
        fprintf(stderr, "\r[%-*.*s] %3.0f%%  %.1f MiB  %.1f MiB/s", width, filled, full, progress->fraction * 100, mib,
                rate);
        if (progress->seconds_left >= 0) fprintf(stderr, "  %.0f s left", progress->seconds_left);
        fprintf(stderr, "\033[K");
    }
}

static void did_finish_downloading(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                                   UrlSessionDownloadedFile *file)
{
    Download *download = context;
    UrlSessionError *error = NULL;
    (void)session, (void)task, (void)path;
    if (url_session_downloaded_file_move_to(file, download->path, &error) == URL_SESSION_STATUS_OK) {
        download->state = COMPLETED;
    } else {
        fprintf(stderr, "\n%s", url_session_error_message(error));
        download->state = FAILED;
    }
    url_session_error_release(error);
}

static void did_pause(void *context, UrlSessionData *resume_data)
{
    Download *download = context;
    if (resume_data != NULL && save(resume_data, download->resume_path)) download->state = PAUSED;
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Download *download = context;
    (void)session, (void)task;
    if (error == NULL || download->state == PAUSED) return; /* Said before. */
    fprintf(stderr, "\n%s", url_session_error_message(error));
    UrlSessionData *resume_data = url_session_error_copy_resume_data(error);
    if (resume_data != NULL) {
        download->state = save(resume_data, download->resume_path) ? RESUMABLE : FAILED;
    } else {
        download->state = url_session_error_code(error) == URL_SESSION_ERROR_CODE_CANCELLED ? CANCELLED : FAILED;
    }
    url_session_data_release(resume_data);
}

static void release(void *context)
{
    Download *download = context;
    download->ended = true;
    sem_post(&happened);
}

static void interrupted(int signal)
{
    (void)signal;
    sem_post(&happened);
}

/* From the resume data where there is any for this URL, else from the beginning. */
static UrlSessionStatus make_task(UrlSession *session, const char *url, const char *resume_path, UrlSessionTask **task)
{
    uint8_t resume_data[16 * 1024];
    size_t length = 0;
    UrlSessionRequest *request;
    UrlSessionStatus status = url_session_request_new(url, &request);
    FILE *file = fopen(resume_path, "rb");
    if (file != NULL) {
        length = fread(resume_data, 1, sizeof resume_data, file);
        fclose(file);
    }
    if (status == URL_SESSION_STATUS_OK) {
        status = url_session_download_task_with_resume_data_request(session, resume_data, length, request, task);
        if (status == URL_SESSION_STATUS_INVALID_ARGUMENT) {
            status = url_session_download_task_with_request(session, request, task);
        }
    }
    url_session_request_release(request);
    return status;
}

static UrlSession *open_session(Download *download)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = download,
        .release = release,
        .download_task_did_resume_at_offset = did_resume_at_offset,
        .task_did_update_progress = did_update_progress,
        .download_task_did_finish_downloading = did_finish_downloading,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    /* On the file system of the target, so that moving there is renaming; and where the next run looks for it. */
    char *path = strdup(download->path);
    url_session_configuration_set_download_directory(configuration, dirname(path));
    url_session_configuration_set_downloads_require_success(configuration, true);
    url_session_new(configuration, &delegate, &session);
    url_session_configuration_release(configuration);
    free(path);
    return session;
}

int main(int argc, char **argv)
{
    static const char *const outcomes[] = {
        [PAUSED] = "paused: the same command goes on",    [RESUMABLE] = "failed: the same command goes on",
        [COMPLETED] = "completed",                        [FAILED] = "failed",
        [CANCELLED] = "cancelled: this cannot be resumed",
    };
    const struct sigaction once = {.sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND};
    Download download = {.state = IDLE};
    UrlSessionTask *task;
    if (argc != 3) {
        fprintf(stderr, "usage: download_resume URL FILE\n");
        return 2;
    }
    download.path = argv[2];
    download.resume_path = malloc(strlen(argv[2]) + sizeof ".resume");
    strcat(strcpy(download.resume_path, argv[2]), ".resume");
    sem_init(&happened, 0, 0);
    UrlSession *session = open_session(&download);
    UrlSessionStatus status = make_task(session, argv[1], download.resume_path, &task);
    if (status != URL_SESSION_STATUS_OK) {
        fprintf(stderr, "download_resume: %s\n", url_session_status_message(status));
        return 2;
    }
    sigaction(SIGINT, &once, NULL);
    download.state = RUNNING;
    url_session_task_resume(task);
    url_session_finish_tasks_and_invalidate(session);
    url_session_release(session);
    while (!download.ended) {
        State running = RUNNING;
        if (sem_wait(&happened) != 0 || download.ended) continue;
        if (atomic_compare_exchange_strong(&download.state, &running, PAUSING)) {
            url_session_task_cancel_by_producing_resume_data(task, did_pause, &download);
        }
    }
    url_session_task_release(task);
    fprintf(stderr, "\n%s\n", outcomes[download.state]);
    if (download.state == COMPLETED || download.state == CANCELLED) remove(download.resume_path);
    free(download.resume_path);
    return download.state != COMPLETED;
}
