/* Paragraph 10: a server that closes while a large body is sent to it raises no SIGPIPE, and no signal's disposition
 * is changed. The origins here (http, https) read a little of the body and close; a peer behind a dialer reads none. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "urlsession.h"

#define BODY (4 << 20)
#define UPLOADS 10
#define SIGNALS 32

static void handler(void *ended, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    CHECK(error != NULL && data == NULL);
    CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_NETWORK_CONNECTION_LOST);
    happened(ended);
}

/* One end of a socketpair whose other end is closed: the first write to it breaks. */
static int32_t dial_a_broken_pipe(void *context, const char *host, uint16_t port)
{
    int sockets[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    CHECK(close(sockets[1]) == 0);
    return sockets[0];
}

/* A session that trusts the origins' authority, whose certificate is in the file at `path`. */
static UrlSession *new_session(const char *path, UrlSessionDialFunction dial)
{
    static uint8_t pem[16384];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t length = fread(pem, 1, sizeof pem, file);
    fclose(file);
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    CHECK(url_session_configuration_add_trusted_certificates(configuration, pem, length) == URL_SESSION_STATUS_OK);
    CHECK(url_session_configuration_set_dialer(configuration, dial, NULL, NULL) == URL_SESSION_STATUS_OK);
    UrlSession *session;
    CHECK(url_session_new(configuration, NULL, &session) == URL_SESSION_STATUS_OK);
    url_session_configuration_release(configuration);
    return session;
}

static void upload(UrlSession *session, const char *base, Waiter *ended)
{
    static uint8_t body[BODY];
    UrlSessionRequest *request;
    UrlSessionTask *task;
    CHECK(url_session_request_new(url(base, "/"), &request) == URL_SESSION_STATUS_OK);
    CHECK(url_session_request_set_http_method(request, "POST") == URL_SESSION_STATUS_OK);
    CHECK(url_session_request_set_http_body(request, body, sizeof body) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_request_completion_handler(session, request, handler, ended, &task) ==
          URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
    url_session_request_release(request);
    url_session_task_release(task);
}

static void dispositions(struct sigaction *of_signals)
{
    for (int number = 1; number < SIGNALS; number++)
        CHECK(sigaction(number, NULL, &of_signals[number]) == 0);
}

int main(int count, char **arguments)
{
    static struct sigaction before[SIGNALS], after[SIGNALS];
    CHECK(count > 3);
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    dispositions(before);
    UrlSession *session = new_session(arguments[3], NULL);
    UrlSession *broken = new_session(arguments[3], dial_a_broken_pipe);
    Waiter ended = WAITER;
    for (int index = 0; index < UPLOADS; index++) {
        upload(session, arguments[1], &ended);
        upload(session, arguments[2], &ended);
        upload(broken, arguments[1], &ended);
    }
    CHECK(reached(&ended, 3 * UPLOADS));
    dispositions(after);
    for (int number = 1; number < SIGNALS; number++)
        CHECK(after[number].sa_handler == before[number].sa_handler);
    url_session_release(session);
    url_session_release(broken);
    return 0;
}
