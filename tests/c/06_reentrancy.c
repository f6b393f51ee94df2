/* Paragraph 5: every function may be called in every callback, and by another thread while a callback runs: nothing
 * is locked meanwhile. No message comes inside a call, did_create_task excepted. */
#include "everything.h"

enum { CREATE, REDIRECTION, RESPONSE, DATA, COMPLETE, HANDLER, ALL_TASKS, INVALID, RELEASE, PLACES };

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    Run *run = context;
    atomic_fetch_add(&run->created, 1);
    here(run, CREATE, task);
}

static void will_redirect(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head,
                          UrlSessionRequest *next, UrlSessionRedirectionCompletion *question)
{
    enter();
    here(context, REDIRECTION, task);
    CHECK(url_session_response_status_code(head) == 302);
    CHECK(url_session_redirection_completion_answer(question, next) == OK);
    leave();
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

/* Two tasks and a list of them; whatever is done in between, everything ends as the contract says. */
static void run_once(int place, void (*what)(Run *, UrlSessionTask *), bool elsewhere, const char *to)
{
    Run run = {.place = place, .what = what, .elsewhere = elsewhere, .to = to};
    run.main_tasks = run.listed = run.invalid = run.released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &run,
        .release = did_release,
        .did_create_task = did_create_task,
        .task_will_perform_http_redirection = will_redirect,
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

int main(int count, char **arguments)
{
    CHECK(count > 2);
    keep_objects(arguments[1]);
    keep_challenges(arguments[1], arguments[2]);
    in_every_place(PLACES, run_once, url(arguments[1], "/redirect/0"));
    release_challenges();
    release_objects();
    return 0;
}
