/* Paragraphs 2, 5 and 6 for downloads: the bytes go to a file, which is whole and closed when the slot is called, and
 * gone after it unless it was moved; progress adds up; what was paused goes on in another session. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define LENGTH 3000000
/* Where the origin gets stuck. */
#define STOP 1500000

/* One task, and what is done with its file. */
typedef struct {
    int64_t length;
    void (*use)(UrlSessionDownloadedFile *file);
    char path[1024];
    int64_t offset;
    int64_t written;
    double fraction;
    int finished;
    int32_t error;
    UrlSessionData *resume_data;
    Waiter produced;
    Waiter completed;
} Run;

#define RUN .offset = -1, .produced = WAITER, .completed = WAITER

static const char *base, *directory;

static void did_resume(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset, int64_t expected)
{
    Run *run = context;
    CHECK(run->offset == -1 && run->written == 0);
    CHECK(offset > 0 && expected == run->length);
    run->offset = run->written = offset;
}

static void did_write(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                      int64_t expected)
{
    Run *run = context;
    CHECK(run->finished == 0);
    CHECK(bytes > 0 || total == run->offset);
    CHECK(total == run->written + bytes && total <= expected && expected == run->length);
    run->written = total;
}

static void did_progress(void *context, UrlSession *session, UrlSessionTask *task, const UrlSessionProgress *progress)
{
    Run *run = context;
    CHECK(progress->fraction >= run->fraction && progress->fraction <= 1);
    CHECK(progress->bytes_received <= run->length && progress->bytes_sent == 0);
    run->fraction = progress->fraction;
}

static void did_finish(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                       UrlSessionDownloadedFile *file)
{
    Run *run = context;
    CHECK(strcmp(path, url_session_downloaded_file_path(file)) == 0);
    CHECK(strncmp(path, directory, strlen(directory)) == 0);
    CHECK(is_whole_file(path, run->length));
    CHECK(run->written == run->length);
    strcpy(run->path, path);
    if (run->use != NULL)
        run->use(file);
    run->finished++;
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    run->error = url_session_error_code(error);
    CHECK(run->finished == (error == NULL));
    CHECK(!exists(run->path));
    UrlSessionData *resume_data = url_session_error_copy_resume_data(error);
    size_t length = url_session_data_length(resume_data);
    CHECK(length == url_session_data_length(run->resume_data));
    CHECK(length == 0 || memcmp(url_session_data_bytes(resume_data), url_session_data_bytes(run->resume_data),
                                length) == 0);
    url_session_data_release(resume_data);
    happened(&run->completed);
}

static void did_produce(void *context, UrlSessionData *resume_data)
{
    Run *run = context;
    CHECK(count_of(&run->completed) == 0);
    run->resume_data = url_session_data_retain(resume_data);
    happened(&run->produced);
}

static UrlSession *new_session_with(const UrlSessionDelegate *delegate, bool require_success)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    CHECK(url_session_configuration_set_download_directory(configuration, directory) == OK);
    CHECK(url_session_configuration_set_downloads_require_success(configuration, require_success) == OK);
    UrlSession *session;
    CHECK(url_session_new(configuration, delegate, &session) == OK);
    url_session_configuration_release(configuration);
    return session;
}

static UrlSession *new_session(Run *run)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .download_task_did_resume_at_offset = did_resume,
        .download_task_did_write_data = did_write,
        .task_did_update_progress = did_progress,
        .download_task_did_finish_downloading = did_finish,
        .task_did_complete = did_complete,
    };
    return new_session_with(&delegate, false);
}

/* The task to its end, which is a whole file. */
static void finish(Run *run, UrlSession *session, UrlSessionTask *task)
{
    CHECK(url_session_task_kind(task) == URL_SESSION_TASK_KIND_DOWNLOAD);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&run->completed, 1));
    CHECK(run->finished == 1 && run->error == 0 && run->fraction == 1);
    UrlSessionProgress progress = {.size = sizeof progress};
    CHECK(url_session_task_progress(task, &progress) == OK);
    CHECK(progress.fraction == 1 && progress.seconds_left == 0);
    CHECK(progress.bytes_received == run->length && progress.bytes_expected_to_receive == run->length);
    url_session_task_release(task);
    url_session_release(session);
}

static void run_whole(Run *run)
{
    UrlSession *session = new_session(run);
    UrlSessionTask *task;
    CHECK(url_session_download_task_with_url(session, url(base, "/bytes/3000000"), &task) == OK);
    finish(run, session, task);
    CHECK(run->offset == -1);
}

