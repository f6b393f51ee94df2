/* Paragraph 5 for downloads and uploads, and for the functions of a body source: as 06_reentrancy.c. */
#include "everything.h"

#define LENGTH 20000
/* Where the origin gets stuck. */
#define HALF 10000

enum {
    RESUME_DATA,
    EARLY,
    RESUMED,
    NEED_STREAM,
    LENGTH_OF,
    READ,
    REWIND,
    CLOSE,
    SOURCE_RELEASE,
    SEND,
    BECOME,
    WRITE,
    PROGRESS,
    FINISH,
    DOWNLOAD_HANDLER,
    PLACES
};

static const char *base, *early, *directory;
/* Of the download that stops half way. */
static UrlSessionTask *half;
static UrlSessionData *resume_data;
static Waiter produced = WAITER;

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    atomic_fetch_add(&((Run *)context)->created, 1);
}

static void did_receive_early(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head)
{
    enter();
    here(context, EARLY, task);
    CHECK(url_session_response_status_code(head) == 103);
    leave();
}

static void did_resume(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset, int64_t expected)
{
    enter();
    here(context, RESUMED, task);
    leave();
}

/* A data task becomes a download, and an upload goes on. */
static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head,
                                 UrlSessionResponseCompletion *question)
{
    bool becomes = url_session_task_kind(task) == URL_SESSION_TASK_KIND_DATA;
    enter();
    url_session_response_completion_answer(question, becomes ? URL_SESSION_RESPONSE_DISPOSITION_BECOME_DOWNLOAD
                                                             : URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
    leave();
}

static void did_become_download(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionTask *download)
{
    enter();
    here(context, BECOME, download);
    leave();
}

static int64_t length_of(void *context)
{
    Run *run = context;
    enter();
    here(run, LENGTH_OF, run->task);
    leave();
    return 1;
}

static void did_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *question)
{
    Run *run = context;
    enter();
    here(run, READ, run->task);
    buffer[0] = 'x';
    CHECK(url_session_read_completion_answer(question, 1) == OK);
    leave();
}

static bool did_rewind(void *context, int64_t offset)
{
    Run *run = context;
    enter();
    here(run, REWIND, run->task);
    leave();
    return true;
}

static void did_close(void *context)
{
    Run *run = context;
    enter();
    here(run, CLOSE, run->task);
    leave();
}

/* Not a message: whoever lets go of the stream last calls it. */
static void did_release_source(void *context)
{
    here(context, SOURCE_RELEASE, half);
}

static UrlSessionBodyStream *new_stream(Run *run)
{
    UrlSessionBodySource source = {
        .size = sizeof source,
        .context = run,
        .release = did_release_source,
        .length = length_of,
        .read = did_read,
        .rewind = did_rewind,
        .close = did_close,
    };
    UrlSessionBodyStream *stream;
    CHECK(url_session_body_stream_new(&source, &stream) == OK);
    return stream;
}

static void did_need_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                            UrlSessionBodyStreamCompletion *question)
{
    UrlSessionMultipartForm *form = url_session_multipart_form_new();
    UrlSessionBodyStream *stream = url_session_multipart_form_copy_body_stream(form);
    enter();
    here(context, NEED_STREAM, task);
    url_session_body_stream_completion_answer(question, stream);
    url_session_body_stream_release(stream);
    url_session_multipart_form_release(form);
    leave();
}

static void did_send(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                     int64_t expected)
{
    enter();
    here(context, SEND, task);
    leave();
}

static void did_write(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                      int64_t expected)
{
    enter();
    here(context, WRITE, task);
    leave();
}

static void did_progress(void *context, UrlSession *session, UrlSessionTask *task, const UrlSessionProgress *progress)
{
    enter();
    here(context, PROGRESS, task);
    leave();
}

static void did_finish(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                       UrlSessionDownloadedFile *whole)
{
    enter();
    here(context, FINISH, task);
    CHECK(strcmp(url_session_downloaded_file_path(whole), path) == 0);
    leave();
}

static void download_handler(void *context, UrlSessionDownloadedFile *whole, UrlSessionResponse *head,
                             UrlSessionError *why)
{
    Run *run = context;
    enter();
    here(run, DOWNLOAD_HANDLER, run->task);
    has_completed(run, false);
    leave();
}

static void did_produce(void *context, UrlSessionData *bytes)
{
    enter();
    here(context, RESUME_DATA, half);
    resume_data = url_session_data_retain(bytes);
    leave();
    happened(&produced);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *why)
{
    enter();
    has_completed(context, url_session_task_identifier(task) == 1);
    leave();
}

