/* Paragraphs 1 and 7: every function with every pointer NULL, and with handles that are dead, of another kind or no
 * handles at all. A status or an empty answer comes back, the out-parameters are written, and nothing else happens. */
#include <string.h>

#include "null.h"

/* One living object of every kind that a data task has. */
static UrlSession *session;
static UrlSessionTask *task;
static UrlSessionData *data;
static UrlSessionError *error;
static UrlSessionRequest *request;
static UrlSessionResponse *response;
static UrlSessionConfiguration *configuration;
static UrlSessionResponseCompletion *completion;
static UrlSessionRedirectionCompletion *redirection;

static Waiter created = WAITER;
static Waiter completed = WAITER;
static Waiter invalid = WAITER;

static void did_create(void *context, UrlSession *of, UrlSessionTask *new_task)
{
    happened(&created);
}

static void will_redirect(void *context, UrlSession *of, UrlSessionTask *by, UrlSessionResponse *head,
                          UrlSessionRequest *next, UrlSessionRedirectionCompletion *question)
{
    redirection = url_session_redirection_completion_retain(question);
    CHECK(url_session_redirection_completion_answer(question, next) == OK);
}

static void did_receive_response(void *context, UrlSession *of, UrlSessionTask *by, UrlSessionResponse *head,
                                 UrlSessionResponseCompletion *question)
{
    response = url_session_response_retain(head);
    completion = url_session_response_completion_retain(question);
    CHECK(url_session_response_completion_answer(question, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) == OK);
}

static void did_receive_data(void *context, UrlSession *of, UrlSessionTask *by, const uint8_t *bytes, size_t length,
                             UrlSessionData *chunk)
{
    if (data == NULL)
        data = url_session_data_retain(chunk);
}

