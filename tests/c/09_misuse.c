/* Paragraphs 6, 8 and 9: bad numbers, texts and moments get a status and change nothing; what only the transfer can
 * find out fails the task, with a number and a sentence. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define INVALID URL_SESSION_STATUS_INVALID_ARGUMENT

/* Latin-1, an overlong NUL, a surrogate and a cut character: no UTF-8. */
static const char *const not_utf8[] = {"caf\xE9", "\xC0\x80", "\xED\xA0\x80", "\xE2\x82"};
#define NOT_UTF8 (sizeof not_utf8 / sizeof not_utf8[0])

/* Not a number, below zero, and below zero for ever. */
static const double bad_seconds[] = {NAN, -1, -0.001, -INFINITY};

static void bad_request_text(UrlSessionRequest *request)
{
    static const char *const methods[] = {"", "GET IT", "GET\r\nHost: evil", "G\tT", "CONNECT", "connect",
                                          "G\xC3\xA9T"};
    static const char *const names[] = {"", "A B", "A:", "A\r\nB", "A\n", "\xC3\xA9", "Transfer-Encoding",
                                        "transfer-encoding"};
    static const char *const values[] = {"a\r\nEvil: 1", "a\nb", "a\r", " a", "a ", "\ta"};
    for (size_t index = 0; index < sizeof methods / sizeof methods[0]; index++)
        CHECK(url_session_request_set_http_method(request, methods[index]) == INVALID);
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        CHECK(url_session_request_set_value_for_header_field(request, names[index], "value") == INVALID);
        CHECK(url_session_request_add_value_for_header_field(request, names[index], "value") == INVALID);
    }
    for (size_t index = 0; index < sizeof values / sizeof values[0]; index++) {
        CHECK(url_session_request_set_value_for_header_field(request, "Name", values[index]) == INVALID);
        CHECK(url_session_request_add_value_for_header_field(request, "Name", values[index]) == INVALID);
    }
    CHECK(url_session_request_suppress_header_field(request, "A B") == INVALID);
    CHECK(url_session_request_suppress_header_field(request, "A\r\nB") == INVALID);
    for (size_t index = 0; index < NOT_UTF8; index++) {
        const char *text = not_utf8[index];
        CHECK(url_session_request_set_url(request, text) == INVALID);
        CHECK(url_session_request_set_http_method(request, text) == INVALID);
        CHECK(url_session_request_set_value_for_header_field(request, text, "value") == INVALID);
        CHECK(url_session_request_set_value_for_header_field(request, "Name", text) == INVALID);
        CHECK(url_session_request_value_for_header_field(request, text) == NULL);
        UrlSessionRequest *none = request;
        CHECK(url_session_request_new(text, &none) == INVALID && none == NULL);
    }
}

/* A request after all that was refused is the request of before. */
static void bad_request(const char *to)
{
    UrlSessionRequest *request;
    CHECK(url_session_request_new(to, &request) == OK);
    CHECK(url_session_request_set_value_for_header_field(request, "Name", "value") == OK);
    CHECK(url_session_request_set_timeout_interval(request, 7) == OK);
    CHECK(url_session_request_set_timeout_interval_for_resource(request, 8) == OK);
    bad_request_text(request);
    for (size_t index = 0; index < sizeof bad_seconds / sizeof bad_seconds[0]; index++) {
        CHECK(url_session_request_set_timeout_interval(request, bad_seconds[index]) == INVALID);
        CHECK(url_session_request_set_timeout_interval_for_resource(request, bad_seconds[index]) == INVALID);
    }
    CHECK(url_session_request_set_maximum_redirects(request, 1001) == INVALID);
    CHECK(url_session_request_set_maximum_redirects(request, INT32_MAX) == INVALID);
    CHECK(url_session_request_set_maximum_redirects(request, INT32_MIN) == OK);
    CHECK(url_session_request_set_http_body(request, (const uint8_t *)"", SIZE_MAX) == INVALID);
    const char *name = to, *value = to;
    CHECK(url_session_request_header_field_at(request, 1, &name, &value) == INVALID && name == NULL && value == NULL);
    CHECK(url_session_request_header_field_at(request, SIZE_MAX, &name, &value) == INVALID);

    CHECK(url_session_request_header_field_count(request) == 1);
    CHECK(strcmp(url_session_request_value_for_header_field(request, "NAME"), "value") == 0);
    CHECK(strcmp(url_session_request_http_method(request), "GET") == 0);
    CHECK(strcmp(url_session_request_url(request), to) == 0);
    CHECK(url_session_request_timeout_interval(request) == 7);
    CHECK(url_session_request_timeout_interval_for_resource(request) == 8);
    CHECK(url_session_request_set_timeout_interval(request, INFINITY) == OK);
    CHECK(url_session_request_timeout_interval(request) == INFINITY);
    url_session_request_release(request);
}

