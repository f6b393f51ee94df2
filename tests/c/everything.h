/* Every function there is, called once, and what else can be done in a place. */
#ifndef EVERYTHING_H
#define EVERYTHING_H

#include <string.h>

#include "challenges.h"
#include "cookies.h"
#include "kept.h"
#include "run.h"
#include "trust.h"

static void handler_of_a_new_task(void *context, UrlSessionData *body, UrlSessionResponse *head, UrlSessionError *why)
{
    enter();
    has_completed(context, false);
    leave();
}

static void handler_of_a_new_download(void *context, UrlSessionDownloadedFile *whole, UrlSessionResponse *head,
                                      UrlSessionError *why)
{
    enter();
    has_completed(context, false);
    leave();
}

static void no_resume_data(void *context, UrlSessionData *resume_data)
{
    enter();
    CHECK(resume_data == NULL);
    leave();
}

static void listed_again(void *context, UrlSessionTask *const *tasks, size_t count)
{
    Run *run = context;
    enter();
    happened(&run->listed);
    leave();
}

static UrlSessionStatus pause(UrlSessionTask *task)
{
    return url_session_task_cancel_by_producing_resume_data(task, no_resume_data, NULL);
}

static UrlSessionMultipartForm *call_form(void)
{
    UrlSessionMultipartForm *form = url_session_multipart_form_new();
    CHECK(url_session_multipart_form_retain(form) == form);
    url_session_multipart_form_release(form);
    CHECK(url_session_multipart_form_add_field(form, "name", "value") == OK);
    CHECK(url_session_multipart_form_add_bytes(form, "name", NULL, NULL, (const uint8_t *)"bytes", 5) == OK);
    CHECK(url_session_multipart_form_add_file(form, "name", "path", NULL, NULL) == OK);
    CHECK(strstr(url_session_multipart_form_content_type(form), "boundary=") != NULL);
    return form;
}

static void never_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *question)
{
    CHECK(!"a stream is read that no task has");
}

static void call_streams(void)
{
    UrlSessionBodySource source = {.size = sizeof source, .read = never_read};
    UrlSessionBodyStream *stream;
    CHECK(url_session_body_stream_new(&source, &stream) == OK);
    CHECK(url_session_body_stream_completion_retain(stream_completion) == stream_completion);
    url_session_body_stream_completion_release(stream_completion);
    CHECK(url_session_body_stream_completion_answer(stream_completion, stream) ==
          URL_SESSION_STATUS_ALREADY_ANSWERED);
    url_session_body_stream_release(stream);
    CHECK(url_session_body_stream_new_with_file("path", &stream) == OK);
    url_session_body_stream_release(stream);
    CHECK(url_session_read_completion_retain(read_completion) == read_completion);
    url_session_read_completion_release(read_completion);
    CHECK(url_session_read_completion_answer(read_completion, 0) == URL_SESSION_STATUS_ALREADY_ANSWERED);
    CHECK(url_session_read_completion_fail(read_completion, 5) == URL_SESSION_STATUS_ALREADY_ANSWERED);
}

static void call_file(void)
{
    UrlSessionError *why = NULL;
    CHECK(url_session_downloaded_file_retain(file) == file);
    url_session_downloaded_file_release(file);
    CHECK(url_session_downloaded_file_path(file) != NULL);
    CHECK(url_session_downloaded_file_move_to(file, "/no/such/directory", &why) == URL_SESSION_STATUS_FAILED);
    CHECK(url_session_error_code(why) == URL_SESSION_ERROR_CODE_CANNOT_MOVE_FILE);
    url_session_error_release(why);
}

