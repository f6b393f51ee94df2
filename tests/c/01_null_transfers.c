/* Paragraphs 1 and 7 for downloads and uploads: as 01_null.c. */
#include <string.h>

#include "null.h"

#define BYTES ((const uint8_t *)"bytes")

/* One living object of every kind that downloads and uploads have. */
static UrlSession *session;
static UrlSessionTask *upload;
static UrlSessionTask *download;
static UrlSessionRequest *request;
static UrlSessionConfiguration *configuration;
static UrlSessionBodyStream *stream;
static UrlSessionMultipartForm *form;
static UrlSessionReadCompletion *read_question;
static UrlSessionBodyStreamCompletion *stream_question;
static UrlSessionDownloadedFile *file;

static Waiter created = WAITER;
static Waiter completed = WAITER;
static Waiter invalid = WAITER;

static void did_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *question)
{
    read_question = url_session_read_completion_retain(question);
    CHECK(url_session_read_completion_answer(question, 0) == OK);
}

static void did_create(void *context, UrlSession *of, UrlSessionTask *task)
{
    happened(&created);
}

static void did_need_stream(void *context, UrlSession *of, UrlSessionTask *by, int64_t offset,
                            UrlSessionBodyStreamCompletion *question)
{
    stream_question = url_session_body_stream_completion_retain(question);
    CHECK(url_session_body_stream_completion_answer(question, stream) == OK);
}

static void did_finish(void *context, UrlSession *of, UrlSessionTask *by, const char *path,
                       UrlSessionDownloadedFile *whole)
{
    file = url_session_downloaded_file_retain(whole);
}

static void did_complete(void *context, UrlSession *of, UrlSessionTask *by, UrlSessionError *why)
{
    CHECK(why == NULL);
    happened(&completed);
}

static void did_become_invalid(void *context, UrlSession *of, UrlSessionError *why)
{
    happened(&invalid);
}

static void never_outcome(void *context, UrlSessionData *body, UrlSessionResponse *head, UrlSessionError *why)
{
    CHECK(!"a handler is called though its task was never made");
}

static void never_file(void *context, UrlSessionDownloadedFile *whole, UrlSessionResponse *head, UrlSessionError *why)
{
    CHECK(!"a handler is called though its task was never made");
}

static void never_resume_data(void *context, UrlSessionData *resume_data)
{
    CHECK(!"a handler is called though the call was refused");
}

static void never_release(void *context)
{
    CHECK(!"a context is released though it was refused");
}

static void bad_task(void *bad, UrlSessionStatus status)
{
    UrlSessionProgress progress = {.size = sizeof progress, .fraction = 7};
    CHECK(url_session_task_kind(bad) == URL_SESSION_TASK_KIND_DATA);
    CHECK(url_session_task_cancel_by_producing_resume_data(bad, never_resume_data, NULL) == status);
    CHECK(url_session_task_set_download_destination(bad, "path") == status);
    CHECK(url_session_task_set_download_destination(bad, NULL) == status);
    CHECK(url_session_task_progress(bad, &progress) == status);
    CHECK(progress.fraction == 7);
}

