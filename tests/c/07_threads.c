/* Paragraph 5: eight threads make, resume, suspend, cancel, list and let go on one session while it runs. Messages
 * come one at a time, in order, none inside a call; every task completes exactly once. */
#include <stdatomic.h>
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define THREADS 8
#define TASKS_A_THREAD 30
/* And one that all threads share. */
#define TASKS (THREADS * TASKS_A_THREAD + 1)
#define OK URL_SESSION_STATUS_OK

typedef enum { MADE = 1, ANSWERED, RECEIVING, COMPLETED } Step;

static UrlSession *session;
static UrlSessionTask *shared_task;
static const char *to;
/* How far the task of each identifier has come; told by one message at a time, so it needs no lock. */
static Step steps[TASKS + 1];
static Waiter handled = WAITER;
static Waiter listed = WAITER;
static Waiter released = WAITER;
static atomic_int inside;
static int succeeded, cancelled;
static _Thread_local bool is_ours;

/* Two messages at once would meet here, and so would one that comes inside a call. */
static void enter(void)
{
    CHECK(!is_ours);
    CHECK(atomic_fetch_add(&inside, 1) == 0);
}

static void leave(void)
{
    CHECK(atomic_fetch_sub(&inside, 1) == 1);
}

static Step *step_of(UrlSessionTask *task)
{
    uint64_t identifier = url_session_task_identifier(task);
    CHECK(identifier >= 1 && identifier <= TASKS);
    return &steps[identifier];
}

/* On the thread that makes the task, inside the call that does. */
static void did_create_task(void *context, UrlSession *of, UrlSessionTask *task)
{
    CHECK(is_ours);
    CHECK(*step_of(task) == 0);
    *step_of(task) = MADE;
}

static void did_receive_response(void *context, UrlSession *of, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    enter();
    CHECK(*step_of(task) == MADE);
    *step_of(task) = ANSWERED;
    CHECK(url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) == OK);
    leave();
}

static void did_receive_data(void *context, UrlSession *of, UrlSessionTask *task, const uint8_t *bytes, size_t length,
                             UrlSessionData *data)
{
    enter();
    CHECK(*step_of(task) == ANSWERED || *step_of(task) == RECEIVING);
    *step_of(task) = RECEIVING;
    leave();
}

static void count_end(UrlSessionError *error)
{
    CHECK(error == NULL || url_session_error_code(error) == URL_SESSION_ERROR_CODE_CANCELLED);
    *(error == NULL ? &succeeded : &cancelled) += 1;
}

static void did_complete(void *context, UrlSession *of, UrlSessionTask *task, UrlSessionError *error)
{
    enter();
    CHECK(*step_of(task) != COMPLETED);
    CHECK(error != NULL || *step_of(task) == RECEIVING);
    *step_of(task) = COMPLETED;
    count_end(error);
    leave();
}

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    enter();
    CHECK((data != NULL) == (error == NULL));
    count_end(error);
    happened(&handled);
    leave();
}

static void all_tasks(void *context, UrlSessionTask *const *tasks, size_t count)
{
    enter();
    for (size_t index = 0; index < count; index++) {
        uint64_t before = index == 0 ? 0 : url_session_task_identifier(tasks[index - 1]);
        CHECK(url_session_task_identifier(tasks[index]) > before);
    }
    happened(&listed);
    leave();
}

static void did_become_invalid(void *context, UrlSession *of, UrlSessionError *error)
{
    enter();
    CHECK(succeeded + cancelled == TASKS);
    leave();
}

static void did_release(void *context)
{
    enter();
    happened(&released);
    leave();
}

/* One task, as many ways as there are; with its end in sight in each. */
static void use_a_task(int index)
{
    UrlSessionTask *task;
    if (index % 5 == 0)
        CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, NULL, &task) == OK);
    else
        CHECK(url_session_data_task_with_url(session, to, &task) == OK);
    CHECK(url_session_task_retain(task) == task);
    if (index % 3 == 0)
        CHECK(url_session_task_suspend(task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    if (index % 3 == 0)
        CHECK(url_session_task_resume(task) == OK);
    if (index % 2 == 0) {
        CHECK(url_session_task_suspend(task) == OK);
        CHECK(url_session_task_set_priority(task, (float)index / TASKS_A_THREAD) == OK);
        CHECK(url_session_task_resume(task) == OK);
    }
    if (index % 6 == 1)
        CHECK(url_session_task_cancel(task) == OK);
    url_session_task_release(task);
    if (index % 10 == 0)
        CHECK(url_session_get_all_tasks(session, all_tasks, NULL) == OK);
    url_session_task_release(task);
}

/* Every suspension is undone by its own thread, so that the task goes on in the end. */
static void use_the_shared_task(void)
{
    CHECK(url_session_task_retain(shared_task) == shared_task);
    CHECK(url_session_task_suspend(shared_task) == OK);
    CHECK(url_session_task_set_description(shared_task, "shared") == OK);
    url_session_data_release(url_session_task_copy_description(shared_task));
    url_session_request_release(url_session_task_copy_current_request(shared_task));
    url_session_response_release(url_session_task_copy_response(shared_task));
    CHECK(url_session_task_count_of_bytes_received(shared_task) >= 0);
    CHECK(url_session_task_resume(shared_task) == OK);
    url_session_task_release(shared_task);
}

static void *use_tasks(void *context)
{
    is_ours = true;
    for (int index = 0; index < TASKS_A_THREAD; index++) {
        use_a_task(index);
        use_the_shared_task();
    }
    return context;
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    is_ours = true;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .release = did_release,
        .did_create_task = did_create_task,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    CHECK(url_session_data_task_with_url(session, url(arguments[1], "/bytes/5000000"), &shared_task) == OK);
    CHECK(url_session_task_resume(shared_task) == OK);
    to = url(arguments[1], "/bytes/20000");
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_create(&threads[index], NULL, use_tasks, NULL) == 0);
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_join(threads[index], NULL) == 0);
    CHECK(url_session_finish_tasks_and_invalidate(session) == OK);
    CHECK(reached(&released, 1));
    CHECK(url_session_task_count_of_bytes_received(shared_task) == 5000000);
    url_session_task_release(shared_task);
    url_session_release(session);

    CHECK(succeeded + cancelled == TASKS);
    CHECK(succeeded >= TASKS - THREADS * (TASKS_A_THREAD / 6));
    CHECK(count_of(&handled) == THREADS * (TASKS_A_THREAD / 5));
    CHECK(count_of(&listed) == THREADS * (TASKS_A_THREAD / 10));
    int completed = count_of(&handled);
    for (int identifier = 1; identifier <= TASKS; identifier++)
        completed += steps[identifier] == COMPLETED;
    CHECK(completed == TASKS);
    return 0;
}