static void do_not_move(void)
{
    Run run = {.length = LENGTH, RUN};
    run_whole(&run);
}

static void move(UrlSessionDownloadedFile *file)
{
    const char *target = path_in(directory, "moved");
    CHECK(url_session_downloaded_file_move_to(file, target, NULL) == OK);
    CHECK(strcmp(url_session_downloaded_file_path(file), target) == 0);
    CHECK(url_session_downloaded_file_move_to(file, target, NULL) == URL_SESSION_STATUS_INVALID_STATE);
}

/* Twice to the same place, where the second replaces the first. */
static void move_in_the_slot(void)
{
    for (int time = 0; time < 2; time++) {
        Run run = {.length = LENGTH, .use = move, RUN};
        run_whole(&run);
        CHECK(is_whole_file(path_in(directory, "moved"), LENGTH));
    }
    CHECK(remove(path_in(directory, "moved")) == 0);
}

/* What cannot be moved there is still where it was, and can be moved elsewhere. */
static void move_nowhere_then_somewhere(UrlSessionDownloadedFile *file)
{
    UrlSessionError *error = NULL;
    CHECK(url_session_downloaded_file_move_to(file, path_in(directory, "no/such/directory"), &error) ==
          URL_SESSION_STATUS_FAILED);
    CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_CANNOT_MOVE_FILE);
    UrlSessionError *cause = url_session_error_copy_underlying(error);
    CHECK(strcmp(url_session_error_domain(cause), "NSPOSIXErrorDomain") == 0);
    CHECK(url_session_error_code(cause) == ENOENT);
    url_session_error_release(cause);
    url_session_error_release(error);
    CHECK(is_whole_file(url_session_downloaded_file_path(file), LENGTH));
    CHECK(url_session_downloaded_file_move_to(file, path_in(directory, "moved"), &error) == OK);
    CHECK(error == NULL);
}

static void move_after_a_failure(void)
{
    Run run = {.length = LENGTH, .use = move_nowhere_then_somewhere, RUN};
    run_whole(&run);
    CHECK(is_whole_file(path_in(directory, "moved"), LENGTH));
    CHECK(remove(path_in(directory, "moved")) == 0);
}

static void did_release(void *released)
{
    happened(released);
}

