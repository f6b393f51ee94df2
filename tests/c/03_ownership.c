/* Paragraphs 1 and 2: letting go in every slot, keeping what a slot lends, letting go in any order, and forgetting to
 * invalidate. What nobody holds any more is gone: its handle is dead. The origin wants alice and secret below
 * /redirect. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

typedef enum { NOWHERE, CREATE, CHALLENGE, REDIRECTION, RESPONSE, DATA, COMPLETE, INVALID, PLACES } Place;

/* One session with one task, and what is kept of what its slots lend. */
typedef struct {
    Place let_go_in;
    bool keeps;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSession *kept_session;
    UrlSessionTask *kept_task;
    UrlSessionResponse *redirect;
    UrlSessionRequest *next;
    UrlSessionRedirectionCompletion *redirection;
    UrlSessionResponse *response;
    UrlSessionResponseCompletion *completion;
    UrlSessionData *data;
    UrlSessionData *lent_data;
    UrlSessionChallenge *challenge;
    UrlSessionChallengeCompletion *answer;
    UrlSessionError *error;
    int32_t expected_error;
    Waiter completed;
    Waiter invalid;
    Waiter released;
} Run;

#define RUN .completed = WAITER, .invalid = WAITER, .released = WAITER

/* The application's references, given back in the midst of a slot that was lent the same objects. */
static void let_go(Run *run, Place place)
{
    if (run->let_go_in != place)
        return;
    url_session_release(run->session);
    url_session_task_release(run->task);
}

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    Run *run = context;
    run->kept_session = run->keeps ? url_session_retain(session) : NULL;
    run->kept_task = run->keeps ? url_session_task_retain(task) : NULL;
    let_go(run, CREATE);
    CHECK(url_session_task_identifier(task) == 1);
}

static void did_receive_challenge(void *context, UrlSession *session, UrlSessionTask *task,
                                  UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    Run *run = context;
    UrlSessionCredential *credential;
    let_go(run, CHALLENGE);
    CHECK(url_session_challenge_previous_failure_count(challenge) == 0);
    CHECK(url_session_task_identifier(task) == 1);
    CHECK(url_session_credential_new_with_user("alice", "secret", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE,
                                               &credential) == URL_SESSION_STATUS_OK);
    CHECK(url_session_challenge_completion_answer(completion, URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL,
                                                  credential) == URL_SESSION_STATUS_OK);
    url_session_credential_release(credential);
    run->challenge = challenge;
    run->answer = completion;
}

static void will_redirect(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                          UrlSessionRequest *request, UrlSessionRedirectionCompletion *completion)
{
    Run *run = context;
    if (run->keeps) {
        CHECK((run->redirect = url_session_response_retain(response)) == response);
        CHECK((run->next = url_session_request_retain(request)) == request);
        CHECK((run->redirection = url_session_redirection_completion_retain(completion)) == completion);
    }
    let_go(run, REDIRECTION);
    CHECK(url_session_response_status_code(response) == 302);
    CHECK(strlen(url_session_request_url(request)) > 0);
    CHECK(url_session_task_identifier(task) == 1);
    CHECK(url_session_redirection_completion_answer(completion, request) == URL_SESSION_STATUS_OK);
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    Run *run = context;
    if (run->keeps) {
        CHECK((run->response = url_session_response_retain(response)) == response);
        CHECK((run->completion = url_session_response_completion_retain(completion)) == completion);
    }
    let_go(run, RESPONSE);
    CHECK(url_session_response_status_code(response) == 200);
    const char *name;
    const uint8_t *value;
    size_t length;
    CHECK(url_session_response_header_field_at(response, 0, &name, &value, &length) == URL_SESSION_STATUS_OK);
    CHECK(strlen(name) > 0 && strlen((const char *)value) == length);
    CHECK(url_session_task_identifier(task) == 1);
    CHECK(url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) ==
          URL_SESSION_STATUS_OK);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    Run *run = context;
    run->lent_data = data;
    if (run->keeps && run->data == NULL)
        CHECK((run->data = url_session_data_retain(data)) == data);
    let_go(run, DATA);
    CHECK(url_session_data_length(data) == length);
    CHECK(url_session_data_bytes(data) == bytes);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    if (run->keeps && error != NULL)
        CHECK((run->error = url_session_error_retain(error)) == error);
    let_go(run, COMPLETE);
    CHECK(url_session_error_code(error) == run->expected_error);
    CHECK(url_session_task_state(task) == URL_SESSION_TASK_STATE_COMPLETED);
    happened(&run->completed);
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    Run *run = context;
    let_go(run, INVALID);
    CHECK(url_session_set_description(session, "still here") == URL_SESSION_STATUS_OK);
    happened(&run->invalid);
}

