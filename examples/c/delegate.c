/* Gets a URL with a delegate: every slot prints what it is told, in the order of the life cycle. */
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <urlsession.h>

typedef struct {
    sem_t done;
    int status;
} Outcome;

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    (void)context, (void)session;
    printf("did_create_task: task %" PRIu64 "\n", url_session_task_identifier(task));
}

static void did_receive_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    (void)context, (void)session, (void)task;
    printf("data_task_did_receive_response: %" PRId32 " from %s\n", url_session_response_status_code(response),
           url_session_response_url(response));
    url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    (void)context, (void)session, (void)task, (void)bytes, (void)data;
    printf("data_task_did_receive_data: %zu bytes\n", length);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Outcome *outcome = context;
    (void)session, (void)task;
    outcome->status = error != NULL;
    printf("task_did_complete: %s\n", error != NULL ? url_session_error_message(error) : "no error");
}

static void did_become_invalid(void *context, UrlSession *session, UrlSessionError *error)
{
    (void)context, (void)session, (void)error;
    printf("session_did_become_invalid\n");
}

static void release(void *context)
{
    Outcome *outcome = context;
    printf("release\n");
    sem_post(&outcome->done);
}

int main(int argc, char **argv)
{
    Outcome outcome = {.status = 0};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &outcome,
        .release = release,
        .did_create_task = did_create_task,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;
    UrlSessionTask *task;
    if (argc != 2) {
        fprintf(stderr, "usage: delegate URL\n");
        return 2;
    }
    sem_init(&outcome.done, 0, 0);
    url_session_new(NULL, &delegate, &session);
    url_session_data_task_with_url(session, argv[1], &task);
    url_session_task_resume(task);
    url_session_task_release(task);
    url_session_finish_tasks_and_invalidate(session);
    url_session_release(session);
    sem_wait(&outcome.done);
    return outcome.status;
}