/* Without a finish slot the file goes where the task was told. */
static void move_by_itself(void)
{
    Waiter released = WAITER;
    UrlSessionDelegate delegate = {.size = sizeof delegate, .context = &released, .release = did_release};
    UrlSession *session = new_session_with(&delegate, false);
    UrlSessionTask *task;
    CHECK(url_session_download_task_with_url(session, url(base, "/bytes/3000000"), &task) == OK);
    CHECK(url_session_task_set_download_destination(task, path_in(directory, "moved")) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(url_session_task_set_download_destination(task, path_in(directory, "late")) ==
          URL_SESSION_STATUS_INVALID_STATE);
    url_session_release(session);
    CHECK(reached(&released, 1));
    CHECK(url_session_task_copy_error(task) == NULL);
    CHECK(is_whole_file(path_in(directory, "moved"), LENGTH));
    CHECK(remove(path_in(directory, "moved")) == 0);
    url_session_task_release(task);
}

/* Up to where the origin gets stuck. */
static UrlSessionData *pause(UrlSession *session, Run *run, UrlSessionTask *task)
{
    CHECK(url_session_task_resume(task) == OK);
    EVENTUALLY(url_session_task_count_of_bytes_received(task) == STOP);
    CHECK(url_session_task_cancel_by_producing_resume_data(task, did_produce, run) == OK);
    CHECK(reached(&run->completed, 1));
    CHECK(count_of(&run->produced) == 1 && run->resume_data != NULL);
    CHECK(run->error == URL_SESSION_ERROR_CODE_CANCELLED);
    url_session_task_release(task);
    url_session_release(session);
    return run->resume_data;
}

static void pause_and_go_on(void)
{
    Run first = {.length = LENGTH, RUN}, second = {.length = LENGTH, RUN};
    UrlSession *session = new_session(&first);
    UrlSessionTask *task;
    CHECK(url_session_download_task_with_url(session, url(base, "/file/3000000/half"), &task) == OK);
    UrlSessionData *resume_data = pause(session, &first, task);

    session = new_session(&second);
    CHECK(url_session_download_task_with_resume_data(session, url_session_data_bytes(resume_data),
                                                     url_session_data_length(resume_data), &task) == OK);
    url_session_data_release(resume_data);
    finish(&second, session, task);
    CHECK(second.offset == STOP);
}

static void did_not_produce(void *context, UrlSessionData *resume_data)
{
    CHECK(resume_data == NULL);
    happened(context);
}

/* A task that has ended, or never began, has nothing to go on from; the handler is told so, once. */
static void pause_too_late_and_too_early(void)
{
    Run run = {.length = LENGTH, RUN};
    Waiter produced = WAITER;
    UrlSession *session = new_session(&run);
    UrlSessionTask *task;
    CHECK(url_session_download_task_with_url(session, url(base, "/bytes/3000000"), &task) == OK);
    CHECK(url_session_task_cancel_by_producing_resume_data(task, did_not_produce, &produced) == OK);
    CHECK(reached(&produced, 1) && reached(&run.completed, 1));
    CHECK(run.error == URL_SESSION_ERROR_CODE_CANCELLED);
    CHECK(url_session_task_cancel_by_producing_resume_data(task, did_not_produce, &produced) == OK);
    CHECK(reached(&produced, 2));
    CHECK(count_of(&run.completed) == 1);
    url_session_task_release(task);
    url_session_release(session);
}

/* What must come of a task with a handler. */
typedef struct {
    int32_t status_code;
    int32_t error;
    int64_t length;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionDownloadedFile *file, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    CHECK((file == NULL) == (error != NULL));
    CHECK(url_session_error_code(error) == outcome->error);
    CHECK(url_session_response_status_code(response) == outcome->status_code);
    if (file != NULL && outcome->length > 0) {
        CHECK(is_whole_file(url_session_downloaded_file_path(file), outcome->length));
        CHECK(url_session_downloaded_file_move_to(file, path_in(directory, "handled"), NULL) == OK);
        CHECK(remove(path_in(directory, "handled")) == 0);
    }
    happened(&outcome->end);
}

static void never_finish(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                         UrlSessionDownloadedFile *file)
{
    CHECK(!"the handler stands in for the finish slot");
}

static void handle(UrlSession *session, const char *to, Outcome outcome)
{
    UrlSessionTask *task;
    UrlSessionRequest *request;
    CHECK(url_session_download_task_with_url_completion_handler(session, to, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 1));
    url_session_task_release(task);
    CHECK(url_session_request_new(to, &request) == OK);
    CHECK(url_session_download_task_with_request_completion_handler(session, request, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 2));
    url_session_task_release(task);
    url_session_request_release(request);
}

/* An HTTP error is a download like any other, unless the configuration says that it is none. */
static void with_handlers(bool require_success)
{
    UrlSessionDelegate delegate = {.size = sizeof delegate, .download_task_did_finish_downloading = never_finish};
    UrlSession *session = new_session_with(&delegate, require_success);
    int32_t failure = require_success ? URL_SESSION_ERROR_CODE_BAD_SERVER_RESPONSE : 0;
    handle(session, url(base, "/bytes/3000000"), (Outcome){.status_code = 200, .length = LENGTH, .end = WAITER});
    handle(session, url(base, "/status/404"), (Outcome){.status_code = 404, .error = failure, .end = WAITER});
    handle(session, url(base, "/cut"),
           (Outcome){.status_code = 200, .error = URL_SESSION_ERROR_CODE_NETWORK_CONNECTION_LOST, .end = WAITER});
    url_session_release(session);
}

static void go_on_with_a_handler(void)
{
    Run run = {.length = LENGTH, RUN};
    Outcome outcome = {.status_code = 206, .length = LENGTH, .end = WAITER};
    UrlSession *session = new_session(&run);
    UrlSessionTask *task;
    CHECK(url_session_download_task_with_url(session, url(base, "/file/3000000/half"), &task) == OK);
    UrlSessionData *resume_data = pause(session, &run, task);
    session = new_session_with(NULL, false);
    CHECK(url_session_download_task_with_resume_data_completion_handler(
              session, url_session_data_bytes(resume_data), url_session_data_length(resume_data), handler, &outcome,
              &task) == OK);
    url_session_data_release(resume_data);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 1));
    url_session_task_release(task);
    url_session_release(session);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    base = arguments[1];
    directory = arguments[2];
    do_not_move();
    move_in_the_slot();
    move_after_a_failure();
    move_by_itself();
    pause_and_go_on();
    pause_too_late_and_too_early();
    with_handlers(false);
    with_handlers(true);
    go_on_with_a_handler();
    return 0;
}