static UrlSessionRequest *call_request(const char *to)
{
    UrlSessionRequest *request;
    const char *name, *value;
    const uint8_t *body;
    size_t length;
    CHECK(url_session_request_new("http://localhost/", &request) == OK);
    CHECK(url_session_request_retain(request) == request);
    url_session_request_release(request);
    CHECK(url_session_request_set_url(request, to) == OK);
    CHECK(url_session_request_url(request) != NULL);
    CHECK(url_session_request_set_http_method(request, "POST") == OK);
    CHECK(url_session_request_http_method(request) != NULL);
    CHECK(url_session_request_set_value_for_header_field(request, "One", "1") == OK);
    CHECK(url_session_request_add_value_for_header_field(request, "Two", "2") == OK);
    CHECK(url_session_request_suppress_header_field(request, "User-Agent") == OK);
    CHECK(url_session_request_value_for_header_field(request, "one") != NULL);
    CHECK(url_session_request_header_field_count(request) == 2);
    CHECK(url_session_request_header_field_at(request, 1, &name, &value) == OK);
    CHECK(url_session_request_set_http_body(request, (const uint8_t *)"body", 4) == OK);
    CHECK(url_session_request_http_body(request, &body, &length) == OK && length == 4);
    CHECK(url_session_request_set_timeout_interval(request, 50) == OK);
    CHECK(url_session_request_timeout_interval(request) == 50);
    CHECK(url_session_request_set_timeout_interval_for_resource(request, 50) == OK);
    CHECK(url_session_request_timeout_interval_for_resource(request) == 50);
    CHECK(url_session_request_set_maximum_redirects(request, 5) == OK);
    UrlSessionMultipartForm *form = call_form();
    CHECK(url_session_request_set_multipart_form(request, form) == OK);
    UrlSessionBodyStream *stream = url_session_multipart_form_copy_body_stream(form);
    CHECK(url_session_request_set_http_body_stream(request, stream) == OK);
    url_session_body_stream_release(stream);
    stream = url_session_request_copy_http_body_stream(request);
    CHECK(url_session_body_stream_retain(stream) == stream);
    url_session_body_stream_release(stream);
    url_session_body_stream_release(stream);
    url_session_multipart_form_release(form);
    CHECK(url_session_request_set_http_body_stream(request, NULL) == OK);
    UrlSessionRequest *copy = url_session_request_copy(request);
    url_session_request_release(request);
    return copy;
}

static void call_configuration(UrlSessionConfiguration *configuration)
{
    CHECK(url_session_configuration_retain(configuration) == configuration);
    url_session_configuration_release(configuration);
    CHECK(url_session_configuration_set_timeout_interval_for_request(configuration, 50) == OK);
    CHECK(url_session_configuration_timeout_interval_for_request(configuration) == 50);
    CHECK(url_session_configuration_set_timeout_interval_for_resource(configuration, 50) == OK);
    CHECK(url_session_configuration_timeout_interval_for_resource(configuration) == 50);
    CHECK(url_session_configuration_set_timeout_interval_for_connect(configuration, 50) == OK);
    CHECK(url_session_configuration_timeout_interval_for_connect(configuration) == 50);
    CHECK(url_session_configuration_set_http_maximum_connections_per_host(configuration, 2) == OK);
    CHECK(url_session_configuration_http_maximum_connections_per_host(configuration) == 2);
    CHECK(url_session_configuration_set_http_additional_header(configuration, "Three", "3") == OK);
    CHECK(url_session_configuration_add_trusted_certificates(configuration, (const uint8_t *)"no PEM", 6) ==
          URL_SESSION_STATUS_INVALID_ARGUMENT);
    CHECK(url_session_configuration_set_tls_minimum_version(configuration, URL_SESSION_TLS_VERSION_V1_3) == OK);
    CHECK(url_session_configuration_set_tls_maximum_version(configuration, URL_SESSION_TLS_VERSION_V1_3) == OK);
    CHECK(url_session_configuration_set_maximum_redirects(configuration, 5) == OK);
    CHECK(url_session_configuration_maximum_redirects(configuration) == 5);
    CHECK(url_session_configuration_add_sensitive_header_field(configuration, "Four") == OK);
    CHECK(url_session_configuration_maximum_header_size(configuration) > 0);
    CHECK(url_session_configuration_maximum_header_count(configuration) > 0);
    CHECK(url_session_configuration_maximum_decoded_size(configuration) > 0);
    CHECK(url_session_configuration_maximum_gathered_size(configuration) > 0);
    CHECK(url_session_configuration_maximum_decompression_ratio(configuration) > 0);
    CHECK(url_session_configuration_tls_minimum_version(configuration) > 0);
    CHECK(url_session_configuration_tls_maximum_version(configuration) > 0);
    CHECK(url_session_configuration_set_maximum_header_size(configuration, 1024) == OK);
    CHECK(url_session_configuration_set_maximum_header_count(configuration, 10) == OK);
    CHECK(url_session_configuration_set_maximum_decoded_size(configuration, 1000) == OK);
    CHECK(url_session_configuration_set_maximum_gathered_size(configuration, 1000) == OK);
    CHECK(url_session_configuration_set_maximum_decompression_ratio(configuration, 10) == OK);
    CHECK(url_session_configuration_set_dialer(configuration, NULL, NULL, NULL) == OK);
    CHECK(url_session_configuration_set_download_directory(configuration, "/tmp") == OK);
    CHECK(url_session_configuration_download_directory(configuration) != NULL);
    CHECK(url_session_configuration_set_download_directory(configuration, NULL) == OK);
    CHECK(url_session_configuration_set_downloads_require_success(configuration, true) == OK);
    CHECK(url_session_configuration_downloads_require_success(configuration));
    CHECK(url_session_configuration_set_expect_continue_above(configuration, 1000) == OK);
    CHECK(url_session_configuration_expect_continue_above(configuration) == 1000);
    CHECK(url_session_configuration_set_timeout_interval_for_continue(configuration, 2) == OK);
    CHECK(url_session_configuration_timeout_interval_for_continue(configuration) == 2);
}

