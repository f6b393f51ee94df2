/* Paragraph 6 for downloads: a disk that is full (here a limit that the process has set itself), a directory that is
 * missing, is none or may not be written to fail the task, with the system's reason, and nothing is left behind. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define ROOM 100000
#define NOBODY 65534

/* What must come of a task. */
typedef struct {
    int32_t error;
    int32_t cause;
    Waiter completed;
} Run;

static void never_finish(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                         UrlSessionDownloadedFile *file)
{
    CHECK(!"a file is finished though it could not be written");
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    CHECK(url_session_error_code(error) == run->error);
    CHECK(strlen(url_session_error_message(error)) > 0);
    CHECK(url_session_error_copy_resume_data(error) == NULL);
    UrlSessionError *cause = url_session_error_copy_underlying(error);
    CHECK(strcmp(url_session_error_domain(cause), "NSPOSIXErrorDomain") == 0);
    CHECK(url_session_error_code(cause) == run->cause);
    url_session_error_release(cause);
    happened(&run->completed);
}

static void fail(const char *directory, const char *to, int32_t error, int32_t cause)
{
    Run run = {.error = error, .cause = cause, .completed = WAITER};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &run,
        .download_task_did_finish_downloading = never_finish,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_configuration_set_download_directory(configuration, directory) == OK);
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    url_session_configuration_release(configuration);
    CHECK(url_session_download_task_with_url(session, to, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&run.completed, 1));
    url_session_task_release(task);
    url_session_release(session);
}

static void unwritable(const char *directory, const char *to)
{
    const char *closed = path_in(directory, "closed");
    uid_t self = geteuid();
    CHECK(mkdir(closed, 0500) == 0);
    /* root may write everywhere. */
    CHECK(self != 0 || seteuid(NOBODY) == 0);
    fail(closed, to, URL_SESSION_ERROR_CODE_CANNOT_CREATE_FILE, EACCES);
    CHECK(seteuid(self) == 0);
    CHECK(rmdir(closed) == 0);
}

static void not_a_directory(const char *directory, const char *to)
{
    const char *path = path_in(directory, "file");
    write_file(path, 1);
    fail(path, to, URL_SESSION_ERROR_CODE_CANNOT_CREATE_FILE, ENOTDIR);
    CHECK(remove(path) == 0);
}

static void full(const char *directory, const char *to)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = ROOM;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    fail(directory, to, URL_SESSION_ERROR_CODE_CANNOT_WRITE_TO_FILE, EFBIG);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    const char *to = url(arguments[1], "/bytes/3000000"), *directory = arguments[2];
    fail(path_in(directory, "missing"), to, URL_SESSION_ERROR_CODE_CANNOT_CREATE_FILE, ENOENT);
    unwritable(directory, to);
    not_a_directory(directory, to);
    full(directory, to);
    return 0;
}
