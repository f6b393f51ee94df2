/* What the environment may say about trust, and that it says nothing where it is not asked:
 *
 *     25_environment URL SWITCHES ERROR
 *
 * SWITCHES has letters: `e` ignores the environment, `p` ignores the platform, `d` accepts everybody, `l` logs secrets.
 * Another argument is a file of certificates to trust. The task has to end with ERROR. */
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK

typedef struct {
    int32_t error;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    outcome->error = url_session_error_code(error);
    happened(&outcome->end);
}

int main(int count, char **arguments)
{
    CHECK(count > 3);
    Outcome outcome = {.end = WAITER};
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    const char *switches = arguments[2];
    if (strchr(switches, 'e') != NULL)
        CHECK(url_session_configuration_set_uses_environment_certificates(configuration, false) == OK);
    if (strchr(switches, 'p') != NULL)
        CHECK(url_session_configuration_set_trusts_platform_certificates(configuration, false) == OK);
    if (strchr(switches, 'd') != NULL)
        CHECK(url_session_configuration_set_dangerously_accepts_any_server_certificate(configuration, true) == OK);
    if (strchr(switches, 'l') != NULL)
        CHECK(url_session_configuration_set_logs_tls_secrets(configuration, true) == OK);
    if (count > 4)
        CHECK(url_session_configuration_add_trusted_certificates_file(configuration, arguments[4], NULL) == OK);
    CHECK(url_session_new(configuration, NULL, &session) == OK);
    url_session_configuration_release(configuration);
    const char *target = url(arguments[1], "/hello");
    CHECK(url_session_data_task_with_url_completion_handler(session, target, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 1));
    CHECK(outcome.error == atoi(arguments[3]));
    url_session_task_release(task);
    url_session_release(session);
    return 0;
}
