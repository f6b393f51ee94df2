/* Proxies: what can be set and read, what cannot, and whom a request goes through. Arguments: an origin, and a proxy
 * that lets in the user "user" with the password "word" and answers for every http server. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define INVALID URL_SESSION_STATUS_INVALID_ARGUMENT

static const char *const bad_keys[] = {"", "ftp", "http:", "http://", "http://host:80", "all://a b", "*", "caf\xE9"};
static const char *const bad_proxies[] = {"",
                                          "http://",
                                          "ftp://proxy",
                                          "http://proxy:0",
                                          "http://proxy/path",
                                          "http://two words",
                                          "http://us%3Aer:word@proxy",
                                          "http://us%0Aer:word@proxy",
                                          "socks5://user@proxy",
                                          "caf\xE9"};
static const char *const bad_exceptions[] = {"host:port", "10.0.0.0/33", "a,b/c", "exa*mple.com", "caf\xE9"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is(const char *text, const char *expected)
{
    return text != NULL && strcmp(text, expected) == 0;
}

/* After all that was refused, everything is as it was before. */
static void misuse(void)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSessionRequest *request;
    CHECK(url_session_request_new("http://nowhere.invalid/hello", &request) == OK);
    CHECK(url_session_configuration_set_proxy(configuration, "all", "user:word@Proxy.example:3128") == OK);
    CHECK(url_session_configuration_set_proxy_exceptions(configuration, "example.com, 10.0.0.0/8") == OK);
    CHECK(url_session_request_set_proxy(request, "socks5h://user:word@[::1]") == OK);
    for (size_t index = 0; index < COUNT(bad_keys); index++) {
        CHECK(url_session_configuration_set_proxy(configuration, bad_keys[index], "proxy") == INVALID);
        CHECK(url_session_configuration_set_proxy(configuration, bad_keys[index], NULL) == INVALID);
        CHECK(url_session_configuration_proxy(configuration, bad_keys[index]) == NULL);
    }
    for (size_t index = 0; index < COUNT(bad_proxies); index++) {
        CHECK(url_session_configuration_set_proxy(configuration, "all", bad_proxies[index]) == INVALID);
        CHECK(url_session_request_set_proxy(request, bad_proxies[index]) == INVALID);
    }
    for (size_t index = 0; index < COUNT(bad_exceptions); index++)
        CHECK(url_session_configuration_set_proxy_exceptions(configuration, bad_exceptions[index]) == INVALID);
    CHECK(is(url_session_configuration_proxy(configuration, "all"), "http://proxy.example:3128"));
    CHECK(is(url_session_configuration_proxy_exceptions(configuration), "example.com, 10.0.0.0/8"));
    CHECK(is(url_session_request_proxy(request), "socks5h://[::1]:1080"));
    url_session_configuration_release(configuration);
    url_session_request_release(request);
}

static void set_and_read(void)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    CHECK(url_session_configuration_uses_environment_proxies(configuration));
    CHECK(url_session_configuration_proxy_exceptions(configuration) == NULL);
    CHECK(url_session_configuration_set_uses_environment_proxies(configuration, false) == OK);
    CHECK(url_session_configuration_set_proxy(configuration, "https://Example.com", "direct://") == OK);
    CHECK(url_session_configuration_set_proxy_exceptions(configuration, "*") == OK);
    UrlSessionConfiguration *copy = url_session_configuration_copy(configuration);
    CHECK(url_session_configuration_set_proxy(configuration, "https://example.com", NULL) == OK);
    CHECK(url_session_configuration_set_proxy(configuration, "https://example.com", NULL) == OK);
    CHECK(url_session_configuration_set_proxy_exceptions(configuration, NULL) == OK);
    CHECK(url_session_configuration_proxy(configuration, "https://example.com") == NULL);
    CHECK(url_session_configuration_proxy_exceptions(configuration) == NULL);
    CHECK(is(url_session_configuration_proxy(copy, "HTTPS://example.com"), "direct://"));
    CHECK(is(url_session_configuration_proxy_exceptions(copy), "*"));
    CHECK(!url_session_configuration_uses_environment_proxies(copy));
    url_session_configuration_release(configuration);
    url_session_configuration_release(copy);
}

/* A task with a handler, and how it ended. */
typedef struct {
    int32_t status;
    int32_t error;
    bool names_a_password;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    outcome->status = url_session_response_status_code(response);
    outcome->error = url_session_error_code(error);
    const char *message = url_session_error_message(error);
    outcome->names_a_password = message != NULL && strstr(message, "secret") != NULL;
    (void)data;
    happened(&outcome->end);
}

static Outcome run(UrlSession *session, const char *to, const char *proxy)
{
    Outcome outcome = {.end = WAITER};
    UrlSessionRequest *request;
    UrlSessionTask *task;
    CHECK(url_session_request_new(to, &request) == OK);
    CHECK(url_session_request_set_proxy(request, proxy) == OK);
    CHECK(url_session_data_task_with_request_completion_handler(session, request, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 1));
    CHECK(!outcome.names_a_password);
    url_session_task_release(task);
    url_session_request_release(request);
    return outcome;
}

static void through_it(const char *origin, const char *proxy)
{
    char known[128], unknown[128];
    snprintf(known, sizeof known, "http://user:word@%s", proxy + strlen("http://"));
    snprintf(unknown, sizeof unknown, "http://user:no-secret@%s", proxy + strlen("http://"));
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    CHECK(url_session_configuration_set_proxy(configuration, "http", known) == OK);
    CHECK(url_session_new(configuration, NULL, &session) == OK);
    /* The session has its own copy. */
    CHECK(url_session_configuration_set_proxy(configuration, "http", NULL) == OK);
    url_session_configuration_release(configuration);
    CHECK(run(session, "http://nowhere.invalid/hello", NULL).status == 200);
    CHECK(run(session, "http://nowhere.invalid/hello", unknown).status == 407);
    CHECK(run(session, url(origin, "/hello"), "direct://").status == 200);
    CHECK(run(session, "https://nowhere.invalid/hello", unknown).error ==
          URL_SESSION_ERROR_CODE_USER_AUTHENTICATION_REQUIRED);
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    url_session_release(session);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    misuse();
    set_and_read();
    through_it(arguments[1], arguments[2]);
    return 0;
}