static void bad_configuration(void)
{
    static const uint8_t no_pem[] = "a text";
    static const uint8_t broken[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    for (size_t index = 0; index < sizeof bad_seconds / sizeof bad_seconds[0]; index++) {
        double seconds = bad_seconds[index];
        CHECK(url_session_configuration_set_timeout_interval_for_request(configuration, seconds) == INVALID);
        CHECK(url_session_configuration_set_timeout_interval_for_resource(configuration, seconds) == INVALID);
        CHECK(url_session_configuration_set_timeout_interval_for_connect(configuration, seconds) == INVALID);
    }
    CHECK(url_session_configuration_timeout_interval_for_request(configuration) == 60);
    CHECK(url_session_configuration_timeout_interval_for_resource(configuration) == 604800);
    CHECK(url_session_configuration_timeout_interval_for_connect(configuration) == INFINITY);
    CHECK(url_session_configuration_set_http_maximum_connections_per_host(configuration, 0) == INVALID);
    CHECK(url_session_configuration_set_http_maximum_connections_per_host(configuration, 65536) == INVALID);
    CHECK(url_session_configuration_http_maximum_connections_per_host(configuration) == 6);
    CHECK(url_session_configuration_set_http_additional_header(configuration, "A", "b\r\nC: d") == INVALID);
    CHECK(url_session_configuration_set_http_additional_header(configuration, "A B", "c") == INVALID);
    CHECK(url_session_configuration_set_http_additional_header(configuration, not_utf8[0], "c") == INVALID);
    CHECK(url_session_configuration_add_trusted_certificates(configuration, no_pem, sizeof no_pem - 1) == INVALID);
    CHECK(url_session_configuration_add_trusted_certificates(configuration, broken, sizeof broken - 1) == INVALID);
    CHECK(url_session_configuration_set_tls_minimum_version(configuration, 0) == INVALID);
    CHECK(url_session_configuration_set_tls_minimum_version(configuration, 0x0302) == INVALID);
    CHECK(url_session_configuration_set_tls_maximum_version(configuration, UINT32_MAX) == INVALID);
    CHECK(url_session_configuration_set_tls_minimum_version(configuration, URL_SESSION_TLS_VERSION_V1_3) == OK);
    CHECK(url_session_configuration_set_tls_maximum_version(configuration, URL_SESSION_TLS_VERSION_V1_2) == INVALID);
    CHECK(url_session_configuration_set_maximum_redirects(configuration, 1001) == INVALID);
    CHECK(url_session_configuration_set_maximum_header_size(configuration, 1023) == INVALID);
    CHECK(url_session_configuration_set_maximum_header_size(configuration, (16 << 20) + 1) == INVALID);
    CHECK(url_session_configuration_set_maximum_header_count(configuration, 0) == INVALID);
    CHECK(url_session_configuration_set_maximum_header_count(configuration, 129) == INVALID);
    url_session_configuration_release(configuration);
}

/* How the task of a session without a delegate ended, kept for the checks of main. */
typedef struct {
    UrlSessionError *error;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    outcome->error = url_session_error_retain(error);
    happened(&outcome->end);
}

/* Creation takes any text; the task fails, later, with a number, a sentence and the cause. */
static void bad_urls(UrlSession *session)
{
    static const struct {
        const char *text;
        int32_t error;
        int32_t cause;
    } urls[] = {
        {"", URL_SESSION_ERROR_CODE_BAD_URL, 1},
        {"no url", URL_SESSION_ERROR_CODE_BAD_URL, 2},
        {"http://", URL_SESSION_ERROR_CODE_BAD_URL, 0},
        {"http://[::1", URL_SESSION_ERROR_CODE_BAD_URL, 2},
        {"http://localhost:99999/", URL_SESSION_ERROR_CODE_BAD_URL, 2},
        {"/hello", URL_SESSION_ERROR_CODE_BAD_URL, 2},
        {"ftp://localhost/", URL_SESSION_ERROR_CODE_UNSUPPORTED_URL, 0},
        {"file:///etc/passwd", URL_SESSION_ERROR_CODE_UNSUPPORTED_URL, 0},
        {"javascript:alert(1)", URL_SESSION_ERROR_CODE_UNSUPPORTED_URL, 0},
    };
    for (size_t index = 0; index < sizeof urls / sizeof urls[0]; index++) {
        Outcome outcome = {.end = WAITER};
        UrlSessionTask *task;
        CHECK(url_session_data_task_with_url_completion_handler(session, urls[index].text, handler, &outcome, &task) ==
              OK);
        CHECK(url_session_task_resume(task) == OK);
        CHECK(reached(&outcome.end, 1));
        CHECK(url_session_error_code(outcome.error) == urls[index].error);
        CHECK(strlen(url_session_error_message(outcome.error)) > 0);
        UrlSessionError *cause = url_session_error_copy_underlying(outcome.error);
        if (urls[index].cause != 0) {
            CHECK(strcmp(url_session_error_domain(cause), "UrlSessionUrlDomain") == 0);
            CHECK(url_session_error_code(cause) == urls[index].cause);
        }
        url_session_error_release(cause);
        url_session_error_release(outcome.error);
        url_session_task_release(task);
    }
}

static void bad_session_text(UrlSession *session)
{
    for (size_t index = 0; index < NOT_UTF8; index++) {
        UrlSessionTask *task = (UrlSessionTask *)&index;
        CHECK(url_session_data_task_with_url(session, not_utf8[index], &task) == INVALID && task == NULL);
        CHECK(url_session_set_description(session, not_utf8[index]) == INVALID);
    }
}

/* A task at the wrong moment, before and after its end. */
static void bad_task(UrlSession *session, const char *to)
{
    Outcome outcome = {.end = WAITER};
    UrlSessionTask *task;
    UrlSessionDelegate delegate = {.size = sizeof delegate};
    CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, &outcome, &task) == OK);
    CHECK(url_session_task_set_priority(task, NAN) == INVALID);
    CHECK(url_session_task_set_priority(task, -0.1f) == INVALID);
    CHECK(url_session_task_set_priority(task, 1.1f) == INVALID);
    CHECK(url_session_task_set_priority(task, INFINITY) == INVALID);
    CHECK(url_session_task_priority(task) == 0.5f);
    CHECK(url_session_task_set_description(task, not_utf8[1]) == INVALID);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(url_session_task_set_delegate(task, &delegate) == URL_SESSION_STATUS_INVALID_STATE);
    CHECK(url_session_task_set_delegate(task, NULL) == URL_SESSION_STATUS_INVALID_STATE);
    CHECK(reached(&outcome.end, 1));
    CHECK(outcome.error == NULL);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(url_session_task_suspend(task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(url_session_task_cancel(task) == OK);
    CHECK(url_session_task_state(task) == URL_SESSION_TASK_STATE_COMPLETED);
    CHECK(url_session_task_copy_error(task) == NULL);
    CHECK(url_session_task_set_delegate(task, &delegate) == URL_SESSION_STATUS_INVALID_STATE);
    CHECK(count_of(&outcome.end) == 1);
    url_session_task_release(task);
}

static void bad_response(UrlSession *session, const char *to)
{
    Outcome outcome = {.end = WAITER};
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, &outcome, &task) == OK);
    CHECK(url_session_task_copy_response(task) == NULL);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 1));
    UrlSessionResponse *response = url_session_task_copy_response(task);
    const char *name = to;
    const uint8_t *value = (const uint8_t *)to;
    size_t length = 77;
    CHECK(url_session_response_header_field_at(response, SIZE_MAX, &name, &value, &length) == INVALID);
    CHECK(name == NULL && value == NULL && length == 0);
    CHECK(url_session_response_value_for_header_field(response, not_utf8[0]) == NULL);
    CHECK(url_session_response_value_for_header_field(response, "") == NULL);
    url_session_response_release(response);
    url_session_task_release(task);
}