static void did_complete(void *context, UrlSession *of, UrlSessionTask *by, UrlSessionError *why)
{
    if (why != NULL && error == NULL)
        error = url_session_error_retain(why);
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

static void never_tasks(void *context, UrlSessionTask *const *tasks, size_t count)
{
    CHECK(!"a handler is called though the call was refused");
}

static int32_t never_dial(void *context, const char *host, uint16_t port)
{
    CHECK(!"a dialer is called though it was refused");
    return -1;
}

static void never_release(void *context)
{
    CHECK(!"a context is released though it was refused");
}

/* Every function that takes a task, with `bad` for it; those with a status say `status`. */
static void bad_task(void *bad, UrlSessionStatus status)
{
    UrlSessionDelegate delegate = {.size = sizeof delegate};
    CHECK(url_session_task_retain(bad) == NULL);
    url_session_task_release(bad);
    CHECK(url_session_task_resume(bad) == status);
    CHECK(url_session_task_suspend(bad) == status);
    CHECK(url_session_task_cancel(bad) == status);
    CHECK(url_session_task_identifier(bad) == 0);
    CHECK(url_session_task_state(bad) == URL_SESSION_TASK_STATE_COMPLETED);
    CHECK(url_session_task_set_priority(bad, 0.5f) == status);
    CHECK(url_session_task_priority(bad) == 0);
    CHECK(url_session_task_set_description(bad, "text") == status);
    CHECK(url_session_task_set_description(bad, NULL) == status);
    CHECK(url_session_task_copy_description(bad) == NULL);
    CHECK(url_session_task_copy_original_request(bad) == NULL);
    CHECK(url_session_task_copy_current_request(bad) == NULL);
    CHECK(url_session_task_copy_response(bad) == NULL);
    CHECK(url_session_task_redirect_count(bad) == 0);
    CHECK(url_session_task_copy_redirect_response(bad, 0) == NULL);
    CHECK(url_session_task_copy_next_request(bad) == NULL);
    CHECK(url_session_task_copy_error(bad) == NULL);
    CHECK(url_session_task_count_of_bytes_sent(bad) == 0);
    CHECK(url_session_task_count_of_bytes_received(bad) == 0);
    CHECK(url_session_task_count_of_bytes_decoded(bad) == 0);
    CHECK(url_session_task_count_of_bytes_expected_to_send(bad) == 0);
    CHECK(url_session_task_count_of_bytes_expected_to_receive(bad) == 0);
    CHECK(url_session_task_set_delegate(bad, &delegate) == status);
    CHECK(url_session_task_set_delegate(bad, NULL) == status);
}

static void bad_session(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_retain(bad) == NULL);
    url_session_release(bad);
    CHECK(url_session_copy_configuration(bad) == NULL);
    CHECK(url_session_set_description(bad, "text") == status);
    CHECK(url_session_set_description(bad, NULL) == status);
    CHECK(url_session_copy_description(bad) == NULL);
    const char *to = "http://localhost/";
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_url(bad, to, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_request(bad, request, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_url_completion_handler(bad, to, never_outcome, NULL,
                                                                                   &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_request_completion_handler(bad, request, never_outcome,
                                                                                       NULL, &out) == status);
    CHECK(url_session_data_task_with_url(bad, NULL, NULL) == NO_POINTER);
    CHECK(url_session_data_task_with_request(bad, NULL, NULL) == NO_POINTER);
    CHECK(url_session_data_task_with_url_completion_handler(bad, NULL, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_data_task_with_request_completion_handler(bad, NULL, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_get_all_tasks(bad, never_tasks, NULL) == status);
    CHECK(url_session_finish_tasks_and_invalidate(bad) == status);
    CHECK(url_session_invalidate_and_cancel(bad) == status);
}

static void bad_request(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_request_copy(bad) == NULL);
    CHECK(url_session_request_retain(bad) == NULL);
    url_session_request_release(bad);
    CHECK(url_session_request_set_url(bad, "http://localhost/") == status);
    CHECK(url_session_request_url(bad) == NULL);
    CHECK(url_session_request_set_http_method(bad, "PUT") == status);
    CHECK(url_session_request_http_method(bad) == NULL);
    CHECK(url_session_request_set_value_for_header_field(bad, "name", "value") == status);
    CHECK(url_session_request_set_value_for_header_field(bad, "name", NULL) == status);
    CHECK(url_session_request_add_value_for_header_field(bad, "name", "value") == status);
    CHECK(url_session_request_suppress_header_field(bad, "name") == status);
    CHECK(url_session_request_value_for_header_field(bad, "name") == NULL);
    CHECK(url_session_request_value_for_header_field(bad, NULL) == NULL);
    CHECK(url_session_request_header_field_count(bad) == 0);
    const char *name = GARBAGE, *value = GARBAGE;
    CHECK(url_session_request_header_field_at(bad, 0, &name, &value) == status);
    CHECK(name == NULL && value == NULL);
    CHECK(url_session_request_header_field_at(bad, 0, NULL, NULL) == NO_POINTER);
    CHECK(url_session_request_set_http_body(bad, (const uint8_t *)"body", 4) == status);
    CHECK(url_session_request_set_http_body(bad, NULL, 0) == status);
    const uint8_t *body = GARBAGE;
    size_t length = 77;
    CHECK(url_session_request_http_body(bad, &body, &length) == status);
    CHECK(body == NULL && length == 0);
    CHECK(url_session_request_http_body(bad, NULL, NULL) == NO_POINTER);
    CHECK(url_session_request_set_timeout_interval(bad, 1) == status);
    CHECK(url_session_request_timeout_interval(bad) == 0);
    CHECK(url_session_request_set_timeout_interval_for_resource(bad, 1) == status);
    CHECK(url_session_request_timeout_interval_for_resource(bad) == 0);
    CHECK(url_session_request_set_maximum_redirects(bad, 1) == status);
    if (bad != NULL)
        CHECK(url_session_redirection_completion_answer(redirection, bad) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_request(session, bad, &out) == status);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_request_completion_handler(session, bad, never_outcome,
                                                                                       NULL, &out) == status);
}

static void bad_response(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_response_retain(bad) == NULL);
    url_session_response_release(bad);
    CHECK(url_session_response_url(bad) == NULL);
    CHECK(url_session_response_status_code(bad) == 0);
    CHECK(url_session_response_mime_type(bad) == NULL);
    CHECK(url_session_response_text_encoding_name(bad) == NULL);
    CHECK(url_session_response_expected_content_length(bad) == -1);
    CHECK(url_session_response_suggested_filename(bad) == NULL);
    CHECK(url_session_response_value_for_header_field(bad, "Content-Type") == NULL);
    CHECK(url_session_response_value_for_header_field(bad, NULL) == NULL);
    CHECK(url_session_response_header_field_count(bad) == 0);
    const char *name = GARBAGE;
    const uint8_t *value = GARBAGE;
    size_t length = 77;
    CHECK(url_session_response_header_field_at(bad, 0, &name, &value, &length) == status);
    CHECK(name == NULL && value == NULL && length == 0);
    CHECK(url_session_response_header_field_at(bad, 0, NULL, NULL, NULL) == NO_POINTER);
}

static void bad_error(void *bad, UrlSessionStatus status)
{
    (void)status;
    CHECK(url_session_error_retain(bad) == NULL);
    url_session_error_release(bad);
    CHECK(url_session_error_domain(bad) == NULL);
    CHECK(url_session_error_code(bad) == 0);
    CHECK(url_session_error_message(bad) == NULL);
    CHECK(url_session_error_failing_url(bad) == NULL);
    CHECK(url_session_error_timeout(bad) == URL_SESSION_TIMEOUT_NONE);
    CHECK(url_session_error_copy_underlying(bad) == NULL);
    CHECK(!url_session_error_is_equal(bad, error));
    CHECK(!url_session_error_is_equal(error, bad));
    CHECK(!url_session_error_is_equal(bad, bad));
}

static void bad_data(void *bad, UrlSessionStatus status)
{
    (void)status;
    CHECK(url_session_data_retain(bad) == NULL);
    url_session_data_release(bad);
    CHECK(url_session_data_bytes(bad) == NULL);
    CHECK(url_session_data_length(bad) == 0);
}

static void bad_completion(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_response_completion_retain(bad) == NULL);
    url_session_response_completion_release(bad);
    CHECK(url_session_response_completion_answer(bad, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) == status);
}

