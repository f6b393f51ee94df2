/* Paragraphs 1 and 2 for downloads and uploads: letting go in every slot and in a source's functions, letting go of a
 * stream right after it was given, and keeping a downloaded file beyond its slot. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define LENGTH 300000

typedef enum {
    NOWHERE,
    NEED_STREAM,
    LENGTH_OF,
    READ,
    SEND,
    CLOSE,
    RESPONSE,
    BECOME,
    WRITE,
    PROGRESS,
    FINISH,
    COMPLETE
} Place;

static const char *base, *directory;

/* One session with one task that ends well. */
typedef struct {
    Place let_go_in;
    bool has_let_go;
    bool keeps;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionTask *heir;
    UrlSessionDownloadedFile *file;
    char path[1024];
    int64_t read;
    int finished;
    Waiter completed;
    Waiter released;
    Waiter source_released;
} Run;

/* The application's references, given back in the midst of a slot that was lent the same objects. */
static void let_go(Run *run, Place place)
{
    if (run->let_go_in != place || run->has_let_go)
        return;
    run->has_let_go = true;
    url_session_release(run->session);
    url_session_task_release(run->task);
}

static int64_t length_of(void *context)
{
    let_go(context, LENGTH_OF);
    return LENGTH;
}

static void did_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *completion)
{
    Run *run = context;
    size_t left = (size_t)(LENGTH - run->read), length = left < capacity ? left : capacity;
    let_go(run, READ);
    fill(buffer, length, run->read);
    run->read += (int64_t)length;
    CHECK(url_session_read_completion_answer(completion, length) == OK);
}

static void did_close(void *context)
{
    let_go(context, CLOSE);
}

static void did_release_source(void *context)
{
    happened(&((Run *)context)->source_released);
}

/* The stream is the task's alone from here on. */
static void did_need_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                            UrlSessionBodyStreamCompletion *completion)
{
    UrlSessionBodySource source = {
        .size = sizeof source,
        .context = context,
        .release = did_release_source,
        .length = length_of,
        .read = did_read,
        .close = did_close,
    };
    UrlSessionBodyStream *stream;
    let_go(context, NEED_STREAM);
    CHECK(url_session_body_stream_new(&source, &stream) == OK);
    CHECK(url_session_body_stream_completion_answer(completion, stream) == OK);
    url_session_body_stream_release(stream);
    CHECK(url_session_body_stream_retain(stream) == NULL);
    CHECK(url_session_task_identifier(task) == 1);
}

static void did_send(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                     int64_t expected)
{
    let_go(context, SEND);
    CHECK(url_session_task_count_of_bytes_expected_to_send(task) == LENGTH);
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    Run *run = context;
    let_go(run, RESPONSE);
    CHECK(url_session_response_completion_answer(completion, url_session_task_kind(task) == URL_SESSION_TASK_KIND_DATA
                                                                 ? URL_SESSION_RESPONSE_DISPOSITION_BECOME_DOWNLOAD
                                                                 : URL_SESSION_RESPONSE_DISPOSITION_ALLOW) == OK);
}

static void did_become_download(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionTask *download)
{
    Run *run = context;
    run->heir = run->keeps ? url_session_task_retain(download) : download;
    let_go(run, BECOME);
    CHECK(url_session_task_identifier(task) == 1 && url_session_task_identifier(download) == 2);
}

static void did_write(void *context, UrlSession *session, UrlSessionTask *task, int64_t bytes, int64_t total,
                      int64_t expected)
{
    let_go(context, WRITE);
    CHECK(url_session_task_count_of_bytes_expected_to_receive(task) == LENGTH);
}

static void did_progress(void *context, UrlSession *session, UrlSessionTask *task, const UrlSessionProgress *progress)
{
    let_go(context, PROGRESS);
    CHECK(progress->size == sizeof *progress);
}

static void did_finish(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                       UrlSessionDownloadedFile *file)
{
    Run *run = context;
    let_go(run, FINISH);
    strcpy(run->path, path);
    CHECK(is_whole_file(path, LENGTH));
    run->file = file;
    if (run->keeps)
        CHECK(url_session_downloaded_file_retain(file) == file);
    run->finished++;
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    let_go(run, COMPLETE);
    CHECK(error == NULL);
    happened(&run->completed);
}

static void did_release(void *context)
{
    happened(&((Run *)context)->released);
}

static void begin(Run *run)
{
    run->completed = run->released = run->source_released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release,
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
    CHECK(url_session_new(configuration, &delegate, &run->session) == OK);
    url_session_configuration_release(configuration);
}

static void resume(Run *run, UrlSessionStatus status)
{
    CHECK(status == OK);
    CHECK(url_session_task_resume(run->task) == OK);
}

static void start_download(Run *run)
{
    begin(run);
    resume(run, url_session_download_task_with_url(run->session, url(base, "/bytes/300000"), &run->task));
}

static void start_data(Run *run)
{
    begin(run);
    resume(run, url_session_data_task_with_url(run->session, url(base, "/bytes/300000"), &run->task));
}

static void start_upload(Run *run)
{
    UrlSessionRequest *request;
    begin(run);
    CHECK(url_session_request_new(url(base, "/echo"), &request) == OK);
    CHECK(url_session_request_set_http_method(request, "PUT") == OK);
    UrlSessionStatus status = url_session_upload_task_with_streamed_request(run->session, request, &run->task);
    url_session_request_release(request);
    resume(run, status);
}

