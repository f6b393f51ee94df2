/* Paragraph 5: every function may be called in every callback, and by another thread while a callback runs: nothing
 * is locked meanwhile. No message comes inside a call, did_create_task excepted. */
#include <stdatomic.h>
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK

typedef enum { CREATE, RESPONSE, DATA, COMPLETE, HANDLER, ALL_TASKS, INVALID, RELEASE, PLACES } Place;

/* One session: in one place of it something is done, once. */
typedef struct Run {
    Place place;
    void (*what)(struct Run *run, UrlSessionTask *task);
    bool elsewhere;
    const char *to;
    UrlSession *session;
    _Atomic(UrlSessionTask *) task;
    atomic_bool done;
    atomic_int created;
    atomic_int completed;
    Waiter main_tasks;
    Waiter listed;
    Waiter invalid;
    Waiter released;
} Run;

/* Objects for the getters, kept from an earlier task. */
static UrlSessionResponse *response;
static UrlSessionResponseCompletion *completion;
static UrlSessionData *data;
static UrlSessionError *error;

/* Whether this thread is in a slot: messages do not nest. And whether it is the application's: none comes there. */
static _Thread_local bool inside;
static _Thread_local bool is_ours;

typedef struct {
    Run *run;
    UrlSessionTask *task;
} Errand;

static void *do_it_elsewhere(void *errand)
{
    Errand *it = errand;
    is_ours = true;
    it->run->what(it->run, it->task);
    return NULL;
}

/* Does what is to be done here: on this thread, or on another while this one waits in the slot. */
static void here(Run *run, Place place, UrlSessionTask *task)
{
    if (place != run->place || atomic_exchange(&run->done, true))
        return;
    if (!run->elsewhere) {
        run->what(run, task);
        return;
    }
    Errand errand = {run, task};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, do_it_elsewhere, &errand) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void enter(void)
{
    CHECK(!inside && !is_ours);
    inside = true;
}