static void bad_redirection(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_redirection_completion_retain(bad) == NULL);
    url_session_redirection_completion_release(bad);
    CHECK(url_session_redirection_completion_answer(bad, request) == status);
    CHECK(url_session_redirection_completion_answer(bad, NULL) == status);
}

static void bad_configuration(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_configuration_copy(bad) == NULL);
    CHECK(url_session_configuration_retain(bad) == NULL);
    url_session_configuration_release(bad);
    CHECK(url_session_configuration_set_timeout_interval_for_request(bad, 1) == status);
    CHECK(url_session_configuration_timeout_interval_for_request(bad) == 0);
    CHECK(url_session_configuration_set_timeout_interval_for_resource(bad, 1) == status);
    CHECK(url_session_configuration_timeout_interval_for_resource(bad) == 0);
    CHECK(url_session_configuration_set_timeout_interval_for_connect(bad, 1) == status);
    CHECK(url_session_configuration_timeout_interval_for_connect(bad) == 0);
    CHECK(url_session_configuration_set_http_maximum_connections_per_host(bad, 1) == status);
    CHECK(url_session_configuration_http_maximum_connections_per_host(bad) == 0);
    CHECK(url_session_configuration_set_http_additional_header(bad, "name", "value") == status);
    CHECK(url_session_configuration_set_http_additional_header(bad, "name", NULL) == status);
    CHECK(url_session_configuration_add_trusted_certificates(bad, (const uint8_t *)"pem", 3) == status);
    CHECK(url_session_configuration_set_tls_minimum_version(bad, URL_SESSION_TLS_VERSION_V1_2) == status);
    CHECK(url_session_configuration_set_tls_maximum_version(bad, URL_SESSION_TLS_VERSION_V1_3) == status);
    CHECK(url_session_configuration_set_maximum_redirects(bad, 1) == status);
    CHECK(url_session_configuration_maximum_redirects(bad) == 0);
    CHECK(url_session_configuration_add_sensitive_header_field(bad, "name") == status);
    CHECK(url_session_configuration_maximum_header_size(bad) == 0);
    CHECK(url_session_configuration_maximum_header_count(bad) == 0);
    CHECK(url_session_configuration_maximum_decoded_size(bad) == 0);
    CHECK(url_session_configuration_maximum_gathered_size(bad) == 0);
    CHECK(url_session_configuration_maximum_decompression_ratio(bad) == 0);
    CHECK(url_session_configuration_tls_minimum_version(bad) == 0);
    CHECK(url_session_configuration_tls_maximum_version(bad) == 0);
    CHECK(url_session_configuration_set_maximum_header_size(bad, 65536) == status);
    CHECK(url_session_configuration_set_maximum_header_count(bad, 1) == status);
    CHECK(url_session_configuration_set_maximum_decoded_size(bad, 1) == status);
    CHECK(url_session_configuration_set_maximum_gathered_size(bad, 1) == status);
    CHECK(url_session_configuration_set_maximum_decompression_ratio(bad, 1) == status);
    CHECK(url_session_configuration_set_dialer(bad, never_dial, NULL, never_release) == status);
    CHECK(url_session_configuration_set_dialer(bad, NULL, NULL, NULL) == status);
    if (bad != NULL)
        WRITTEN_NULL(UrlSession, url_session_new(bad, NULL, &out) == status);
}

