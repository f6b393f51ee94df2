/*
 * Drives real tasks through the life cycle and prints every call that it makes and every slot that is called:
 *
 *     lifecycle URL                    with one URL of the real network
 *     lifecycle HTTP HTTPS AUTHORITY   with the base URLs of the tests' origin and the PEM file of its authority
 *
 * Ends with 0 only when every task ended as it should.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <urlsession.h>

#include "transcript.h"

static sem_t told; /* Posted by what main waits for: the end of a task, a release, a list of tasks. */
static pthread_t answerer;

/* The session's delegate: the slots of data tasks, in the order of the life cycle. */

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    (void)context, (void)session;
    line("slot", "did_create_task: task %" PRIu64 ", %s", url_session_task_identifier(task), state(task));
}

/* For every new TLS connection. Pins, or a certificate that only the application knows, would be looked at here. */
static void did_receive_challenge(void *context, UrlSession *session, UrlSessionChallenge *challenge,
                                  UrlSessionChallengeCompletion *completion)
{
    (void)context, (void)session;
    line("slot", "session_did_receive_challenge: answer PERFORM_DEFAULT_HANDLING");
    print_challenge(challenge);
    url_session_challenge_completion_answer(completion, URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING,
                                            NULL);
}

static void will_redirect(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                          UrlSessionRequest *request, UrlSessionRedirectionCompletion *completion)
{
    (void)context, (void)session;
    line("slot", "task_will_perform_http_redirection: task %" PRIu64 ", status %d, to %s",
         url_session_task_identifier(task), url_session_response_status_code(response),
         url_session_request_url(request));
    url_session_redirection_completion_answer(completion, request);
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    (void)context, (void)session;
    line("slot", "data_task_did_receive_response: task %" PRIu64 ", answer ALLOW", url_session_task_identifier(task));
    print_response(response);
    url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    (void)context, (void)session, (void)bytes, (void)data;
    line("slot", "data_task_did_receive_data: task %" PRIu64 ", %zu bytes", url_session_task_identifier(task), length);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    (void)context, (void)session;
    line("slot", "task_did_complete: task %" PRIu64 ", %s, %s", url_session_task_identifier(task), state(task),
         error != NULL ? "with error" : "no error");
    detail("%" PRId64 " bytes received, %" PRId64 " once decoded", url_session_task_count_of_bytes_received(task),
           url_session_task_count_of_bytes_decoded(task));
    if (error != NULL) print_error("error", error);
    sem_post(&told);
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    (void)context, (void)session;
    line("slot", "session_did_become_invalid: %s", error != NULL ? "with error" : "no error");
}

static void release(void *context)
{
    line("slot", "release: %s", (const char *)context);
    sem_post(&told);
}

/* Delegates of a task's own have one slot each here; what they leave NULL goes to the session's. */

/* A user who gets it right the second time. */
static void password_asked(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionChallenge *challenge,
                           UrlSessionChallengeCompletion *completion)
{
    bool is_first = url_session_challenge_previous_failure_count(challenge) == 0;
    UrlSessionCredential *credential;
    (void)context, (void)session;
    line("slot", "task_did_receive_challenge: task %" PRIu64 ", answer USE_CREDENTIAL, %s",
         url_session_task_identifier(task), is_first ? "with a wrong password" : "with the right password");
    print_challenge(challenge);
    check(url_session_credential_new_with_user("alice", is_first ? "sesame" : "secret",
                                               URL_SESSION_CREDENTIAL_PERSISTENCE_FOR_SESSION, &credential));
    url_session_challenge_completion_answer(completion, URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL, credential);
    url_session_credential_release(credential);
}

static void *allow_later(void *completion)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    nanosleep(&pause, NULL);
    line("call", "url_session_response_completion_answer: ALLOW, from another thread");
    url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
    url_session_response_completion_release(completion);
    return NULL;
}

static void response_answered_later(void *context, UrlSession *session, UrlSessionTask *task,
                                    UrlSessionResponse *response, UrlSessionResponseCompletion *completion)
{
    (void)context, (void)session, (void)response;
    line("slot", "data_task_did_receive_response: task %" PRIu64 ", no answer yet", url_session_task_identifier(task));
    pthread_create(&answerer, NULL, allow_later, url_session_response_completion_retain(completion));
}

