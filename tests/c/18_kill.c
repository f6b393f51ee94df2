/* Downloads a file so that the process may be killed at any moment: whenever some more of it is here the download
 * pauses, its resume data goes into a file, and a new task goes on from there; so does another process. What the server
 * cuts goes on from the error's resume data. At the end the whole file is moved to the target. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
/* Less than the origin sends of any answer before it holds the rest back. */
#define PAUSE_AFTER (128 << 10)

/* One task: how it ended, and what the next one begins with. */
typedef struct {
    const char *target;
    UrlSessionData *resume_data;
    bool finished;
    int64_t offset;
    Waiter begun;
    Waiter produced;
    Waiter completed;
} Attempt;

/* Where it goes on, or 0, is known when the first bytes are. */
static void did_write(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                      int64_t expected)
{
    Attempt *attempt = context;
    if (count_of(&attempt->begun) == 0) {
        attempt->offset = total - bytes;
        happened(&attempt->begun);
    }
}

static void did_finish(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                       UrlSessionDownloadedFile *file)
{
    Attempt *attempt = context;
    CHECK(url_session_downloaded_file_move_to(file, attempt->target, NULL) == OK);
    attempt->finished = true;
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Attempt *attempt = context;
    int32_t code = url_session_error_code(error);
    CHECK(attempt->finished == (error == NULL));
    CHECK(error == NULL || code == URL_SESSION_ERROR_CODE_CANCELLED ||
          code == URL_SESSION_ERROR_CODE_NETWORK_CONNECTION_LOST);
    if (attempt->resume_data == NULL)
        attempt->resume_data = url_session_error_copy_resume_data(error);
    happened(&attempt->completed);
}

static void did_produce(void *context, UrlSessionData *resume_data)
{
    Attempt *attempt = context;
    attempt->resume_data = url_session_data_retain(resume_data);
    happened(&attempt->produced);
}

/* NULL where no process before this one has come so far. */
static UrlSessionData *read_state(const char *path)
{
    static uint8_t bytes[64 << 10];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    CHECK(length > 0 && length < sizeof bytes);
    fclose(file);
    return url_session_data_new(bytes, length);
}

/* All of it or what was there before, whenever the process ends. */
static void write_state(const char *path, const UrlSessionData *resume_data)
{
    char beside[1024];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "wb");
    CHECK(file != NULL);
    size_t length = url_session_data_length(resume_data);
    CHECK(fwrite(url_session_data_bytes(resume_data), 1, length, file) == length);
    CHECK(fclose(file) == 0);
    CHECK(rename(beside, path) == 0);
}

static UrlSession *new_session(const char *directory, Attempt *attempt)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = attempt,
        .download_task_did_write_data = did_write,
        .download_task_did_finish_downloading = did_finish,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_set_download_directory(configuration, directory) == OK);
    UrlSession *session;
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    url_session_configuration_release(configuration);
    return session;
}

static bool has_come_far(UrlSessionTask *task, Attempt *attempt)
{
    return count_of(&attempt->begun) > 0 &&
           url_session_task_count_of_bytes_received(task) - attempt->offset >= PAUSE_AFTER;
}

/* Up to the end, the cut or the pause, whichever comes first. */
static void run(UrlSessionTask *task, Attempt *attempt)
{
    CHECK(url_session_task_resume(task) == OK);
    EVENTUALLY(count_of(&attempt->completed) > 0 || has_come_far(task, attempt));
    if (count_of(&attempt->completed) == 0) {
        CHECK(url_session_task_cancel_by_producing_resume_data(task, did_produce, attempt) == OK);
        CHECK(reached(&attempt->produced, 1));
    }
    CHECK(reached(&attempt->completed, 1));
    url_session_task_release(task);
}

int main(int count, char **arguments)
{
    CHECK(count == 5);
    const char *from = arguments[1], *directory = arguments[2], *state = arguments[3];
    Attempt attempt = {.finished = false};
    UrlSession *session = new_session(directory, &attempt);
    UrlSessionData *resume_data = read_state(state);
    while (!attempt.finished) {
        attempt = (Attempt){.target = arguments[4], .begun = WAITER, .produced = WAITER, .completed = WAITER};
        UrlSessionTask *task;
        if (resume_data == NULL)
            CHECK(url_session_download_task_with_url(session, from, &task) == OK);
        else
            CHECK(url_session_download_task_with_resume_data(session, url_session_data_bytes(resume_data),
                                                             url_session_data_length(resume_data), &task) == OK);
        url_session_data_release(resume_data);
        run(task, &attempt);
        resume_data = attempt.resume_data;
        if (resume_data != NULL)
            write_state(state, resume_data);
    }
    url_session_release(session);
    return 0;
}