#define REFUSED(call)                                                                                                  \
    do {                                                                                                               \
        UrlSessionTask *task = (UrlSessionTask *)&session;                                                             \
        CHECK(call == URL_SESSION_STATUS_SESSION_INVALIDATED);                                                         \
        CHECK(task == NULL);                                                                                           \
    } while (0)

/* An invalidated session makes nothing, whoever asks, and takes no handler. */
static void create_after_invalidation(UrlSession *session, const char *to)
{
    UrlSessionRequest *request;
    CHECK(url_session_request_new(to, &request) == OK);
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    REFUSED(url_session_data_task_with_url(session, to, &task));
    REFUSED(url_session_data_task_with_request(session, request, &task));
    REFUSED(url_session_data_task_with_url_completion_handler(session, to, handler, NULL, &task));
    REFUSED(url_session_data_task_with_request_completion_handler(session, request, handler, NULL, &task));
    url_session_request_release(request);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    const char *to = url(arguments[1], "/hello");
    UrlSession *session;
    bad_request(to);
    bad_configuration();
    CHECK(url_session_new(NULL, NULL, &session) == OK);
    bad_session_text(session);
    bad_urls(session);
    bad_task(session, to);
    bad_response(session, to);
    create_after_invalidation(session, to);
    url_session_release(session);
    return 0;
}