static void redirect_refused(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                             UrlSessionRequest *request, UrlSessionRedirectionCompletion *completion)
{
    (void)context, (void)session, (void)response, (void)request;
    line("slot", "task_will_perform_http_redirection: task %" PRIu64 ", answer NULL",
         url_session_task_identifier(task));
    url_session_redirection_completion_answer(completion, NULL);
}

static void response_refused(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                             UrlSessionResponseCompletion *completion)
{
    (void)context, (void)session, (void)response;
    line("slot", "data_task_did_receive_response: task %" PRIu64 ", answer CANCEL", url_session_task_identifier(task));
    url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_CANCEL);
}

static void data_enough(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes, size_t length,
                        UrlSessionData *data)
{
    (void)context, (void)session, (void)bytes, (void)data;
    line("slot", "data_task_did_receive_data: task %" PRIu64 ", %zu bytes", url_session_task_identifier(task), length);
    line("call", "url_session_task_cancel");
    url_session_task_cancel(task);
}

/* Functions that the library calls once. */

static void all_tasks(void *context, UrlSessionTask *const *tasks, size_t count)
{
    (void)context;
    line("slot", "all tasks handler: %zu", count);
    for (size_t i = 0; i < count; i++) {
        detail("task %" PRIu64 ", %s", url_session_task_identifier(tasks[i]), state(tasks[i]));
    }
    sem_post(&told);
}

static void completion_handler(void *context, UrlSessionData *data, UrlSessionResponse *response,
                               UrlSessionError *error)
{
    (void)context;
    line("slot", "completion handler: %zu bytes, %s", url_session_data_length(data),
         error != NULL ? "with error" : "no error");
    if (response != NULL) print_response(response);
    if (error != NULL) print_error("error", error);
    sem_post(&told);
}

/* The story, told once for every base URL. */

static UrlSession *open_session(const char *authority)
{
    const UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = "the session's delegate",
        .release = release,
        .did_create_task = did_create_task,
        .session_did_receive_challenge = did_receive_challenge,
        .task_will_perform_http_redirection = will_redirect,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;

    heading("Step 1: a configuration");
    UrlSessionConfiguration *configuration = make_configuration(authority);

    heading("Step 2: a session, from the configuration and a delegate");
    line("call", "url_session_new");
    check(url_session_new(configuration, &delegate, &session));
    url_session_configuration_release(configuration);
    return session;
}

static UrlSessionTask *make(UrlSession *session, const char *url)
{
    UrlSessionTask *task;
    line("call", "url_session_data_task_with_url: %s", url);
    check(url_session_data_task_with_url(session, url, &task));
    return task;
}

static UrlSessionTask *make_hasty(UrlSession *session, const char *url)
{
    UrlSessionRequest *request;
    UrlSessionTask *task;
    check(url_session_request_new(url, &request));
    line("call", "url_session_request_set_timeout_interval: 0.2");
    check(url_session_request_set_timeout_interval(request, 0.2));
    line("call", "url_session_data_task_with_request: %s", url);
    check(url_session_data_task_with_request(session, request, &task));
    url_session_request_release(request);
    return task;
}

/* Resumes a task, and waits for its end. */
static void run(UrlSessionTask *task, UrlSessionErrorCode expected)
{
    line("call", "url_session_task_resume");
    check(url_session_task_resume(task));
    sem_wait(&told);
    expect(task, expected);
    url_session_task_release(task);
}

/* The same with a delegate of the task's own, whose release comes after the task's end. */
static void run_with_delegate(UrlSessionTask *task, UrlSessionDelegate delegate, UrlSessionErrorCode expected)
{
    delegate.size = sizeof delegate;
    delegate.context = "the task's own delegate";
    delegate.release = release;
    line("call", "url_session_task_set_delegate");
    check(url_session_task_set_delegate(task, &delegate));
    run(task, expected);
    sem_wait(&told);
}

static void suspended_then_resumed(UrlSession *session, const char *url)
{
    heading("Step 3: a task, suspended until it was resumed as often as it was suspended");
    UrlSessionTask *task = make(session, url);
    line("call", "url_session_task_suspend");
    check(url_session_task_suspend(task));
    line("call", "url_session_task_resume");
    check(url_session_task_resume(task));
    line("call", "url_session_get_all_tasks");
    check(url_session_get_all_tasks(session, all_tasks, NULL));
    sem_wait(&told);
    run(task, 0);
}

