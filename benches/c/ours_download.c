/*
 * One download task, whose file is moved to its place in the end: ours_download URL BYTES TARGET [CA-FILE|-]
 * The temporary file lies in the folder of TARGET.
 */
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "ours.h"

struct download {
    const char *target;
    sem_t invalid;
};

static void did_finish_downloading(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                                   UrlSessionDownloadedFile *file)
{
    struct download *download = context;
    (void)session, (void)task, (void)path;
    check(url_session_downloaded_file_move_to(file, download->target, NULL));
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    (void)context;
    if (error)
        fail(url_session_error_message(error));
    UrlSessionResponse *response = url_session_task_copy_response(task);
    if (url_session_response_status_code(response) != 200)
        fail("a status that is not 200");
    url_session_response_release(response);
    check(url_session_finish_tasks_and_invalidate(session));
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    struct download *download = context;
    (void)session, (void)error;
    sem_post(&download->invalid);
}

int main(int count, char **arguments)
{
    struct stat status;
    if (count < 4)
        fail("URL BYTES TARGET [CA-FILE|-]");
    struct download download = {.target = arguments[3]};
    sem_init(&download.invalid, 0, 0);

    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    char *folder = strdup(arguments[3]);
    check(url_session_configuration_set_download_directory(configuration, dirname(folder)));
    free(folder);
    if (count > 4)
        trust(configuration, arguments[4]);
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &download,
        .download_task_did_finish_downloading = did_finish_downloading,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;
    check(url_session_new(configuration, &delegate, &session));
    url_session_configuration_release(configuration);

    UrlSessionTask *task;
    check(url_session_download_task_with_url(session, arguments[1], &task));
    check(url_session_task_resume(task));
    url_session_task_release(task);
    wait_for(&download.invalid);
    url_session_release(session);
    if (stat(arguments[3], &status) != 0 || status.st_size != atoll(arguments[2]))
        fail("a file of the wrong length");
    return 0;
}