static void did_release(void *context)
{
    happened(&((Run *)context)->released);
}

static void did_let_go(void *waiter)
{
    happened(waiter);
}

static void begin(Run *run, const char *to)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release,
        .did_create_task = did_create_task,
        .task_did_receive_challenge = did_receive_challenge,
        .task_will_perform_http_redirection = will_redirect,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    CHECK(url_session_new(NULL, &delegate, &run->session) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_url(run->session, to, &run->task) == URL_SESSION_STATUS_OK);
}

/* The context is given back once, after everything; then nothing of the session is left. */
static void has_ended(Run *run)
{
    CHECK(reached(&run->released, 1));
    CHECK(count_of(&run->completed) == 1);
    CHECK(count_of(&run->invalid) == 1);
    EVENTUALLY(url_session_set_description(run->session, NULL) == URL_SESSION_STATUS_INVALID_HANDLE);
    EVENTUALLY(url_session_task_resume(run->task) == URL_SESSION_STATUS_INVALID_HANDLE);
    CHECK(url_session_data_retain(run->lent_data) == NULL);
    CHECK(url_session_challenge_retain(run->challenge) == NULL);
    CHECK(url_session_challenge_completion_retain(run->answer) == NULL);
    CHECK(count_of(&run->released) == 1);
}

static void release_in_every_slot(const char *base)
{
    for (Place place = CREATE; place < PLACES; place++) {
        Run run = {.let_go_in = place, RUN};
        begin(&run, url(base, "/redirect/0"));
        CHECK(url_session_task_resume(run.task) == URL_SESSION_STATUS_OK);
        if (place == CREATE)
            url_session_task_release(run.task);
        if (place == INVALID)
            CHECK(url_session_finish_tasks_and_invalidate(run.session) == URL_SESSION_STATUS_OK);
        has_ended(&run);
    }
}

/* Everything that can be kept outlives its slot, its task and its session, and reads the same. */
static void keep_in_a_slot_and_use_later(const char *base)
{
    char from[512];
    strcpy(from, url(base, "/redirect/0"));
    const char *to = url(base, "/hello");
    Run run = {.keeps = true, RUN};
    begin(&run, from);
    CHECK(url_session_task_resume(run.task) == URL_SESSION_STATUS_OK);
    CHECK(reached(&run.completed, 1));
    url_session_task_release(run.task);
    CHECK(url_session_finish_tasks_and_invalidate(run.session) == URL_SESSION_STATUS_OK);
    url_session_release(run.session);
    CHECK(reached(&run.released, 1));

    CHECK(url_session_set_description(run.kept_session, "kept") == URL_SESSION_STATUS_OK);
    UrlSessionData *description = url_session_copy_description(run.kept_session);
    url_session_release(run.kept_session);
    CHECK(strcmp((const char *)url_session_data_bytes(description), "kept") == 0);
    CHECK(url_session_data_length(description) == 4);
    url_session_data_release(description);

    UrlSessionRequest *request = url_session_task_copy_original_request(run.kept_task);
    UrlSessionResponse *response = url_session_task_copy_response(run.kept_task);
    CHECK(url_session_task_copy_redirect_response(run.kept_task, 0) == run.redirect);
    url_session_response_release(run.redirect);
    CHECK(url_session_task_count_of_bytes_received(run.kept_task) == 13);
    url_session_task_release(run.kept_task);
    CHECK(strcmp(url_session_request_url(request), from) == 0);
    url_session_request_release(request);

    CHECK(strcmp(url_session_response_url(run.redirect), from) == 0);
    CHECK(strcmp(url_session_response_value_for_header_field(run.redirect, "Location"), "/hello") == 0);
    url_session_response_release(run.redirect);
    EVENTUALLY(url_session_response_retain(run.redirect) == NULL);
    CHECK(strcmp(url_session_request_url(run.next), to) == 0);
    CHECK(url_session_request_set_http_method(run.next, "POST") == URL_SESSION_STATUS_OK);
    CHECK(url_session_redirection_completion_answer(run.redirection, run.next) ==
          URL_SESSION_STATUS_ALREADY_ANSWERED);
    url_session_request_release(run.next);
    CHECK(url_session_request_retain(run.next) == NULL);
    url_session_redirection_completion_release(run.redirection);
    CHECK(url_session_redirection_completion_retain(run.redirection) == NULL);

    CHECK(response == run.response);
    url_session_response_release(response);
    CHECK(strcmp(url_session_response_url(run.response), to) == 0);
    CHECK(strcmp(url_session_response_mime_type(run.response), "text/plain") == 0);
    url_session_response_release(run.response);
    CHECK(url_session_response_retain(run.response) == NULL);

    CHECK(url_session_response_completion_answer(run.completion, URL_SESSION_RESPONSE_DISPOSITION_CANCEL) ==
          URL_SESSION_STATUS_ALREADY_ANSWERED);
    url_session_response_completion_release(run.completion);
    CHECK(url_session_response_completion_retain(run.completion) == NULL);

    CHECK(memcmp(url_session_data_bytes(run.data), "hello, world\n", 13) == 0);
    url_session_data_release(run.data);
    EVENTUALLY(url_session_data_bytes(run.data) == NULL);
    EVENTUALLY(url_session_task_resume(run.task) == URL_SESSION_STATUS_INVALID_HANDLE);
    EVENTUALLY(url_session_set_description(run.session, NULL) == URL_SESSION_STATUS_INVALID_HANDLE);
}