/* Nothing of the session is left. */
static void has_ended(Run *run)
{
    CHECK(reached(&run->released, 1));
    CHECK(run->has_let_go && count_of(&run->completed) == 1);
    EVENTUALLY(url_session_set_description(run->session, NULL) == URL_SESSION_STATUS_INVALID_HANDLE);
    EVENTUALLY(url_session_task_resume(run->task) == URL_SESSION_STATUS_INVALID_HANDLE);
    EVENTUALLY(url_session_task_resume(run->heir) != OK);
    CHECK(url_session_downloaded_file_retain(run->file) == NULL);
    CHECK(!exists(run->path));
    CHECK(count_of(&run->released) == 1);
}

static void release_in_every_slot(void)
{
    static const Place of_downloads[] = {WRITE, PROGRESS, FINISH, COMPLETE};
    static const Place of_data[] = {RESPONSE, BECOME, WRITE, FINISH, COMPLETE};
    static const Place of_uploads[] = {NEED_STREAM, LENGTH_OF, READ, SEND, PROGRESS, CLOSE, RESPONSE, COMPLETE};
    for (size_t index = 0; index < sizeof of_downloads / sizeof of_downloads[0]; index++) {
        Run run = {.let_go_in = of_downloads[index]};
        start_download(&run);
        has_ended(&run);
        CHECK(run.finished == 1 && run.heir == NULL);
    }
    for (size_t index = 0; index < sizeof of_data / sizeof of_data[0]; index++) {
        Run run = {.let_go_in = of_data[index]};
        start_data(&run);
        has_ended(&run);
        CHECK(run.finished == 1 && run.heir != NULL);
    }
    for (size_t index = 0; index < sizeof of_uploads / sizeof of_uploads[0]; index++) {
        Run run = {.let_go_in = of_uploads[index]};
        start_upload(&run);
        has_ended(&run);
        CHECK(reached(&run.source_released, 1));
        CHECK(run.finished == 0 && run.read == LENGTH && count_of(&run.source_released) == 1);
    }
}

/* The file outlives its slot, its task and its session, until it is let go of or moved. */
static void keep_a_file(bool moves)
{
    Run run = {.let_go_in = COMPLETE, .keeps = true};
    start_download(&run);
    CHECK(reached(&run.released, 1));
    EVENTUALLY(url_session_set_description(run.session, NULL) == URL_SESSION_STATUS_INVALID_HANDLE);
    CHECK(strcmp(url_session_downloaded_file_path(run.file), run.path) == 0);
    CHECK(is_whole_file(run.path, LENGTH));
    const char *target = path_in(directory, "kept");
    if (moves)
        CHECK(url_session_downloaded_file_move_to(run.file, target, NULL) == OK);
    CHECK(url_session_downloaded_file_retain(run.file) == run.file);
    url_session_downloaded_file_release(run.file);
    CHECK(exists(run.path) == !moves);
    url_session_downloaded_file_release(run.file);
    CHECK(!exists(run.path) && exists(target) == moves);
    CHECK(url_session_downloaded_file_path(run.file) == NULL);
    if (moves)
        CHECK(remove(target) == 0);
}

/* The download that a data task became is one's own to keep. */
static void keep_an_heir(void)
{
    Run run = {.let_go_in = COMPLETE, .keeps = true};
    start_data(&run);
    CHECK(reached(&run.released, 1));
    CHECK(url_session_task_count_of_bytes_received(run.heir) == LENGTH);
    CHECK(url_session_task_state(run.heir) == URL_SESSION_TASK_STATE_COMPLETED);
    url_session_task_release(run.heir);
    url_session_downloaded_file_release(run.file);
    EVENTUALLY(url_session_task_resume(run.heir) == URL_SESSION_STATUS_INVALID_HANDLE);
}

/* What a request has it keeps, and gives back when another body comes or when it goes. */
static void let_go_of_what_a_request_has(void)
{
    Run run = {.source_released = WAITER};
    UrlSessionBodySource source = {
        .size = sizeof source,
        .context = &run,
        .release = did_release_source,
        .read = did_read,
    };
    UrlSessionBodyStream *stream;
    UrlSessionRequest *request;
    UrlSessionMultipartForm *form = url_session_multipart_form_new();
    CHECK(url_session_request_new("http://localhost/", &request) == OK);
    for (int time = 1; time <= 3; time++) {
        CHECK(url_session_body_stream_new(&source, &stream) == OK);
        CHECK(url_session_request_set_http_body_stream(request, stream) == OK);
        url_session_body_stream_release(stream);
        CHECK(count_of(&run.source_released) == time - 1);
        if (time == 1)
            CHECK(url_session_request_set_http_body_stream(request, NULL) == OK);
        if (time == 2)
            CHECK(url_session_request_set_http_body(request, (const uint8_t *)"body", 4) == OK);
        CHECK(count_of(&run.source_released) == (time < 3 ? time : 2));
    }
    CHECK(url_session_request_set_multipart_form(request, form) == URL_SESSION_STATUS_INVALID_STATE);
    url_session_request_release(request);
    CHECK(count_of(&run.source_released) == 3);

    CHECK(url_session_request_new("http://localhost/", &request) == OK);
    CHECK(url_session_multipart_form_add_field(form, "name", "value") == OK);
    CHECK(url_session_request_set_multipart_form(request, form) == OK);
    url_session_multipart_form_release(form);
    stream = url_session_request_copy_http_body_stream(request);
    url_session_request_release(request);
    CHECK(url_session_body_stream_retain(stream) == stream);
    url_session_body_stream_release(stream);
    url_session_body_stream_release(stream);
    CHECK(url_session_body_stream_retain(stream) == NULL);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    base = arguments[1];
    directory = arguments[2];
    release_in_every_slot();
    keep_a_file(false);
    keep_a_file(true);
    keep_an_heir();
    let_go_of_what_a_request_has();
    return 0;
}