static void call_objects(void)
{
    const char *name;
    const uint8_t *value;
    size_t length;
    CHECK(url_session_response_retain(response) == response);
    url_session_response_release(response);
    CHECK(url_session_response_url(response) != NULL);
    CHECK(url_session_response_status_code(response) == 200);
    CHECK(url_session_response_mime_type(response) != NULL);
    CHECK(url_session_response_text_encoding_name(response) != NULL);
    CHECK(url_session_response_expected_content_length(response) == 13);
    CHECK(url_session_response_suggested_filename(response) != NULL);
    CHECK(url_session_response_value_for_header_field(response, "Content-Type") != NULL);
    CHECK(url_session_response_header_field_count(response) > 0);
    CHECK(url_session_response_header_field_at(response, 0, &name, &value, &length) == OK);

    CHECK(url_session_response_completion_retain(completion) == completion);
    url_session_response_completion_release(completion);
    CHECK(url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) ==
          URL_SESSION_STATUS_ALREADY_ANSWERED);

    CHECK(url_session_redirection_completion_retain(redirection) == redirection);
    url_session_redirection_completion_release(redirection);
    CHECK(url_session_redirection_completion_answer(redirection, NULL) == URL_SESSION_STATUS_ALREADY_ANSWERED);

    CHECK(url_session_data_retain(data) == data);
    url_session_data_release(data);
    UrlSessionData *copy = url_session_data_new(url_session_data_bytes(data), url_session_data_length(data));
    CHECK(url_session_data_length(copy) == 13);
    url_session_data_release(copy);

    CHECK(url_session_error_retain(error) == error);
    url_session_error_release(error);
    CHECK(url_session_error_domain(error) != NULL);
    CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_BAD_URL);
    CHECK(url_session_error_message(error) != NULL);
    CHECK(url_session_error_failing_url(error) != NULL);
    CHECK(url_session_error_timeout(error) == URL_SESSION_TIMEOUT_NONE);
    UrlSessionError *underlying = url_session_error_copy_underlying(error);
    CHECK(!url_session_error_is_equal(error, underlying));
    url_session_error_release(underlying);
    CHECK(url_session_error_copy_resume_data(error) == NULL);

    CHECK(url_session_status_message(OK) != NULL);
    CHECK(url_session_version() != NULL);
}