static void keep_an_error(void)
{
    Run run = {.keeps = true, .expected_error = URL_SESSION_ERROR_CODE_UNSUPPORTED_URL, RUN};
    begin(&run, "gopher://user:secret@localhost/");
    CHECK(url_session_task_resume(run.task) == URL_SESSION_STATUS_OK);
    CHECK(reached(&run.completed, 1));
    CHECK(url_session_task_copy_error(run.task) == run.error);
    url_session_error_release(run.error);
    url_session_release(run.session);
    url_session_release(run.kept_session);
    url_session_task_release(run.task);
    url_session_task_release(run.kept_task);
    has_ended(&run);
    CHECK(strcmp(url_session_error_domain(run.error), "NSURLErrorDomain") == 0);
    CHECK(strlen(url_session_error_message(run.error)) > 0);
    CHECK(strstr(url_session_error_failing_url(run.error), "localhost") != NULL);
    CHECK(strstr(url_session_error_failing_url(run.error), "secret") == NULL);
    url_session_error_release(run.error);
    CHECK(url_session_error_retain(run.error) == NULL);
}

/* The session first or the task first, before the task has begun or while it runs: it goes on to its end. */
static void let_go_in_any_order(const char *base)
{
    for (int order = 0; order < 4; order++) {
        Run run = {RUN};
        begin(&run, url(base, order < 2 ? "/hello" : "/drip/3/10"));
        if (order % 2 == 0)
            url_session_release(run.session);
        CHECK(url_session_task_resume(run.task) == URL_SESSION_STATUS_OK);
        url_session_task_release(run.task);
        if (order % 2 == 1)
            url_session_release(run.session);
        has_ended(&run);
    }
}

/* A configuration and a request are copied when they are used. */
static void let_go_of_what_was_copied(const char *base)
{
    Run run = {RUN};
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSessionDelegate delegate = {.size = sizeof delegate, .context = &run, .task_did_complete = did_complete};
    CHECK(url_session_new(configuration, &delegate, &run.session) == URL_SESSION_STATUS_OK);
    url_session_configuration_release(configuration);
    memset(&delegate, 0xA5, sizeof delegate);
    char text[512];
    strcpy(text, url(base, "/hello"));
    UrlSessionRequest *request;
    CHECK(url_session_request_new(text, &request) == URL_SESSION_STATUS_OK);
    CHECK(url_session_data_task_with_request(run.session, request, &run.task) == URL_SESSION_STATUS_OK);
    CHECK(url_session_request_set_url(request, "http://localhost:1/") == URL_SESSION_STATUS_OK);
    url_session_request_release(request);
    CHECK(url_session_request_retain(request) == NULL);
    memset(text, 'x', sizeof text);
    CHECK(url_session_task_resume(run.task) == URL_SESSION_STATUS_OK);
    CHECK(reached(&run.completed, 1));
    url_session_task_release(run.task);
    url_session_release(run.session);
}