static void did_release(void *context)
{
    enter();
    leave();
    happened(&((Run *)context)->released);
}

/* A download that gets stuck half way, and is paused; or that has ended because of what was done to it. */
static void download_half(Run *run)
{
    int before = count_of(&produced);
    CHECK(url_session_download_task_with_url(run->session, url(base, "/file/20000/half"), &half) == OK);
    atomic_store(&run->task, half);
    CHECK(url_session_task_resume(half) == OK);
    EVENTUALLY(url_session_task_count_of_bytes_received(half) == HALF || count_of(&run->main_tasks) == 1);
    CHECK(url_session_task_cancel_by_producing_resume_data(half, did_produce, run) == OK);
    CHECK(reached(&produced, before + 1));
    CHECK(reached(&run->main_tasks, 1));
}

/* The other half, or the whole where what was done has left nothing to go on from. */
static void download_the_rest(Run *run)
{
    UrlSessionTask *task;
    UrlSessionStatus status;
    if (resume_data == NULL)
        status = url_session_download_task_with_url(run->session, url(base, "/file/20000"), &task);
    else
        status = url_session_download_task_with_resume_data(run->session, url_session_data_bytes(resume_data),
                                                            url_session_data_length(resume_data), &task);
    url_session_data_release(resume_data);
    resume_data = NULL;
    end(status, task, url_session_task_resume);
}

/* Two bodies that go out twice: one that the delegate gives, and one that rewinds, whose task is given back. */
static UrlSessionTask *upload(Run *run)
{
    UrlSessionRequest *request;
    UrlSessionTask *task;
    CHECK(url_session_request_new(url(base, "/redirect-to?status=307&url=/echo"), &request) == OK);
    CHECK(url_session_request_set_http_method(request, "PUT") == OK);
    UrlSessionStatus status = url_session_upload_task_with_streamed_request(run->session, request, &task);
    end(status, task, url_session_task_resume);
    UrlSessionBodyStream *stream = new_stream(run);
    CHECK(url_session_request_set_http_body_stream(request, stream) == OK);
    url_session_body_stream_release(stream);
    status = url_session_data_task_with_request(run->session, request, &task);
    if (task != NULL)
        atomic_store(&run->task, url_session_task_retain(task));
    end(status, task, url_session_task_resume);
    url_session_request_release(request);
    return task;
}

/* Whatever is done in between, everything ends as the contract says. */
static void run_once(int place, void (*what)(Run *, UrlSessionTask *), bool elsewhere, const char *to)
{
    Run run = {.place = place, .what = what, .elsewhere = elsewhere, .to = to};
    run.main_tasks = run.listed = run.invalid = run.released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &run,
        .release = did_release,
        .did_create_task = did_create_task,
        .task_did_receive_informational_response = did_receive_early,
        .download_task_did_resume_at_offset = did_resume,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_become_download_task = did_become_download,
        .task_need_new_body_stream = did_need_stream,
        .task_did_send_body_data = did_send,
        .download_task_did_write_data = did_write,
        .task_did_update_progress = did_progress,
        .download_task_did_finish_downloading = did_finish,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_set_download_directory(configuration, directory) == OK);
    CHECK(url_session_new(configuration, &delegate, &run.session) == OK);
    url_session_configuration_release(configuration);
    UrlSessionTask *task;
    download_half(&run);
    UrlSessionTask *main_task = upload(&run);
    download_the_rest(&run);
    UrlSessionStatus status = url_session_data_task_with_url(run.session, url(early, "/early"), &task);
    end(status, task, url_session_task_resume);
    status = url_session_download_task_with_url_completion_handler(run.session, to, download_handler, &run, &task);
    end(status, task, url_session_task_resume);
    CHECK(url_session_finish_tasks_and_invalidate(run.session) == OK);
    CHECK(reached(&run.released, 1));
    url_session_task_release(main_task);
    CHECK(reached(&run.listed, what == everything ? 1 : 0));
    EVENTUALLY(atomic_load(&run.done));
    CHECK(atomic_load(&run.created) == atomic_load(&run.completed));
    CHECK(count_of(&run.released) == 1);
    url_session_task_release(half);
    url_session_release(run.session);
}

int main(int count, char **arguments)
{
    CHECK(count > 4);
    base = arguments[1];
    directory = arguments[2];
    early = arguments[3];
    keep_objects(base);
    keep_challenges(base, arguments[4]);
    char to[512];
    strcpy(to, url(base, "/hello"));
    in_every_place(PLACES, run_once, to);
    release_challenges();
    release_objects();
    return 0;
}