/* Every function that makes a download or an upload, with `from` for the session and `of` for the request. */
static void bad_makers_of(UrlSession *from, UrlSessionRequest *of, UrlSessionStatus status)
{
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_request(from, of, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_request_completion_handler(from, of, never_file, NULL,
                                                                                           &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_data(from, of, BYTES, 5, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_data_completion_handler(
                                     from, of, BYTES, 5, never_outcome, NULL, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_file(from, of, "path", &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_file_completion_handler(
                                     from, of, "path", never_outcome, NULL, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_streamed_request(from, of, &out) == status);
}

static void bad_session(void *bad, UrlSessionStatus status)
{
    const char *to = "http://localhost/";
    bad_makers_of(bad, request, status);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_url(bad, to, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_url_completion_handler(bad, to, never_file, NULL,
                                                                                       &out) == status);
    /* No resume data, and no session to go on in: either may be said first. */
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data(bad, BYTES, 5, &out) != OK);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data_completion_handler(
                                     bad, BYTES, 5, never_file, NULL, &out) != OK);
    WRITTEN_NULL(UrlSessionTask,
                 url_session_download_task_with_resume_data_request(bad, BYTES, 5, request, &out) != OK);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data_request_completion_handler(
                                     bad, BYTES, 5, request, never_file, NULL, &out) != OK);
    CHECK(url_session_discard_resume_data(bad, BYTES, 5) == status);
    CHECK(url_session_download_task_with_url(bad, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_url_completion_handler(bad, NULL, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_request(bad, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_request_completion_handler(bad, NULL, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_resume_data(bad, NULL, 0, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_resume_data_completion_handler(bad, NULL, 0, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_resume_data_request(bad, NULL, 0, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_resume_data_request_completion_handler(bad, NULL, 0, NULL, NULL, NULL, NULL) ==
          NO_POINTER);
    CHECK(url_session_upload_task_with_request_from_data(bad, NULL, NULL, 0, NULL) == NO_POINTER);
    CHECK(url_session_upload_task_with_request_from_data_completion_handler(bad, NULL, NULL, 0, NULL, NULL, NULL) ==
          NO_POINTER);
    CHECK(url_session_upload_task_with_request_from_file(bad, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_upload_task_with_request_from_file_completion_handler(bad, NULL, NULL, NULL, NULL, NULL) ==
          NO_POINTER);
    CHECK(url_session_upload_task_with_streamed_request(bad, NULL, NULL) == NO_POINTER);
}

static void bad_request(void *bad, UrlSessionStatus status)
{
    bad_makers_of(session, bad, status);
    CHECK(url_session_request_set_http_body_stream(bad, stream) == status);
    CHECK(url_session_request_set_http_body_stream(bad, NULL) == status);
    CHECK(url_session_request_copy_http_body_stream(bad) == NULL);
    CHECK(url_session_request_set_multipart_form(bad, form) == status);
}

static void bad_stream(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_body_stream_retain(bad) == NULL);
    url_session_body_stream_release(bad);
    if (bad != NULL) {
        CHECK(url_session_request_set_http_body_stream(request, bad) == status);
        CHECK(url_session_body_stream_completion_answer(stream_question, bad) == status);
    }
}

static void bad_stream_question(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_body_stream_completion_retain(bad) == NULL);
    url_session_body_stream_completion_release(bad);
    CHECK(url_session_body_stream_completion_answer(bad, NULL) == status);
    CHECK(url_session_body_stream_completion_answer(bad, stream) == status);
}

static void bad_read_question(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_read_completion_retain(bad) == NULL);
    url_session_read_completion_release(bad);
    CHECK(url_session_read_completion_answer(bad, 0) == status);
    CHECK(url_session_read_completion_fail(bad, 5) == status);
}

static void bad_form(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_multipart_form_retain(bad) == NULL);
    url_session_multipart_form_release(bad);
    CHECK(url_session_multipart_form_add_field(bad, "name", "value") == status);
    CHECK(url_session_multipart_form_add_bytes(bad, "name", "filename", "text/plain", BYTES, 5) == status);
    CHECK(url_session_multipart_form_add_file(bad, "name", "path", "filename", "text/plain") == status);
    CHECK(url_session_multipart_form_content_type(bad) == NULL);
    CHECK(url_session_multipart_form_copy_body_stream(bad) == NULL);
    CHECK(url_session_request_set_multipart_form(request, bad) == status);
}

static void bad_file(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_downloaded_file_retain(bad) == NULL);
    url_session_downloaded_file_release(bad);
    CHECK(url_session_downloaded_file_path(bad) == NULL);
    WRITTEN_NULL(UrlSessionError, url_session_downloaded_file_move_to(bad, "path", &out) == status);
    CHECK(url_session_downloaded_file_move_to(bad, "path", NULL) == status);
    CHECK(url_session_downloaded_file_move_to(bad, NULL, NULL) == status);
}

static void bad_error(void *bad, UrlSessionStatus status)
{
    (void)status;
    CHECK(url_session_error_copy_resume_data(bad) == NULL);
}

static void bad_configuration(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_configuration_set_download_directory(bad, "path") == status);
    CHECK(url_session_configuration_set_download_directory(bad, NULL) == status);
    CHECK(url_session_configuration_download_directory(bad) == NULL);
    CHECK(url_session_configuration_set_downloads_require_success(bad, true) == status);
    CHECK(!url_session_configuration_downloads_require_success(bad));
    CHECK(url_session_configuration_set_expect_continue_above(bad, 1) == status);
    CHECK(url_session_configuration_expect_continue_above(bad) == 0);
    CHECK(url_session_configuration_set_timeout_interval_for_continue(bad, 1) == status);
    CHECK(url_session_configuration_timeout_interval_for_continue(bad) == 0);
}

/* The right handle, and NULL for each of the other pointers; with and without it where NULL means something. */
static void null_arguments(void)
{
    UrlSessionBodySource source = {.size = sizeof source, .release = never_release, .read = did_read};
    WRITTEN_NULL(UrlSessionBodyStream, url_session_body_stream_new(NULL, &out) == NO_POINTER);
    CHECK(url_session_body_stream_new(&source, NULL) == NO_POINTER);
    CHECK(url_session_body_stream_new(NULL, NULL) == NO_POINTER);
    source.read = NULL;
    WRITTEN_NULL(UrlSessionBodyStream, url_session_body_stream_new(&source, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionBodyStream, url_session_body_stream_new_with_file(NULL, &out) == NO_POINTER);
    CHECK(url_session_body_stream_new_with_file("path", NULL) == NO_POINTER);
    CHECK(url_session_request_set_http_body_stream(request, NULL) == OK);
    CHECK(url_session_request_copy_http_body_stream(request) == NULL);
    CHECK(url_session_body_stream_completion_answer(stream_question, NULL) == URL_SESSION_STATUS_ALREADY_ANSWERED);

    CHECK(url_session_multipart_form_add_field(form, NULL, "value") == NO_POINTER);
    CHECK(url_session_multipart_form_add_field(form, "name", NULL) == NO_POINTER);
    CHECK(url_session_multipart_form_add_bytes(form, NULL, "filename", "text/plain", BYTES, 5) == NO_POINTER);
    CHECK(url_session_multipart_form_add_bytes(form, "name", NULL, NULL, NULL, 1) == NO_POINTER);
    CHECK(url_session_multipart_form_add_bytes(form, "name", NULL, NULL, NULL, 0) == OK);
    CHECK(url_session_multipart_form_add_file(form, NULL, "path", NULL, NULL) == NO_POINTER);
    CHECK(url_session_multipart_form_add_file(form, "name", NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_multipart_form_add_file(form, "name", "path", NULL, NULL) == OK);

    CHECK(url_session_configuration_set_download_directory(configuration, NULL) == OK);
    CHECK(url_session_configuration_download_directory(configuration) == NULL);

    WRITTEN_NULL(UrlSessionError, url_session_downloaded_file_move_to(file, NULL, &out) == NO_POINTER);
    CHECK(url_session_downloaded_file_move_to(file, NULL, NULL) == NO_POINTER);
    CHECK(url_session_downloaded_file_path(file) != NULL);
    CHECK(url_session_task_cancel_by_producing_resume_data(download, NULL, NULL) == NO_POINTER);
    CHECK(url_session_task_set_download_destination(download, NULL) == URL_SESSION_STATUS_INVALID_STATE);
    CHECK(url_session_task_progress(download, NULL) == NO_POINTER);
}

static void null_arguments_of_makers(const char *to)
{
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_url(session, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_url_completion_handler(session, NULL, never_file, NULL,
                                                                                       &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_url_completion_handler(session, to, NULL, NULL,
                                                                                       &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_request_completion_handler(session, request, NULL, NULL,
                                                                                           &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data(session, NULL, 1, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data(session, NULL, 0, &out) == NO_VALUE);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data_completion_handler(
                                     session, NULL, 1, never_file, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data_request(session, NULL, 1, request, &out) ==
                                     NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_download_task_with_resume_data_request_completion_handler(
                                     session, NULL, 1, request, never_file, NULL, &out) == NO_POINTER);
    CHECK(url_session_discard_resume_data(session, NULL, 1) == NO_POINTER);
    CHECK(url_session_discard_resume_data(session, NULL, 0) == NO_VALUE);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_data(session, request, NULL, 1, &out) ==
                                     NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_data_completion_handler(
                                     session, request, BYTES, 5, NULL, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_data_completion_handler(
                                     session, request, NULL, 1, never_outcome, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_file(session, request, NULL, &out) ==
                                     NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_file_completion_handler(
                                     session, request, NULL, never_outcome, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_upload_task_with_request_from_file_completion_handler(
                                     session, request, "path", NULL, NULL, &out) == NO_POINTER);
    CHECK(url_session_download_task_with_url(session, to, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_url_completion_handler(session, to, never_file, NULL, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_request(session, request, NULL) == NO_POINTER);
    CHECK(url_session_download_task_with_request_completion_handler(session, request, never_file, NULL, NULL) ==
          NO_POINTER);
    CHECK(url_session_upload_task_with_request_from_data(session, request, BYTES, 5, NULL) == NO_POINTER);
    CHECK(url_session_upload_task_with_request_from_file(session, request, "path", NULL) == NO_POINTER);
    CHECK(url_session_upload_task_with_streamed_request(session, request, NULL) == NO_POINTER);
}

/* An upload and a download that ran, and what they gave. */
static void make_objects(const char *base)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .did_create_task = did_create,
        .task_need_new_body_stream = did_need_stream,
        .download_task_did_finish_downloading = did_finish,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSessionBodySource source = {.size = sizeof source, .read = did_read};
    CHECK((configuration = url_session_configuration_new_default()) != NULL);
    CHECK((form = url_session_multipart_form_new()) != NULL);
    CHECK(url_session_body_stream_new(&source, &stream) == OK);
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    CHECK(url_session_request_new(url(base, "/echo"), &request) == OK);
    CHECK(url_session_request_set_http_method(request, "POST") == OK);
    CHECK(url_session_upload_task_with_streamed_request(session, request, &upload) == OK);
    CHECK(url_session_task_resume(upload) == OK);
    CHECK(url_session_download_task_with_url(session, url(base, "/hello"), &download) == OK);
    CHECK(url_session_task_resume(download) == OK);
    CHECK(reached(&completed, 2));
    CHECK(stream_question != NULL && read_question != NULL && file != NULL);
}

/* What is released is dead, while the others of its kind live. */
static void sweep_all(void)
{
    UrlSessionBodyStream *dead_stream = url_session_multipart_form_copy_body_stream(form);
    CHECK(dead_stream != NULL);
    url_session_body_stream_release(dead_stream);
    UrlSessionMultipartForm *dead_form = url_session_multipart_form_new();
    url_session_multipart_form_release(dead_form);
    sweep(bad_task, session, dead_form);
    sweep(bad_session, form, dead_form);
    sweep(bad_request, form, dead_form);
    sweep(bad_stream, form, dead_stream);
    sweep(bad_stream_question, read_question, dead_form);
    sweep(bad_read_question, stream_question, dead_form);
    sweep(bad_form, stream, dead_form);
    sweep(bad_file, form, dead_form);
    sweep(bad_error, form, dead_form);
    sweep(bad_configuration, request, dead_form);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    make_objects(arguments[1]);
    sweep_all();
    null_arguments();
    null_arguments_of_makers(url(arguments[1], "/hello"));
    CHECK(count_of(&created) == 2);
    CHECK(url_session_task_kind(upload) == URL_SESSION_TASK_KIND_UPLOAD);
    CHECK(url_session_task_kind(download) == URL_SESSION_TASK_KIND_DOWNLOAD);

    url_session_downloaded_file_release(file);
    bad_file(file, NO_HANDLE);
    url_session_read_completion_release(read_question);
    bad_read_question(read_question, NO_HANDLE);
    url_session_body_stream_completion_release(stream_question);
    bad_stream_question(stream_question, NO_HANDLE);
    url_session_body_stream_release(stream);
    url_session_multipart_form_release(form);
    bad_form(form, NO_HANDLE);
    url_session_request_release(request);
    url_session_configuration_release(configuration);
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    CHECK(reached(&invalid, 1));
    url_session_task_release(upload);
    url_session_task_release(download);
    bad_task(download, NO_HANDLE);
    url_session_release(session);
    return 0;
}
