/* Paragraphs 6, 8 and 9 for downloads and uploads: as 09_misuse.c. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define INVALID URL_SESSION_STATUS_INVALID_ARGUMENT
#define LENGTH 20000

static const char not_utf8[] = "caf\xE9";

static void did_produce(void *context, UrlSessionData *resume_data)
{
    *(UrlSessionData **)context = url_session_data_retain(resume_data);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    happened(context);
}

/* Resume data of a download that has got stuck half way. */
static UrlSessionData *pause(UrlSession *session, Waiter *completed, const char *base)
{
    UrlSessionData *resume_data = NULL;
    UrlSessionTask *task;
    CHECK(url_session_download_task_with_url(session, url(base, "/file/20000/half"), &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    EVENTUALLY(url_session_task_count_of_bytes_received(task) == LENGTH / 2);
    CHECK(url_session_task_cancel_by_producing_resume_data(task, did_produce, &resume_data) == OK);
    CHECK(reached(completed, 1));
    url_session_task_release(task);
    CHECK(resume_data != NULL);
    return resume_data;
}

static void refused(UrlSession *session, const uint8_t *bytes, size_t length)
{
    UrlSessionTask *task = (UrlSessionTask *)session;
    CHECK(url_session_download_task_with_resume_data(session, bytes, length, &task) == INVALID);
    CHECK(task == NULL);
    CHECK(url_session_discard_resume_data(session, bytes, length) == INVALID);
}

/* Cut anywhere, with any byte changed, with more behind it: it is not taken. */
static void bad_resume_data(UrlSession *session, const UrlSessionData *resume_data)
{
    static uint8_t bytes[4096];
    size_t length = url_session_data_length(resume_data);
    CHECK(length > 0 && length < sizeof bytes);
    memcpy(bytes, url_session_data_bytes(resume_data), length);
    for (size_t cut = 0; cut < length; cut++)
        refused(session, bytes, cut);
    for (size_t place = 0; place < length; place++) {
        bytes[place] ^= 0x01;
        refused(session, bytes, length);
        bytes[place] ^= 0x01;
    }
    refused(session, bytes, length + 1);
    refused(session, (const uint8_t *)"bplist00", 8);
    CHECK(memcmp(bytes, url_session_data_bytes(resume_data), length) == 0);
}

/* Another request may bring what is secret, but not another resource. */
static void bad_request_for_resume_data(UrlSession *session, const UrlSessionData *resume_data, const char *base)
{
    static const struct {
        const char *path;
        UrlSessionStatus status;
    } cases[] = {
        {"/file/20000", INVALID},
        {"/file/20000/half/more", INVALID},
        {"/file/20000/half", OK},
        {"/file/20000/half?signature=new", OK},
    };
    UrlSessionRequest *request;
    UrlSessionTask *task;
    const uint8_t *bytes = url_session_data_bytes(resume_data);
    size_t length = url_session_data_length(resume_data);
    CHECK(url_session_request_new("http://localhost:1/file/20000/half", &request) == OK);
    CHECK(url_session_download_task_with_resume_data_request(session, bytes, length, request, &task) == INVALID);
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        CHECK(url_session_request_set_url(request, url(base, cases[index].path)) == OK);
        CHECK(url_session_download_task_with_resume_data_request(session, bytes, length, request, &task) ==
              cases[index].status);
        CHECK((task != NULL) == (cases[index].status == OK));
        url_session_task_cancel(task);
        url_session_task_release(task);
    }
    url_session_request_release(request);
}

static void bad_configuration(void)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_download_directory(configuration) == NULL);
    CHECK(url_session_configuration_set_download_directory(configuration, "") == INVALID);
    CHECK(url_session_configuration_set_download_directory(configuration, not_utf8) == INVALID);
    CHECK(url_session_configuration_download_directory(configuration) == NULL);
    CHECK(!url_session_configuration_downloads_require_success(configuration));
    CHECK(url_session_configuration_expect_continue_above(configuration) == UINT64_MAX);
    CHECK(url_session_configuration_set_timeout_interval_for_continue(configuration, NAN) == INVALID);
    CHECK(url_session_configuration_set_timeout_interval_for_continue(configuration, -1) == INVALID);
    CHECK(url_session_configuration_timeout_interval_for_continue(configuration) == 1);
    CHECK(url_session_configuration_set_timeout_interval_for_continue(configuration, 2) == OK);
    CHECK(url_session_configuration_set_timeout_interval_for_continue(configuration, 0) == OK);
    CHECK(url_session_configuration_timeout_interval_for_continue(configuration) == 1);
    url_session_configuration_release(configuration);
}