static void call_task(UrlSessionTask *task)
{
    CHECK(url_session_task_retain(task) == task);
    CHECK(url_session_task_suspend(task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(url_session_task_identifier(task) > 0);
    CHECK(url_session_task_state(task) <= URL_SESSION_TASK_STATE_COMPLETED);
    CHECK(url_session_task_set_priority(task, 0.75f) == OK);
    CHECK(url_session_task_priority(task) == 0.75f);
    CHECK(url_session_task_set_description(task, "a task") == OK);
    UrlSessionData *description = url_session_task_copy_description(task);
    CHECK(url_session_data_length(description) == 6);
    url_session_data_release(description);
    url_session_request_release(url_session_task_copy_original_request(task));
    url_session_request_release(url_session_task_copy_current_request(task));
    url_session_response_release(url_session_task_copy_response(task));
    url_session_response_release(url_session_task_copy_redirect_response(task, 0));
    CHECK(url_session_task_copy_redirect_response(task, SIZE_MAX) == NULL);
    CHECK(url_session_task_redirect_count(task) <= 20);
    url_session_request_release(url_session_task_copy_next_request(task));
    url_session_error_release(url_session_task_copy_error(task));
    CHECK(url_session_task_count_of_bytes_sent(task) >= 0);
    CHECK(url_session_task_count_of_bytes_received(task) >= 0);
    CHECK(url_session_task_count_of_bytes_decoded(task) >= 0);
    CHECK(url_session_task_count_of_bytes_expected_to_send(task) >= -1);
    CHECK(url_session_task_count_of_bytes_expected_to_receive(task) >= -1);
    UrlSessionProgress progress = {.size = sizeof progress};
    CHECK(url_session_task_progress(task, &progress) == OK);
    CHECK(url_session_task_kind(task) <= URL_SESSION_TASK_KIND_DOWNLOAD);
    UrlSessionStatus status = url_session_task_set_download_destination(task, NULL);
    CHECK(status == OK || status == URL_SESSION_STATUS_INVALID_STATE);
    url_session_task_release(task);
}

/* Tasks of every maker, all of which come to their end. */
static void call_data_makers(Run *run, UrlSessionRequest *request)
{
    UrlSession *session = run->session;
    UrlSessionTask *task;
    UrlSessionStatus status = url_session_data_task_with_url(session, run->to, &task);
    if (task != NULL) {
        UrlSessionDelegate delegate = {.size = sizeof delegate};
        CHECK(url_session_task_set_delegate(task, &delegate) == OK);
    }
    end(status, task, url_session_task_cancel);
    status = url_session_data_task_with_request(session, request, &task);
    end(status, task, url_session_task_resume);
    status = url_session_data_task_with_url_completion_handler(session, run->to, handler_of_a_new_task, run, &task);
    end(status, task, url_session_task_resume);
    status = url_session_data_task_with_request_completion_handler(session, request, handler_of_a_new_task, run, &task);
    end(status, task, url_session_task_cancel);
}

static void call_upload_makers(Run *run, UrlSessionRequest *request)
{
    static const uint8_t body[] = "body";
    UrlSession *session = run->session;
    UrlSessionTask *task;
    UrlSessionStatus status = url_session_upload_task_with_request_from_data(session, request, body, 4, &task);
    end(status, task, url_session_task_resume);
    status = url_session_upload_task_with_request_from_data_completion_handler(session, request, body, 4,
                                                                               handler_of_a_new_task, run, &task);
    end(status, task, url_session_task_resume);
    status = url_session_upload_task_with_request_from_file(session, request, "path", &task);
    end(status, task, url_session_task_resume);
    status = url_session_upload_task_with_request_from_file_completion_handler(session, request, "path",
                                                                               handler_of_a_new_task, run, &task);
    end(status, task, url_session_task_cancel);
    status = url_session_upload_task_with_streamed_request(session, request, &task);
    end(status, task, url_session_task_cancel);
}

static void call_download_makers(Run *run, UrlSessionRequest *request)
{
    static const uint8_t garbage[] = "no resume data";
    const UrlSessionStatus invalid = URL_SESSION_STATUS_INVALID_ARGUMENT;
    UrlSession *session = run->session;
    UrlSessionTask *task;
    UrlSessionStatus status = url_session_download_task_with_url(session, run->to, &task);
    end(status, task, pause);
    status = url_session_download_task_with_request(session, request, &task);
    end(status, task, url_session_task_resume);
    status = url_session_download_task_with_url_completion_handler(session, run->to, handler_of_a_new_download, run,
                                                                   &task);
    end(status, task, pause);
    status = url_session_download_task_with_request_completion_handler(session, request, handler_of_a_new_download,
                                                                       run, &task);
    end(status, task, url_session_task_resume);
    CHECK(url_session_download_task_with_resume_data(session, garbage, sizeof garbage, &task) == invalid);
    CHECK(url_session_download_task_with_resume_data_request(session, garbage, sizeof garbage, request, &task) ==
          invalid);
    CHECK(url_session_download_task_with_resume_data_completion_handler(
              session, garbage, sizeof garbage, handler_of_a_new_download, run, &task) == invalid);
    CHECK(url_session_download_task_with_resume_data_request_completion_handler(
              session, garbage, sizeof garbage, request, handler_of_a_new_download, run, &task) == invalid);
    CHECK(url_session_discard_resume_data(session, garbage, sizeof garbage) == invalid);
}

/* Every function there is, but those that end this very session. */
static void everything(Run *run, UrlSessionTask *task)
{
    UrlSession *session = run->session, *another;
    UrlSessionRequest *request = call_request(run->to);
    call_objects();
    call_streams();
    call_file();
    call_challenges();
    call_cookies();
    call_trust();
    call_task(task);
    call_data_makers(run, request);
    call_upload_makers(run, request);
    call_download_makers(run, request);
    url_session_request_release(request);
    CHECK(url_session_retain(session) == session);
    url_session_release(session);
    UrlSessionConfiguration *configuration = url_session_copy_configuration(session);
    call_configuration(configuration);
    UrlSessionConfiguration *copy = url_session_configuration_copy(configuration);
    CHECK(url_session_set_description(session, "a session") == OK);
    url_session_data_release(url_session_copy_description(session));
    CHECK(url_session_get_all_tasks(session, listed_again, run) == OK);
    CHECK(url_session_finish_tasks_and_invalidate(url_session_shared()) == OK);
    CHECK(url_session_invalidate_and_cancel(url_session_shared()) == OK);
    CHECK(url_session_new(copy, NULL, &another) == OK);
    url_session_release(another);
    url_session_configuration_release(copy);
    url_session_configuration_release(configuration);
    url_session_configuration_release(url_session_configuration_new_default());
    url_session_configuration_release(url_session_configuration_new_ephemeral());
}

static void cancel(Run *run, UrlSessionTask *task)
{
    CHECK(url_session_task_cancel(task) == OK);
}

static void invalidate(Run *run, UrlSessionTask *task)
{
    CHECK(url_session_invalidate_and_cancel(run->session) == OK);
}

static void finish(Run *run, UrlSessionTask *task)
{
    CHECK(url_session_finish_tasks_and_invalidate(run->session) == OK);
    CHECK(url_session_task_resume(task) == OK);
}

static void has_ended(void *context, UrlSessionData *body, UrlSessionResponse *head, UrlSessionError *why)
{
    CHECK(why == NULL);
    happened(context);
}

/* A slot that blocks holds up nothing but its own session. */
static void wait_for_another_session(Run *run, UrlSessionTask *task)
{
    Waiter ended = WAITER;
    UrlSession *another;
    UrlSessionTask *of_another;
    CHECK(url_session_new(NULL, NULL, &another) == OK);
    CHECK(url_session_data_task_with_url_completion_handler(another, run->to, has_ended, &ended, &of_another) == OK);
    CHECK(url_session_task_resume(of_another) == OK);
    CHECK(reached(&ended, 1));
    url_session_task_release(of_another);
    url_session_release(another);
}

/* Each thing that is done, in each place, on the slot's own thread and on another. */
static void in_every_place(int places, void (*run_once)(int, void (*)(Run *, UrlSessionTask *), bool, const char *),
                           const char *to)
{
    static void (*const whats[])(Run *, UrlSessionTask *) = {
        everything, cancel, invalidate, finish, wait_for_another_session,
    };
    is_ours = true;
    for (int place = 0; place < places; place++)
        for (size_t what = 0; what < sizeof whats / sizeof whats[0]; what++)
            for (int elsewhere = 0; elsewhere < 2; elsewhere++)
                run_once(place, whats[what], elsewhere, to);
}

#endif
