/* Paragraph 3: answers in the slot, later, from another thread, twice, never, unknown, and too late. */
#include <stdatomic.h>
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define ALLOW URL_SESSION_RESPONSE_DISPOSITION_ALLOW
#define CANCEL URL_SESSION_RESPONSE_DISPOSITION_CANCEL
#define OK URL_SESSION_STATUS_OK
#define ALREADY URL_SESSION_STATUS_ALREADY_ANSWERED
#define UNKNOWN URL_SESSION_STATUS_INVALID_ARGUMENT

/* What the response slot does with its completion. */
typedef void Gate(UrlSessionResponseCompletion *completion);

/* One task, up to its question and to its end. */
typedef struct {
    Gate *gate;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionResponseCompletion *kept;
    atomic_bool open;
    atomic_int chunks;
    int32_t error;
    Waiter asked;
    Waiter completed;
    Waiter released;
} Run;

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    Run *run = context;
    if (run->gate != NULL) {
        atomic_store(&run->open, true);
        run->gate(completion);
    } else {
        run->kept = url_session_response_completion_retain(completion);
    }
    happened(&run->asked);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    Run *run = context;
    CHECK(atomic_load(&run->open));
    atomic_fetch_add(&run->chunks, 1);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Run *run = context;
    run->error = url_session_error_code(error);
    happened(&run->completed);
}

static void did_release(void *context)
{
    happened(&((Run *)context)->released);
}

static void begin(Run *run, Gate *gate, const char *to)
{
    *run = (Run){.gate = gate, .asked = WAITER, .completed = WAITER, .released = WAITER};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
    };
    CHECK(url_session_new(NULL, &delegate, &run->session) == OK);
    CHECK(url_session_data_task_with_url(run->session, to, &run->task) == OK);
    CHECK(url_session_task_resume(run->task) == OK);
    CHECK(reached(&run->asked, 1));
}

/* The task ends once, with `error`. */
static void end(Run *run, int32_t error)
{
    url_session_task_release(run->task);
    url_session_release(run->session);
    CHECK(reached(&run->released, 1));
    CHECK(count_of(&run->completed) == 1);
    CHECK(run->error == error);
}

/* The same, with its data only if there is no error. */
static void finish(Run *run, int32_t error)
{
    end(run, error);
    CHECK((atomic_load(&run->chunks) > 0) == (error == 0));
}

static void allow(UrlSessionResponseCompletion *completion)
{
    CHECK(url_session_response_completion_answer(completion, ALLOW) == OK);
}

static void cancel(UrlSessionResponseCompletion *completion)
{
    CHECK(url_session_response_completion_answer(completion, CANCEL) == OK);
}

static void allow_then_cancel(UrlSessionResponseCompletion *completion)
{
    allow(completion);
    CHECK(url_session_response_completion_answer(completion, CANCEL) == ALREADY);
    CHECK(url_session_response_completion_answer(completion, ALLOW) == ALREADY);
}

static void cancel_then_allow(UrlSessionResponseCompletion *completion)
{
    cancel(completion);
    CHECK(url_session_response_completion_answer(completion, ALLOW) == ALREADY);
}

static void say_nothing(UrlSessionResponseCompletion *completion)
{
    CHECK(completion != NULL);
}

/* Apple's 3 is for tasks that do not exist yet: unknown so far. The question stays open. */
static void nonsense_then_cancel(UrlSessionResponseCompletion *completion)
{
    CHECK(url_session_response_completion_answer(completion, 3) == UNKNOWN);
    CHECK(url_session_response_completion_answer(completion, UINT32_MAX) == UNKNOWN);
    cancel(completion);
}

static void in_the_slot(const char *to)
{
    static const struct {
        Gate *gate;
        int32_t error;
    } cases[] = {
        {allow, 0},
        {cancel, URL_SESSION_ERROR_CODE_CANCELLED},
        {allow_then_cancel, 0},
        {cancel_then_allow, URL_SESSION_ERROR_CODE_CANCELLED},
        {say_nothing, 0},
        {nonsense_then_cancel, URL_SESSION_ERROR_CODE_CANCELLED},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        Run run;
        begin(&run, cases[index].gate, to);
        finish(&run, cases[index].error);
    }
}

/* The gate is shut until the answer comes: the data slot checks that it is open. */
static void answer(Run *run, UrlSessionResponseDisposition disposition)
{
    CHECK(count_of(&run->completed) == 0);
    CHECK(url_session_task_state(run->task) == URL_SESSION_TASK_STATE_RUNNING);
    atomic_store(&run->open, true);
    CHECK(url_session_response_completion_answer(run->kept, disposition) == OK);
    CHECK(url_session_response_completion_answer(run->kept, ALLOW) == ALREADY);
    url_session_response_completion_release(run->kept);
}

static void later(const char *to)
{
    Run run;
    begin(&run, NULL, to);
    answer(&run, ALLOW);
    finish(&run, 0);
    begin(&run, NULL, to);
    answer(&run, CANCEL);
    finish(&run, URL_SESSION_ERROR_CODE_CANCELLED);
}

static void *allow_elsewhere(void *run)
{
    answer(run, ALLOW);
    return NULL;
}

static void from_another_thread(const char *to)
{
    Run run;
    pthread_t thread;
    begin(&run, NULL, to);
    CHECK(pthread_create(&thread, NULL, allow_elsewhere, &run) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    finish(&run, 0);
}

/* Retained, and given back without an answer: the default. */
static void never(const char *to)
{
    Run run;
    begin(&run, NULL, to);
    CHECK(count_of(&run.completed) == 0);
    atomic_store(&run.open, true);
    url_session_response_completion_release(run.kept);
    finish(&run, 0);
    CHECK(url_session_response_completion_answer(run.kept, ALLOW) == URL_SESSION_STATUS_INVALID_HANDLE);
}

/* The task is cancelled, completed, and at last gone with its session, before the answer comes. Only just cancelled,
 * it may still get data that was on its way. */
static void too_late(const char *to)
{
    for (int when = 0; when < 3; when++) {
        Run run;
        begin(&run, NULL, to);
        CHECK(url_session_task_cancel(run.task) == OK);
        CHECK(when == 0 || reached(&run.completed, 1));
        if (when == 2)
            end(&run, URL_SESSION_ERROR_CODE_CANCELLED);
        atomic_store(&run.open, true);
        CHECK(url_session_response_completion_answer(run.kept, ALLOW) == OK);
        CHECK(url_session_response_completion_answer(run.kept, ALLOW) == ALREADY);
        url_session_response_completion_release(run.kept);
        if (when != 2)
            end(&run, URL_SESSION_ERROR_CODE_CANCELLED);
    }
}

/* A question that nobody answers ends with its session all the same. */
static void cancelled_with_its_session(const char *to)
{
    Run run;
    begin(&run, NULL, to);
    CHECK(url_session_invalidate_and_cancel(run.session) == OK);
    finish(&run, URL_SESSION_ERROR_CODE_CANCELLED);
    url_session_response_completion_release(run.kept);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    const char *to = url(arguments[1], "/bytes/100000");
    in_the_slot(to);
    later(to);
    from_another_thread(to);
    never(to);
    too_late(to);
    cancelled_with_its_session(to);
    return 0;
}