/* A form after all that was refused is empty. */
static void bad_form(void)
{
    UrlSessionMultipartForm *form = url_session_multipart_form_new(), *other = url_session_multipart_form_new();
    const uint8_t *bytes = (const uint8_t *)"bytes";
    UrlSessionRequest *request;
    CHECK(url_session_multipart_form_add_field(form, not_utf8, "value") == INVALID);
    CHECK(url_session_multipart_form_add_field(form, "name", not_utf8) == INVALID);
    CHECK(url_session_multipart_form_add_bytes(form, "name", not_utf8, NULL, bytes, 5) == INVALID);
    CHECK(url_session_multipart_form_add_bytes(form, "name", NULL, "text/plain\r\nEvil: 1", bytes, 5) == INVALID);
    CHECK(url_session_multipart_form_add_bytes(form, "name", NULL, not_utf8, bytes, 5) == INVALID);
    CHECK(url_session_multipart_form_add_bytes(form, "name", NULL, NULL, bytes, SIZE_MAX) == INVALID);
    CHECK(url_session_multipart_form_add_file(form, "name", not_utf8, NULL, NULL) == INVALID);
    CHECK(url_session_multipart_form_add_file(form, "name", "path", NULL, "text/plain\n") == INVALID);
    const char *content_type = url_session_multipart_form_content_type(form);
    CHECK(strncmp(content_type, "multipart/form-data; boundary=", 30) == 0);
    CHECK(strcmp(content_type, url_session_multipart_form_content_type(other)) != 0);

    UrlSessionBodyStream *stream = url_session_multipart_form_copy_body_stream(form);
    CHECK(url_session_request_new("http://localhost/", &request) == OK);
    CHECK(url_session_request_set_http_method(request, "PUT") == OK);
    CHECK(url_session_request_set_multipart_form(request, form) == OK);
    CHECK(strcmp(url_session_request_http_method(request), "PUT") == 0);
    url_session_body_stream_release(stream);
    url_session_request_release(request);
    url_session_multipart_form_release(form);
    url_session_multipart_form_release(other);
}

static void bad_paths(UrlSession *session, UrlSessionRequest *request)
{
    UrlSessionTask *task = (UrlSessionTask *)session;
    UrlSessionBodyStream *stream = (UrlSessionBodyStream *)session;
    CHECK(url_session_upload_task_with_request_from_file(session, request, not_utf8, &task) == INVALID && task == NULL);
    CHECK(url_session_body_stream_new_with_file(not_utf8, &stream) == INVALID && stream == NULL);
    CHECK(url_session_download_task_with_url(session, not_utf8, &task) == INVALID && task == NULL);
    CHECK(url_session_download_task_with_request(session, request, &task) == OK);
    CHECK(url_session_task_set_download_destination(task, "") == INVALID);
    CHECK(url_session_task_set_download_destination(task, not_utf8) == INVALID);
    CHECK(url_session_task_cancel(task) == OK);
    CHECK(url_session_task_set_download_destination(task, "path") == URL_SESSION_STATUS_INVALID_STATE);
    url_session_task_release(task);
}

static void never_outcome(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    CHECK(!"a handler is called though its task was never made");
}

static void never_file(void *context, UrlSessionDownloadedFile *file, UrlSessionResponse *response,
                       UrlSessionError *error)
{
    CHECK(!"a handler is called though its task was never made");
}

#define REFUSED(call)                                                                                                  \
    do {                                                                                                               \
        UrlSessionTask *task = (UrlSessionTask *)&session;                                                             \
        CHECK(call == URL_SESSION_STATUS_SESSION_INVALIDATED);                                                         \
        CHECK(task == NULL);                                                                                           \
    } while (0)

/* An invalidated session makes nothing, whoever asks, and takes no handler. */
static void create_after_invalidation(UrlSession *session, UrlSessionRequest *request,
                                      const UrlSessionData *resume_data)
{
    const char *to = url_session_request_url(request);
    const uint8_t *body = (const uint8_t *)"body", *bytes = url_session_data_bytes(resume_data);
    size_t length = url_session_data_length(resume_data);
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    REFUSED(url_session_download_task_with_url(session, to, &task));
    REFUSED(url_session_download_task_with_request(session, request, &task));
    REFUSED(url_session_download_task_with_resume_data(session, bytes, length, &task));
    REFUSED(url_session_download_task_with_url_completion_handler(session, to, never_file, NULL, &task));
    REFUSED(url_session_download_task_with_request_completion_handler(session, request, never_file, NULL, &task));
    REFUSED(url_session_download_task_with_resume_data_completion_handler(session, bytes, length, never_file, NULL,
                                                                          &task));
    REFUSED(url_session_upload_task_with_request_from_data(session, request, body, 4, &task));
    REFUSED(url_session_upload_task_with_request_from_file(session, request, "path", &task));
    REFUSED(url_session_upload_task_with_streamed_request(session, request, &task));
    REFUSED(url_session_upload_task_with_request_from_data_completion_handler(session, request, body, 4, never_outcome,
                                                                              NULL, &task));
    REFUSED(url_session_upload_task_with_request_from_file_completion_handler(session, request, "path", never_outcome,
                                                                              NULL, &task));
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    const char *base = arguments[1];
    Waiter completed = WAITER;
    UrlSessionDelegate delegate = {.size = sizeof delegate, .context = &completed, .task_did_complete = did_complete};
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    UrlSessionRequest *request;
    CHECK(url_session_configuration_set_download_directory(configuration, arguments[2]) == OK);
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    CHECK(url_session_request_new(url(base, "/hello"), &request) == OK);
    url_session_configuration_release(configuration);
    UrlSessionData *resume_data = pause(session, &completed, base);
    bad_resume_data(session, resume_data);
    bad_request_for_resume_data(session, resume_data, base);
    bad_configuration();
    bad_form();
    bad_paths(session, request);
    create_after_invalidation(session, request, resume_data);
    /* What was paused, the two that were made from it, and the one with the bad paths. */
    CHECK(reached(&completed, 4));
    url_session_data_release(resume_data);
    url_session_request_release(request);
    url_session_release(session);
    return 0;
}
