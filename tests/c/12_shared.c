/* Paragraph 1: the shared session is one for the process, lent, and cannot be invalidated or let go of. */
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define THREADS 8

static void handler(void *ended, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    CHECK(error == NULL && url_session_data_length(data) == 13);
    happened(ended);
}

static void *ask(void *session)
{
    *(UrlSession **)session = url_session_shared();
    return NULL;
}

static void run(const char *to, Waiter *ended)
{
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url_completion_handler(url_session_shared(), to, handler, ended, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    url_session_task_release(task);
}

/* Eight threads ask for the first time at once. */
static void is_the_same_for_all(void)
{
    pthread_t threads[THREADS];
    UrlSession *sessions[THREADS];
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_create(&threads[index], NULL, ask, &sessions[index]) == 0);
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_join(threads[index], NULL) == 0);
    for (int index = 0; index < THREADS; index++)
        CHECK(sessions[index] != NULL && sessions[index] == url_session_shared());
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    const char *to = url(arguments[1], "/hello");
    Waiter ended = WAITER;
    is_the_same_for_all();
    UrlSession *shared = url_session_shared();
    run(to, &ended);
    CHECK(url_session_finish_tasks_and_invalidate(shared) == OK);
    run(to, &ended);
    CHECK(url_session_invalidate_and_cancel(shared) == OK);
    run(to, &ended);
    CHECK(reached(&ended, 3));

    CHECK(url_session_retain(shared) == shared);
    url_session_release(shared);
    url_session_release(shared);
    CHECK(url_session_shared() == shared);
    CHECK(url_session_set_description(shared, "shared") == OK);
    run(to, &ended);
    CHECK(reached(&ended, 4));
    return 0;
}
