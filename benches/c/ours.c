/*
 * GETs of one URL on liburlsession, every answer checked: ours URL BYTES REQUESTS IN_FLIGHT [CA-FILE|- [PAUSE]]
 * PAUSE: microseconds that the data slot sleeps after every 4 MiB.
 */
#include <unistd.h>

#include "ours.h"

#define PAUSE_AFTER (4u << 20)

struct load {
    UrlSessionRequest *request;
    int64_t bytes;
    uint64_t requests, to_start, completed;
    uint64_t received, since_pause;
    useconds_t pause;
    sem_t invalid;
};

static void start(struct load *load, UrlSession *session)
{
    UrlSessionTask *task;
    check(url_session_data_task_with_request(session, load->request, &task));
    check(url_session_task_resume(task));
    url_session_task_release(task);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    struct load *load = context;
    (void)session, (void)task, (void)bytes, (void)data;
    load->received += length;
    load->since_pause += length;
    if (load->pause && load->since_pause >= PAUSE_AFTER) {
        load->since_pause -= PAUSE_AFTER;
        usleep(load->pause);
    }
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    struct load *load = context;
    if (error)
        fail(url_session_error_message(error));
    UrlSessionResponse *response = url_session_task_copy_response(task);
    if (url_session_response_status_code(response) != 200)
        fail("a status that is not 200");
    url_session_response_release(response);
    if (url_session_task_count_of_bytes_decoded(task) != load->bytes)
        fail("a body of the wrong length");
    if (load->to_start > 0) {
        load->to_start--;
        start(load, session);
    }
    if (++load->completed == load->requests)
        check(url_session_finish_tasks_and_invalidate(session));
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    struct load *load = context;
    (void)session, (void)error;
    sem_post(&load->invalid);
}

int main(int count, char **arguments)
{
    if (count < 5)
        fail("URL BYTES REQUESTS IN_FLIGHT [CA-FILE|- [PAUSE]]");
    struct load load = {.bytes = atoll(arguments[2]), .requests = strtoull(arguments[3], NULL, 10)};
    uint32_t in_flight = (uint32_t)strtoul(arguments[4], NULL, 10);
    load.to_start = load.requests - in_flight;
    load.pause = count > 6 ? (useconds_t)strtoul(arguments[6], NULL, 10) : 0;
    sem_init(&load.invalid, 0, 0);

    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    check(url_session_configuration_set_http_maximum_connections_per_host(configuration, in_flight));
    if (count > 5)
        trust(configuration, arguments[5]);
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &load,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;
    check(url_session_new(configuration, &delegate, &session));
    url_session_configuration_release(configuration);
    check(url_session_request_new(arguments[1], &load.request));

    for (uint32_t started = 0; started < in_flight; started++)
        start(&load, session);
    wait_for(&load.invalid);
    url_session_request_release(load.request);
    url_session_release(session);
    if (load.received != load.requests * (uint64_t)load.bytes)
        fail("the data slot did not get every byte");
    return 0;
}