static void leave(void)
{
    inside = false;
}

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    Run *run = context;
    atomic_fetch_add(&run->created, 1);
    here(run, CREATE, task);
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head,
                                 UrlSessionResponseCompletion *question)
{
    enter();
    here(context, RESPONSE, task);
    url_session_response_completion_answer(question, URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
    leave();
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *chunk)
{
    enter();
    here(context, DATA, task);
    CHECK(url_session_data_length(chunk) == length);
    leave();
}

static void has_completed(Run *run, bool is_main)
{
    atomic_fetch_add(&run->completed, 1);
    if (is_main)
        happened(&run->main_tasks);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *why)
{
    Run *run = context;
    enter();
    here(run, COMPLETE, task);
    has_completed(run, url_session_task_identifier(task) == 1);
    leave();
}

static void handler(void *context, UrlSessionData *body, UrlSessionResponse *head, UrlSessionError *why)
{
    Run *run = context;
    enter();
    here(run, HANDLER, run->task);
    has_completed(run, true);
    leave();
}

static void handler_of_a_new_task(void *context, UrlSessionData *body, UrlSessionResponse *head, UrlSessionError *why)
{
    enter();
    has_completed(context, false);
    leave();
}

static void all_tasks(void *context, UrlSessionTask *const *tasks, size_t count)
{
    Run *run = context;
    enter();
    here(run, ALL_TASKS, run->task);
    happened(&run->listed);
    leave();
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *why)
{
    Run *run = context;
    enter();
    here(run, INVALID, run->task);
    happened(&run->invalid);
    leave();
}

static void did_release(void *context)
{
    Run *run = context;
    enter();
    here(run, RELEASE, run->task);
    leave();
    happened(&run->released);
}

/* What makes a task says so, or that the session is invalid by now; a new task is resumed or cancelled. */
static void end(UrlSessionStatus status, UrlSessionTask *task, UrlSessionStatus (*how)(UrlSessionTask *))
{
    CHECK(status == OK || status == URL_SESSION_STATUS_SESSION_INVALIDATED);
    CHECK((task != NULL) == (status == OK));
    if (task != NULL)
        CHECK(how(task) == OK);
    url_session_task_release(task);
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
    url_session_error_release(url_session_task_copy_error(task));
    CHECK(url_session_task_count_of_bytes_sent(task) == 0);
    CHECK(url_session_task_count_of_bytes_received(task) >= 0);
    CHECK(url_session_task_count_of_bytes_decoded(task) >= 0);
    CHECK(url_session_task_count_of_bytes_expected_to_send(task) == 0);
    CHECK(url_session_task_count_of_bytes_expected_to_receive(task) >= -1);
    url_session_task_release(task);
}

/* Tasks of every maker, all of which come to their end. */
static void call_makers(Run *run)
{
    UrlSession *session = run->session;
    UrlSessionRequest *request = call_request(run->to);
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
    url_session_request_release(request);
}

/* Every function there is, but those that end this very session. */
static void everything(Run *run, UrlSessionTask *task)
{
    UrlSession *session = run->session, *another;
    call_objects();
    call_task(task);
    call_makers(run);
    CHECK(url_session_retain(session) == session);
    url_session_release(session);
    UrlSessionConfiguration *configuration = url_session_copy_configuration(session);
    call_configuration(configuration);
    UrlSessionConfiguration *copy = url_session_configuration_copy(configuration);
    CHECK(url_session_set_description(session, "a session") == OK);
    url_session_data_release(url_session_copy_description(session));
    CHECK(url_session_get_all_tasks(session, all_tasks, run) == OK);
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

/* Two tasks and a list of them; whatever is done in between, everything ends as the contract says. */
static void run_once(Place place, void (*what)(Run *, UrlSessionTask *), bool elsewhere, const char *to)
{
    Run run = {.place = place, .what = what, .elsewhere = elsewhere, .to = to};
    run.main_tasks = run.listed = run.invalid = run.released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &run,
        .release = did_release,
        .did_create_task = did_create_task,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    CHECK(url_session_new(NULL, &delegate, &run.session) == OK);
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url(run.session, to, &task) == OK);
    /* Messages that end the session may run by now. */
    atomic_store(&run.task, task);
    CHECK(url_session_task_resume(task) == OK);
    UrlSessionTask *other;
    UrlSessionStatus status =
        url_session_data_task_with_url_completion_handler(run.session, to, handler, &run, &other);
    end(status, other, url_session_task_resume);
    CHECK(url_session_get_all_tasks(run.session, all_tasks, &run) == OK);
    CHECK(reached(&run.main_tasks, status == OK ? 2 : 1));
    CHECK(url_session_finish_tasks_and_invalidate(run.session) == OK);
    CHECK(reached(&run.released, 1));
    CHECK(reached(&run.listed, what == everything ? 2 : 1));
    CHECK(atomic_load(&run.done));
    CHECK(atomic_load(&run.created) == atomic_load(&run.completed));
    CHECK(count_of(&run.invalid) == 1 && count_of(&run.released) == 1);
    url_session_task_release(task);
    url_session_release(run.session);
}

static void keep_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head,
                          UrlSessionResponseCompletion *question)
{
    response = url_session_response_retain(head);
    completion = url_session_response_completion_retain(question);
    CHECK(url_session_response_completion_answer(question, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) == OK);
}

static void keep_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes, size_t length,
                      UrlSessionData *chunk)
{
    data = url_session_data_retain(chunk);
}

static void keep_error(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *why)
{
    if (why != NULL)
        error = url_session_error_retain(why);
}

static void did_keep(void *waiter)
{
    happened(waiter);
}

static void keep_objects(const char *to)
{
    Waiter kept = WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &kept,
        .release = did_keep,
        .data_task_did_receive_response = keep_response,
        .data_task_did_receive_data = keep_data,
        .task_did_complete = keep_error,
    };
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    UrlSessionStatus status = url_session_data_task_with_url(session, to, &task);
    end(status, task, url_session_task_resume);
    status = url_session_data_task_with_url(session, "http://", &task);
    end(status, task, url_session_task_resume);
    url_session_release(session);
    CHECK(reached(&kept, 1));
}

int main(int count, char **arguments)
{
    static void (*const whats[])(Run *, UrlSessionTask *) = {
        everything, cancel, invalidate, finish, wait_for_another_session,
    };
    CHECK(count > 1);
    is_ours = true;
    const char *to = url(arguments[1], "/hello");
    keep_objects(to);
    for (Place place = 0; place < PLACES; place++)
        for (size_t what = 0; what < sizeof whats / sizeof whats[0]; what++)
            for (int elsewhere = 0; elsewhere < 2; elsewhere++)
                run_once(place, whats[what], elsewhere, to);
    url_session_response_release(response);
    url_session_response_completion_release(completion);
    url_session_data_release(data);
    url_session_error_release(error);
    return 0;
}
