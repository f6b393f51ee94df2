/* Paragraphs 1 and 5 for the application's own dialer: its context is released once, when no configuration and no
 * session needs it; it may call what it likes and block as long as it likes; what is no connection fails the task. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
/* Where the URLs below say that they lead; the dialer knows better. */
#define ELSEWHERE "http://no-such-host.invalid:1234/hello"

typedef struct {
    struct sockaddr_in origin;
    /* What to give in place of a connection to the origin. */
    int32_t (*give)(void);
    UrlSession *session;
    Waiter dialed;
    Waiter listed;
    Waiter may_return;
    Waiter released;
} Dialer;

#define DIALER .dialed = WAITER, .listed = WAITER, .may_return = WAITER, .released = WAITER

/* What is a socket but no connection may be found out when it is used. */
#define ANY_FAILURE INT32_MIN

/* A task with a handler, and how it ended. */
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

static int32_t connect_to(const struct sockaddr_in *origin)
{
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(descriptor >= 0);
    CHECK(connect(descriptor, (const struct sockaddr *)origin, sizeof *origin) == 0);
    return descriptor;
}

static int32_t dial(void *context, const char *host, uint16_t port)
{
    Dialer *dialer = context;
    CHECK(strcmp(host, "no-such-host.invalid") == 0 && port == 1234);
    happened(&dialer->dialed);
    return dialer->give != NULL ? dialer->give() : connect_to(&dialer->origin);
}

static int32_t dial_when_told(void *context, const char *host, uint16_t port)
{
    Dialer *dialer = context;
    happened(&dialer->dialed);
    CHECK(reached(&dialer->may_return, 1));
    return connect_to(&dialer->origin);
}

/* Uses the session it dials for. */
static int32_t dial_and_call(void *context, const char *host, uint16_t port)
{
    Dialer *dialer = context;
    UrlSessionTask *task;
    CHECK(url_session_set_description(dialer->session, "dialing") == OK);
    CHECK(url_session_data_task_with_url(dialer->session, ELSEWHERE, &task) == OK);
    CHECK(url_session_task_cancel(task) == OK);
    url_session_task_release(task);
    url_session_configuration_release(url_session_copy_configuration(dialer->session));
    return connect_to(&dialer->origin);
}

static void did_list(void *context, UrlSessionTask *const *tasks, size_t count)
{
    CHECK(count == 1);
    happened(&((Dialer *)context)->listed);
}

/* What it asks to be told is told although it does not return. */
static int32_t dial_and_list(void *context, const char *host, uint16_t port)
{
    Dialer *dialer = context;
    CHECK(url_session_get_all_tasks(dialer->session, did_list, dialer) == OK);
    CHECK(reached(&dialer->listed, 1));
    return connect_to(&dialer->origin);
}

static void did_release(void *context)
{
    url_session_configuration_release(url_session_configuration_new_default());
    happened(&((Dialer *)context)->released);
}

static UrlSession *new_session(Dialer *dialer, UrlSessionDialFunction function)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_set_dialer(configuration, function, dialer, did_release) == OK);
    CHECK(url_session_new(configuration, NULL, &dialer->session) == OK);
    url_session_configuration_release(configuration);
    return dialer->session;
}

static UrlSessionTask *start(UrlSession *session, const char *to, Outcome *outcome)
{
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    return task;
}

/* The whole life of a dialer and of one task. */
static void run(const struct sockaddr_in *origin, UrlSessionDialFunction function, int32_t (*give)(void), int32_t error)
{
    Dialer dialer = {.origin = *origin, .give = give, DIALER};
    Outcome outcome = {.end = WAITER};
    UrlSession *session = new_session(&dialer, function);
    UrlSessionTask *task = start(session, ELSEWHERE, &outcome);
    CHECK(reached(&outcome.end, 1));
    CHECK(error == ANY_FAILURE ? outcome.error < 0 : outcome.error == error);
    CHECK(count_of(&dialer.released) == 0);
    url_session_task_release(task);
    url_session_release(session);
    CHECK(reached(&dialer.released, 1));
    CHECK(count_of(&outcome.end) == 1);
}

static int32_t nothing(void)
{
    return -1;
}

/* More than any process may have open. */
static int32_t no_descriptor(void)
{
    return INT32_MAX;
}

static int32_t a_file(void)
{
    return open("/dev/null", O_RDWR);
}

static int32_t a_pipe(void)
{
    int descriptors[2];
    CHECK(pipe(descriptors) == 0);
    CHECK(close(descriptors[1]) == 0);
    return descriptors[0];
}

static int32_t an_unconnected_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int32_t a_datagram_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0);
}

/* Replaced, taken away, and kept by a copy of the configuration only. */
static void release_once(void)
{
    Dialer replaced = {DIALER}, taken_away = {DIALER}, copied = {DIALER};
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_set_dialer(configuration, dial, &replaced, did_release) == OK);
    CHECK(url_session_configuration_set_dialer(configuration, dial, &taken_away, did_release) == OK);
    CHECK(count_of(&replaced.released) == 1 && count_of(&taken_away.released) == 0);
    CHECK(url_session_configuration_set_dialer(configuration, NULL, NULL, NULL) == OK);
    CHECK(count_of(&taken_away.released) == 1);
    CHECK(url_session_configuration_set_dialer(configuration, dial, &copied, did_release) == OK);
    UrlSessionConfiguration *copy = url_session_configuration_copy(configuration);
    url_session_configuration_release(configuration);
    CHECK(count_of(&copied.released) == 0);
    url_session_configuration_release(copy);
    CHECK(count_of(&copied.released) == 1);
}

/* A task that is cancelled does not wait for its dialer; what that gives in the end is closed and let go of. */
static void cancel_while_it_dials(const struct sockaddr_in *origin)
{
    Dialer dialer = {.origin = *origin, DIALER};
    Outcome outcome = {.end = WAITER};
    UrlSession *session = new_session(&dialer, dial_when_told);
    UrlSessionTask *task = start(session, ELSEWHERE, &outcome);
    CHECK(reached(&dialer.dialed, 1));
    CHECK(url_session_task_cancel(task) == OK);
    CHECK(reached(&outcome.end, 1));
    CHECK(outcome.error == URL_SESSION_ERROR_CODE_CANCELLED);
    url_session_task_release(task);
    url_session_release(session);
    happened(&dialer.may_return);
    CHECK(reached(&dialer.released, 1));
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    struct sockaddr_in origin = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    origin.sin_port = htons((uint16_t)atoi(strrchr(arguments[1], ':') + 1));
    const int32_t no_connection = URL_SESSION_ERROR_CODE_CANNOT_CONNECT_TO_HOST;
    run(&origin, dial, NULL, 0);
    run(&origin, dial_and_call, NULL, 0);
    run(&origin, dial_and_list, NULL, 0);
    run(&origin, dial, nothing, no_connection);
    run(&origin, dial, no_descriptor, no_connection);
    run(&origin, dial, a_file, no_connection);
    run(&origin, dial, a_pipe, ANY_FAILURE);
    run(&origin, dial, an_unconnected_socket, ANY_FAILURE);
    run(&origin, dial, a_datagram_socket, ANY_FAILURE);
    release_once();
    cancel_while_it_dials(&origin);
    return 0;
}
