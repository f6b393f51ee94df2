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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <urlsession.h>

static struct timespec start;
static sem_t told; /* Posted by what main waits for: the end of a task, a release, a list of tasks. */
static pthread_t answerer;
static int surprises;

/* The transcript: milliseconds since the start, who calls whom, and what; details are indented below. */

static void line(const char *who, const char *format, ...)
{
    struct timespec now;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
    printf("%10.2f ms  %s  %s\n", seconds * 1e3, who, text);
}

static void detail(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%23s%s\n", "", text);
}

static void heading(const char *text)
{
    printf("\n%s\n", text);
}

static const char *state(const UrlSessionTask *task)
{
    static const char *const names[] = {"running", "suspended", "canceling", "completed"};
    return names[url_session_task_state(task)];
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "none";
}

static void print_response(const UrlSessionResponse *response)
{
    detail("status %" PRId32 ", type %s, charset %s, expected length %" PRId64 ", file name %s",
           url_session_response_status_code(response), or_none(url_session_response_mime_type(response)),
           or_none(url_session_response_text_encoding_name(response)),
           url_session_response_expected_content_length(response), url_session_response_suggested_filename(response));
    detail("URL %s", url_session_response_url(response));
}

static void print_error(const char *what, const UrlSessionError *error)
{
    UrlSessionError *underlying = url_session_error_copy_underlying(error);
    detail("%s %s %" PRId32 ": %s", what, url_session_error_domain(error), url_session_error_code(error),
           url_session_error_message(error));
    if (url_session_error_failing_url(error) != NULL) detail("failing URL %s", url_session_error_failing_url(error));
    if (underlying != NULL) print_error("because of", underlying);
    url_session_error_release(underlying);
}

/* The session's delegate: every slot, in the order of the life cycle. */

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    (void)context, (void)session;
    line("slot", "did_create_task: task %" PRIu64 ", %s", url_session_task_identifier(task), state(task));
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

static void check(UrlSessionStatus status)
{
    if (status != URL_SESSION_STATUS_OK) {
        detail("%s", url_session_status_message(status));
        exit(1);
    }
}

static const char *at(const char *base, const char *path)
{
    static char url[2048];
    snprintf(url, sizeof url, "%s%s", base, path);
    return url;
}

static UrlSession *open_session(const char *authority)
{
    static char pem[64 * 1024];
    const UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = "the session's delegate",
        .release = release,
        .did_create_task = did_create_task,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;

    heading("Step 1: a configuration");
    line("call", "url_session_configuration_new_ephemeral");
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    if (authority != NULL) {
        FILE *file = fopen(authority, "rb");
        size_t length = file != NULL ? fread(pem, 1, sizeof pem, file) : 0;
        if (file != NULL) fclose(file);
        line("call", "url_session_configuration_add_trusted_certificates");
        check(url_session_configuration_add_trusted_certificates(configuration, (const uint8_t *)pem, length));
    }

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

/* Resumes a task, waits for its end, and compares the code of its error, 0 for none, with what should come. */
static void run(UrlSessionTask *task, UrlSessionErrorCode expected)
{
    line("call", "url_session_task_resume");
    check(url_session_task_resume(task));
    sem_wait(&told);
    UrlSessionError *error = url_session_task_copy_error(task);
    if (url_session_error_code(error) != expected) {
        detail("SURPRISE: expected error code %" PRId32, expected);
        surprises++;
    }
    url_session_error_release(error);
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

    heading("Step 5: redirects, followed");
    run(make(session, at(base, "/redirect/2")), 0);

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
    clock_gettime(CLOCK_MONOTONIC, &start);
    setvbuf(stdout, NULL, _IOLBF, 0);
    sem_init(&told, 0, 0);
    alarm(120); /* A demo that hangs is worse than one that dies. */
    printf("The life cycle of a URL session, told by liburlsession %s\n"
           "  call  the program calls the library        slot  the library calls the program\n"
           "Steps 4, 6, 8, 9, 11, 12 and 14 come with later versions.\n",
           url_session_version());
    if (argc == 2) {
        tour_network(argv[1]);
    } else if (argc == 4) {
        tour_origin(argv[1], argv[3]);
        tour_origin(argv[2], argv[3]);
    } else {
        fprintf(stderr, "usage: lifecycle URL | lifecycle HTTP HTTPS AUTHORITY\n");
        return 2;
    }
    printf("\n%s\n", surprises == 0 ? "Every task ended as it should." : "Some tasks did not end as they should.");
    return surprises != 0;
}
