/* Gets a URL and prints the body: a completion handler is told the whole outcome at once. */
#include <semaphore.h>
#include <stdio.h>
#include <urlsession.h>

typedef struct {
    sem_t done;
    int status;
} Outcome;

static void completed(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    (void)response;
    if (error != NULL) {
        fprintf(stderr, "get: %s\n", url_session_error_message(error));
        outcome->status = 1;
    } else {
        fwrite(url_session_data_bytes(data), 1, url_session_data_length(data), stdout);
    }
    sem_post(&outcome->done);
}

int main(int argc, char **argv)
{
    Outcome outcome = {.status = 0};
    UrlSessionTask *task;
    if (argc != 2) {
        fprintf(stderr, "usage: get URL\n");
        return 2;
    }
    sem_init(&outcome.done, 0, 0);
    url_session_data_task_with_url_completion_handler(url_session_shared(), argv[1], completed, &outcome, &task);
    url_session_task_resume(task);
    sem_wait(&outcome.done);
    url_session_task_release(task);
    return outcome.status;
}
