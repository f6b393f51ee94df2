/* Paragraph 3 where a redirect leads: answers in the slot, later, from another thread, twice, never, and too late. */
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define ALREADY URL_SESSION_STATUS_ALREADY_ANSWERED
#define CANCELLED URL_SESSION_ERROR_CODE_CANCELLED

/* What the redirection slot does with its completion. */
typedef void Answer(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request);

/* One task, up to its question and to its end. */
typedef struct {
    Answer *answer;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionRequest *request;
    UrlSessionRedirectionCompletion *kept;
    int32_t error;
    int32_t status;
    Waiter asked;
    Waiter completed;
    Waiter released;
} Run;

static const char *base;

static void will_redirect(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                          UrlSessionRequest *request, UrlSessionRedirectionCompletion *completion)
{
    Run *run = context;
    if (run->answer != NULL) {
        run->answer(completion, request);
    } else {
        run->request = url_session_request_retain(request);
        run->kept = url_session_redirection_completion_retain(completion);
    }
    happened(&run->asked);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    UrlSessionResponse *response = url_session_task_copy_response(task);
    run->error = url_session_error_code(error);
    run->status = url_session_response_status_code(response);
    url_session_response_release(response);
    happened(&run->completed);
}

static void did_release(void *context)
{
    happened(&((Run *)context)->released);
}

static void begin(Run *run, Answer *answer)
{
    *run = (Run){.answer = answer, .asked = WAITER, .completed = WAITER, .released = WAITER};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release,
        .task_will_perform_http_redirection = will_redirect,
        .task_did_complete = did_complete,
    };
    CHECK(url_session_new(NULL, &delegate, &run->session) == OK);
    CHECK(url_session_data_task_with_url(run->session, url(base, "/redirect/0"), &run->task) == OK);
    CHECK(url_session_task_resume(run->task) == OK);
    CHECK(reached(&run->asked, 1));
}

/* The task ends once, with this response and this error, and was asked once. */
static void end(Run *run, int32_t status, int32_t error)
{
    url_session_task_release(run->task);
    url_session_release(run->session);
    CHECK(reached(&run->released, 1));
    CHECK(count_of(&run->asked) == 1 && count_of(&run->completed) == 1);
    CHECK(run->status == status && run->error == error);
}

static void release_kept(Run *run)
{
    url_session_redirection_completion_release(run->kept);
    url_session_request_release(run->request);
}

static void follow(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    CHECK(url_session_redirection_completion_answer(completion, request) == OK);
}

static void stay(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    CHECK(url_session_redirection_completion_answer(completion, NULL) == OK);
}

static void go_elsewhere(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    UrlSessionRequest *another;
    CHECK(url_session_request_new(url(base, "/status/404"), &another) == OK);
    follow(completion, another);
    /* It was copied. */
    CHECK(url_session_request_set_url(another, "http://localhost:1/") == OK);
    url_session_request_release(another);
}

static void change(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    CHECK(url_session_request_set_url(request, url(base, "/status/404")) == OK);
    follow(completion, request);
}

static void follow_then_stay(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    follow(completion, request);
    CHECK(url_session_redirection_completion_answer(completion, NULL) == ALREADY);
    CHECK(url_session_redirection_completion_answer(completion, request) == ALREADY);
}

static void stay_then_follow(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    stay(completion, request);
    CHECK(url_session_redirection_completion_answer(completion, request) == ALREADY);
}

static void say_nothing(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    CHECK(completion != NULL && request != NULL);
}

/* What is no request leaves the question open. */
static void nonsense_then_stay(UrlSessionRedirectionCompletion *completion, UrlSessionRequest *request)
{
    UrlSessionRequest *dead = url_session_request_copy(request);
    url_session_request_release(dead);
    CHECK(url_session_redirection_completion_answer(completion, dead) == URL_SESSION_STATUS_INVALID_HANDLE);
    CHECK(url_session_redirection_completion_answer(completion, (void *)completion) ==
          URL_SESSION_STATUS_INVALID_HANDLE);
    stay(completion, request);
}

static void in_the_slot(void)
{
    static const struct {
        Answer *answer;
        int32_t status;
    } cases[] = {
        {follow, 200},
        {stay, 302},
        {go_elsewhere, 404},
        {change, 404},
        {follow_then_stay, 200},
        {stay_then_follow, 302},
        {say_nothing, 200},
        {nonsense_then_stay, 302},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        Run run;
        begin(&run, cases[index].answer);
        end(&run, cases[index].status, 0);
    }
}

/* The task waits for its answer. */
static void answer(Run *run, UrlSessionRequest *request)
{
    CHECK(count_of(&run->completed) == 0);
    CHECK(url_session_task_state(run->task) == URL_SESSION_TASK_STATE_RUNNING);
    CHECK(url_session_task_redirect_count(run->task) == 0);
    CHECK(url_session_redirection_completion_answer(run->kept, request) == OK);
    CHECK(url_session_redirection_completion_answer(run->kept, run->request) == ALREADY);
    release_kept(run);
}

static void later(void)
{
    Run run;
    begin(&run, NULL);
    answer(&run, run.request);
    end(&run, 200, 0);
    begin(&run, NULL);
    answer(&run, NULL);
    end(&run, 302, 0);
}

static void *follow_elsewhere(void *context)
{
    Run *run = context;
    answer(run, run->request);
    return NULL;
}

static void from_another_thread(void)
{
    Run run;
    pthread_t thread;
    begin(&run, NULL);
    CHECK(pthread_create(&thread, NULL, follow_elsewhere, &run) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    end(&run, 200, 0);
}

/* Retained, and given back without an answer: the default. */
static void never(void)
{
    Run run;
    begin(&run, NULL);
    CHECK(count_of(&run.completed) == 0);
    release_kept(&run);
    end(&run, 200, 0);
    CHECK(url_session_redirection_completion_answer(run.kept, NULL) == URL_SESSION_STATUS_INVALID_HANDLE);
}

/* The task is cancelled, completed, and at last gone with its session, before the answer comes. */
static void too_late(void)
{
    for (int when = 0; when < 3; when++) {
        Run run;
        begin(&run, NULL);
        CHECK(url_session_task_cancel(run.task) == OK);
        CHECK(when == 0 || reached(&run.completed, 1));
        if (when == 2)
            end(&run, 302, CANCELLED);
        follow(run.kept, run.request);
        CHECK(url_session_redirection_completion_answer(run.kept, NULL) == ALREADY);
        release_kept(&run);
        if (when != 2)
            end(&run, 302, CANCELLED);
    }
}

/* A question that nobody answers ends with its session all the same. */
static void cancelled_with_its_session(void)
{
    Run run;
    begin(&run, NULL);
    CHECK(url_session_invalidate_and_cancel(run.session) == OK);
    end(&run, 302, CANCELLED);
    release_kept(&run);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    base = arguments[1];
    in_the_slot();
    later();
    from_another_thread();
    never();
    too_late();
    cancelled_with_its_session();
    return 0;
}