/* The right handle, and NULL for each of the other pointers. */
static void null_arguments(const char *base)
{
    const char *to = url(base, "/hello");
    WRITTEN_NULL(UrlSessionRequest, url_session_request_new(NULL, &out) == NO_POINTER);
    CHECK(url_session_request_new(to, NULL) == NO_POINTER);
    CHECK(url_session_request_new(NULL, NULL) == NO_POINTER);
    CHECK(url_session_request_set_url(request, NULL) == NO_POINTER);
    CHECK(url_session_request_set_http_method(request, NULL) == NO_POINTER);
    CHECK(url_session_request_set_value_for_header_field(request, NULL, "value") == NO_POINTER);
    CHECK(url_session_request_set_value_for_header_field(request, NULL, NULL) == NO_POINTER);
    CHECK(url_session_request_set_value_for_header_field(request, "Absent", NULL) == OK);
    CHECK(url_session_request_add_value_for_header_field(request, NULL, "value") == NO_POINTER);
    CHECK(url_session_request_add_value_for_header_field(request, "name", NULL) == NO_POINTER);
    CHECK(url_session_request_add_value_for_header_field(request, NULL, NULL) == NO_POINTER);
    CHECK(url_session_request_suppress_header_field(request, NULL) == NO_POINTER);
    CHECK(url_session_request_value_for_header_field(request, NULL) == NULL);
    WRITTEN_NULL(const char, url_session_request_header_field_at(request, 0, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(const char, url_session_request_header_field_at(request, 0, &out, NULL) == NO_POINTER);
    CHECK(url_session_request_set_http_body(request, NULL, 1) == NO_POINTER);
    CHECK(url_session_request_set_http_body(request, NULL, 0) == OK);
    WRITTEN_NULL(const uint8_t, url_session_request_http_body(request, &out, NULL) == NO_POINTER);
    size_t length = 77;
    CHECK(url_session_request_http_body(request, NULL, &length) == NO_POINTER && length == 0);

    const char *name = GARBAGE;
    const uint8_t *value = GARBAGE;
    CHECK(url_session_response_value_for_header_field(response, NULL) == NULL);
    CHECK(url_session_response_header_field_at(response, 0, NULL, &value, &length) == NO_POINTER && value == NULL);
    CHECK(url_session_response_header_field_at(response, 0, &name, NULL, &length) == NO_POINTER && name == NULL);
    CHECK(url_session_response_header_field_at(response, 0, &name, &value, NULL) == NO_POINTER && name == NULL);

    CHECK(url_session_configuration_set_http_additional_header(configuration, NULL, "value") == NO_POINTER);
    CHECK(url_session_configuration_set_http_additional_header(configuration, NULL, NULL) == NO_POINTER);
    CHECK(url_session_configuration_set_http_additional_header(configuration, "Absent", NULL) == OK);
    CHECK(url_session_configuration_add_sensitive_header_field(configuration, NULL) == NO_POINTER);
    CHECK(url_session_configuration_add_trusted_certificates(configuration, NULL, 1) == NO_POINTER);
    CHECK(url_session_configuration_add_trusted_certificates(configuration, NULL, 0) == NO_VALUE);

    CHECK(url_session_configuration_set_dialer(configuration, never_dial, NULL, NULL) == OK);
    CHECK(url_session_configuration_set_dialer(configuration, NULL, NULL, never_release) == OK);

    CHECK(url_session_data_new(NULL, 1) == NULL);
    CHECK(url_session_new(NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_new(configuration, NULL, NULL) == NO_POINTER);
    CHECK(url_session_set_description(session, NULL) == OK);
    CHECK(url_session_task_set_description(task, NULL) == OK);
    CHECK(url_session_get_all_tasks(session, NULL, NULL) == NO_POINTER);

    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_url(session, NULL, &out) == NO_POINTER);
    CHECK(url_session_data_task_with_url(session, to, NULL) == NO_POINTER);
    CHECK(url_session_data_task_with_request(session, request, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_url_completion_handler(session, NULL, never_outcome, NULL,
                                                                                   &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask,
                 url_session_data_task_with_url_completion_handler(session, to, NULL, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionTask, url_session_data_task_with_request_completion_handler(session, request, NULL, NULL,
                                                                                       &out) == NO_POINTER);
    CHECK(url_session_data_task_with_url_completion_handler(session, to, never_outcome, NULL, NULL) == NO_POINTER);
    CHECK(url_session_data_task_with_request_completion_handler(session, request, never_outcome, NULL, NULL) ==
          NO_POINTER);
}

/* A task that ran, one that failed, and what they gave. */
static void make_objects(const char *base)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .did_create_task = did_create,
        .task_will_perform_http_redirection = will_redirect,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    CHECK((configuration = url_session_configuration_new_ephemeral()) != NULL);
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    CHECK(url_session_request_new(url(base, "/redirect/0"), &request) == OK);
    CHECK(url_session_request_set_value_for_header_field(request, "Name", "value") == OK);
    CHECK(url_session_data_task_with_request(session, request, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    UrlSessionTask *failing;
    CHECK(url_session_data_task_with_url(session, "no url", &failing) == OK);
    CHECK(url_session_task_resume(failing) == OK);
    CHECK(reached(&completed, 2));
    CHECK(response != NULL && completion != NULL && data != NULL && error != NULL && redirection != NULL);
    CHECK(url_session_task_redirect_count(task) == 1 && url_session_task_copy_redirect_response(task, 1) == NULL);
    url_session_task_release(failing);
}

/* What is released is dead, while the others of its kind live. */
static void sweep_all(void)
{
    UrlSessionData *dead_data = url_session_data_new((const uint8_t *)"", 0);
    url_session_data_release(dead_data);
    UrlSessionRequest *dead_request = url_session_request_copy(request);
    url_session_request_release(dead_request);
    UrlSessionConfiguration *dead_configuration = url_session_configuration_new_default();
    url_session_configuration_release(dead_configuration);
    UrlSessionError *dead_error = url_session_error_copy_underlying(error);
    CHECK(dead_error != NULL);
    url_session_error_release(dead_error);

    sweep(bad_data, configuration, dead_data);
    sweep(bad_request, data, dead_request);
    sweep(bad_configuration, data, dead_configuration);
    sweep(bad_error, data, dead_error);
    sweep(bad_session, data, dead_data);
    sweep(bad_task, session, dead_data);
    sweep(bad_response, data, dead_data);
    sweep(bad_completion, response, dead_data);
    sweep(bad_redirection, completion, dead_data);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    make_objects(arguments[1]);
    sweep_all();
    null_arguments(arguments[1]);
    for (UrlSessionStatus status = 0; status < 100; status++) {
        CHECK(strlen(url_session_status_message(status)) > 0);
        bool is_known = strcmp(url_session_status_message(status), url_session_status_message(UINT32_MAX)) != 0;
        CHECK(is_known == (status <= URL_SESSION_STATUS_FAILED));
    }
    CHECK(strlen(url_session_version()) > 0);
    CHECK(url_session_shared() != NULL);

    CHECK(count_of(&created) == 2);
    CHECK(url_session_request_header_field_count(request) == 1);
    CHECK(strcmp(url_session_request_http_method(request), "GET") == 0);
    CHECK(url_session_task_state(task) == URL_SESSION_TASK_STATE_COMPLETED);
    CHECK(url_session_response_status_code(response) == 200);

    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    CHECK(reached(&invalid, 1));
    url_session_task_release(task);
    bad_task(task, NO_HANDLE);
    url_session_response_release(response);
    bad_response(response, NO_HANDLE);
    url_session_response_completion_release(completion);
    bad_completion(completion, NO_HANDLE);
    url_session_redirection_completion_release(redirection);
    bad_redirection(redirection, NO_HANDLE);
    url_session_error_release(error);
    url_session_data_release(data);
    bad_data(data, NO_HANDLE);
    url_session_release(session);
    EVENTUALLY(url_session_set_description(session, NULL) == NO_HANDLE);
    bad_session(session, NO_HANDLE);
    url_session_request_release(request);
    url_session_configuration_release(configuration);
    return 0;
}