static void gate_refused(UrlSession *session, const char *url)
{
    heading("Step 7: the response gate, answered by a delegate of the task's own: cancel");
    run_with_delegate(make(session, url),
                      (UrlSessionDelegate){.data_task_did_receive_response = response_refused},
                      URL_SESSION_ERROR_CODE_CANCELLED);
}

static void handled(UrlSession *session, const char *url)
{
    UrlSessionTask *task;
    heading("Step 13: complete, in a completion handler");
    line("call", "url_session_data_task_with_url_completion_handler: %s", url);
    check(url_session_data_task_with_url_completion_handler(session, url, completion_handler, NULL, &task));
    run(task, 0);
}

static void close_session(UrlSession *session, const char *url)
{
    UrlSessionTask *task;
    heading("Step 15: finish tasks and invalidate");
    line("call", "url_session_finish_tasks_and_invalidate");
    check(url_session_finish_tasks_and_invalidate(session));
    sem_wait(&told);
    line("call", "url_session_data_task_with_url: %s", url);
    detail("%s", url_session_status_message(url_session_data_task_with_url(session, url, &task)));
    line("call", "url_session_release");
    url_session_release(session);
}

static void tour_origin(const char *base, const char *authority)
{
    printf("\n======== %s ========\n", base);
    UrlSession *session = open_session(authority);
    suspended_then_resumed(session, at(base, "/hello"));

    heading("Step 4: a challenge, before the 401 becomes the response: asked again after a wrong password");
    run_with_delegate(make(session, at(base, "/private")),
                      (UrlSessionDelegate){.task_did_receive_challenge = password_asked}, 0);
    heading("Step 4: the same place again; nobody is asked, for the credential is kept for the session");
    run(make(session, at(base, "/private")), 0);

    heading("Step 5: redirects, followed, and one that is not: then the 302 is the result");
    run(make(session, at(base, "/redirect/2")), 0);
    run_with_delegate(make(session, at(base, "/redirect/1")),
                      (UrlSessionDelegate){.task_will_perform_http_redirection = redirect_refused}, 0);

    heading("Step 7: the response gate, answered later from another thread; no data comes before");
    run_with_delegate(make(session, at(base, "/hello")),
                      (UrlSessionDelegate){.data_task_did_receive_response = response_answered_later}, 0);
    pthread_join(answerer, NULL);
    gate_refused(session, at(base, "/hello"));

    heading("Step 10: data, as it comes");
    run(make(session, at(base, "/chunked/100000")), 0);
    heading("Step 10: data, decoded from gzip");
    run(make(session, at(base, "/gzip")), 0);
    heading("Step 10: a task that is cancelled in the middle of its body");
    run_with_delegate(make(session, at(base, "/drip/1000/10")),
                      (UrlSessionDelegate){.data_task_did_receive_data = data_enough},
                      URL_SESSION_ERROR_CODE_CANCELLED);

    heading("Step 13: complete; a 404 is an answer, not an error");
    run(make(session, at(base, "/status/404")), 0);
    heading("Step 13: complete; a connection that is refused is an error");
    run(make(session, "http://127.0.0.1:1/"), URL_SESSION_ERROR_CODE_CANNOT_CONNECT_TO_HOST);
    heading("Step 13: complete; a server that says nothing for 0.2 seconds is too late");
    run(make_hasty(session, at(base, "/hang")), URL_SESSION_ERROR_CODE_TIMED_OUT);
    handled(session, at(base, "/hello"));

    heading("Step 14: an answer of several parts; back to step 7 for each");
    run(make(session, at(base, "/multipart")), 0);
    close_session(session, at(base, "/hello"));
}

static void tour_network(const char *url)
{
    UrlSession *session = open_session(NULL);
    suspended_then_resumed(session, url);
    gate_refused(session, url);
    handled(session, url);
    close_session(session, url);
}

int main(int argc, char **argv)
{
    sem_init(&told, 0, 0);
    begin_transcript("The life cycle of a URL session");
    printf("Steps 6, 8, 9 and 12 are told by transfers; 11 comes with a later version. Over https, step 4 also asks\n"
           "whom to trust, whenever a connection is made.\n");
    if (argc == 2) {
        tour_network(argv[1]);
    } else if (argc == 4) {
        tour_origin(argv[1], argv[3]);
        tour_origin(argv[2], argv[3]);
    } else {
        fprintf(stderr, "usage: lifecycle URL | lifecycle HTTP HTTPS AUTHORITY\n");
        return 2;
    }
    return end_transcript();
}