/* A suspended task that nobody can resume any more does not keep its session; whichever was let go first. */
static void forget_a_suspended_task(const char *base)
{
    for (int order = 0; order < 2; order++) {
        Run run = {.expected_error = URL_SESSION_ERROR_CODE_CANCELLED, RUN};
        begin(&run, url(base, "/hello"));
        if (order == 0)
            url_session_task_release(run.task);
        url_session_release(run.session);
        if (order == 1)
            url_session_task_release(run.task);
        has_ended(&run);
    }
}

typedef struct {
    UrlSessionTask *task;
    Waiter listed;
} List;

static void keep_the_first(void *context, UrlSessionTask *const *tasks, size_t count)
{
    List *list = context;
    CHECK(count == 1);
    list->task = url_session_task_retain(tasks[0]);
    happened(&list->listed);
}

/* While the session is held its tasks can be found again, so a forgotten one stays. */
static void find_a_forgotten_task(const char *base)
{
    Run run = {RUN};
    List list = {.listed = WAITER};
    begin(&run, url(base, "/hello"));
    url_session_task_release(run.task);
    CHECK(url_session_get_all_tasks(run.session, keep_the_first, &list) == URL_SESSION_STATUS_OK);
    CHECK(reached(&list.listed, 1));
    CHECK(list.task == run.task);
    CHECK(url_session_task_state(list.task) == URL_SESSION_TASK_STATE_SUSPENDED);
    CHECK(url_session_task_resume(list.task) == URL_SESSION_STATUS_OK);
    url_session_task_release(list.task);
    url_session_release(run.session);
    has_ended(&run);
}

/* A task's own delegate is let go once for each time it was given: replaced, taken away, and after its last slot. */
static void replace_a_delegate(const char *base)
{
    Run run = {RUN};
    Waiter replaced = WAITER, taken_away = WAITER, last = WAITER;
    UrlSessionDelegate own = {.size = sizeof own, .release = did_let_go};
    begin(&run, url(base, "/hello"));
    own.context = &replaced;
    CHECK(url_session_task_set_delegate(run.task, &own) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_set_delegate(run.task, &own) == URL_SESSION_STATUS_OK);
    own.context = &taken_away;
    CHECK(url_session_task_set_delegate(run.task, &own) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_set_delegate(run.task, NULL) == URL_SESSION_STATUS_OK);
    CHECK(reached(&replaced, 2) && reached(&taken_away, 1));
    own.context = &last;
    CHECK(url_session_task_set_delegate(run.task, &own) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(run.task) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_set_delegate(run.task, &own) == URL_SESSION_STATUS_INVALID_STATE);
    CHECK(reached(&last, 1));
    CHECK(count_of(&run.completed) == 1);
    url_session_task_release(run.task);
    url_session_release(run.session);
    has_ended(&run);
    CHECK(count_of(&replaced) == 2 && count_of(&taken_away) == 1 && count_of(&last) == 1);
}

/* References are counted: as many releases as there were retains, and the last one counts. */
static void count_references(void)
{
    UrlSessionData *data = url_session_data_new((const uint8_t *)"kept", 4);
    for (int index = 0; index < 100; index++)
        CHECK(url_session_data_retain(data) == data);
    for (int index = 0; index < 100; index++)
        url_session_data_release(data);
    CHECK(url_session_data_length(data) == 4);
    url_session_data_release(data);
    CHECK(url_session_data_length(data) == 0);
    url_session_data_release(data);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    const char *base = arguments[1];
    count_references();
    release_in_every_slot(base);
    keep_in_a_slot_and_use_later(base);
    keep_an_error();
    let_go_in_any_order(base);
    let_go_of_what_was_copied(base);
    forget_a_suspended_task(base);
    find_a_forgotten_task(base);
    replace_a_delegate(base);
    return 0;
}
