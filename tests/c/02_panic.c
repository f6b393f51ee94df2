/* Paragraph 10: a panic ends its call with INTERNAL or its task with UNKNOWN, and nothing else: the process, its
 * sessions and its other tasks go on. Needs a library with the feature fault-injection. */
#include <stdint.h>

#include "check.h"
#include "urlsession.h"

#define TASKS 8

/* Not in the header: no library that is shipped has it. */
extern UrlSessionStatus url_session_fault_panic(uint32_t place);
enum { IN_THIS_CALL = 0, IN_THE_NEXT_TASK = 1, IN_THE_NEXT_MESSAGE = 2 };

/* What became of the tasks of one session. */
typedef struct {
    Waiter succeeded;
    Waiter failed;
    Waiter completed;
    Waiter released;
} Outcome;

#define OUTCOME {WAITER, WAITER, WAITER, WAITER}

static void record(Outcome *outcome, UrlSessionError *error)
{
    if (error != NULL)
        CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_UNKNOWN);
    happened(error == NULL ? &outcome->succeeded : &outcome->failed);
    happened(&outcome->completed);
}

static void did_receive_response(void *outcome, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *response,
                                 UrlSessionResponseCompletion *completion)
{
    url_session_response_completion_answer(completion, URL_SESSION_RESPONSE_DISPOSITION_ALLOW);
}

static void did_receive_data(void *outcome, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    CHECK(length > 0);
}

static void did_complete(void *outcome, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    record(outcome, error);
}

static void handler(void *outcome, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    CHECK((data == NULL) == (error != NULL));
    record(outcome, error);
}

static void did_become_invalid(void *outcome, UrlSession *session, UrlSessionError *error)
{
    CHECK(error == NULL);
}

static void did_release(void *outcome)
{
    happened(&((Outcome *)outcome)->released);
}

static UrlSession *new_session(Outcome *outcome)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = outcome,
        .release = did_release,
        .data_task_did_receive_response = did_receive_response,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
        .session_did_become_invalid = did_become_invalid,
    };
    UrlSession *session;
    CHECK(url_session_new(NULL, &delegate, &session) == URL_SESSION_STATUS_OK);
    return session;
}

static void start(UrlSession *session, const char *to)
{
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url(session, to, &task) == URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
    url_session_task_release(task);
}

static void start_with_handler(UrlSession *session, const char *to, Outcome *outcome)
{
    UrlSessionTask *task;
    CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, outcome, &task) ==
          URL_SESSION_STATUS_OK);
    CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
    url_session_task_release(task);
}

/* Every task completes once, so many of them failed, and the session ends as if nothing had been. */
static void finish(UrlSession *session, Outcome *outcome, int tasks, int failures)
{
    CHECK(reached(&outcome->completed, tasks));
    url_session_release(session);
    CHECK(reached(&outcome->released, 1));
    CHECK(count_of(&outcome->completed) == tasks);
    CHECK(count_of(&outcome->failed) == failures);
    CHECK(count_of(&outcome->succeeded) == tasks - failures);
}

static void in_this_call(void)
{
    CHECK(url_session_fault_panic(IN_THIS_CALL) == URL_SESSION_STATUS_INTERNAL);
    CHECK(url_session_fault_panic(UINT32_MAX) == URL_SESSION_STATUS_INVALID_ARGUMENT);
}

/* One of several tasks panics, while a session beside it is at work. */
static void in_the_next_task(const char *base)
{
    Outcome outcome = OUTCOME, beside = OUTCOME;
    UrlSession *session = new_session(&outcome), *other = new_session(&beside);
    start(other, url(base, "/status/200"));
    CHECK(reached(&beside.completed, 1));
    CHECK(url_session_fault_panic(IN_THE_NEXT_TASK) == URL_SESSION_STATUS_OK);
    for (int index = 0; index < TASKS; index++)
        start(session, url(base, "/bytes/100000"));
    CHECK(reached(&outcome.completed, TASKS));
    CHECK(count_of(&outcome.failed) == 1);
    start(other, url(base, "/hello"));
    start(session, url(base, "/hello"));
    finish(session, &outcome, TASKS + 1, 1);
    finish(other, &beside, 2, 0);
}

static void in_the_next_message(const char *base)
{
    Outcome outcome = OUTCOME;
    UrlSession *session = new_session(&outcome);
    CHECK(url_session_fault_panic(IN_THE_NEXT_MESSAGE) == URL_SESSION_STATUS_OK);
    start(session, url(base, "/hello"));
    CHECK(reached(&outcome.completed, 1));
    start(session, url(base, "/hello"));
    finish(session, &outcome, 2, 1);
}

/* The message that panics is the only one there is, so it must still come. */
static void in_the_last_message(const char *base)
{
    Outcome outcome = OUTCOME;
    UrlSession *session = new_session(&outcome);
    CHECK(url_session_fault_panic(IN_THE_NEXT_MESSAGE) == URL_SESSION_STATUS_OK);
    start_with_handler(session, url(base, "/hello"), &outcome);
    CHECK(reached(&outcome.completed, 1));
    start_with_handler(session, url(base, "/hello"), &outcome);
    finish(session, &outcome, 2, 1);
}

static void did_finish(void *outcome, UrlSession *session, UrlSessionTask *task, const char *path,
                       UrlSessionDownloadedFile *file)
{
    CHECK(url_session_downloaded_file_path(file) != NULL);
}

/* The file of a download that panics goes with it; where the message that panics had the file, too. */
static void of_a_download(const char *base, const char *directory, uint32_t place)
{
    Outcome outcome = OUTCOME;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &outcome,
        .release = did_release,
        .download_task_did_finish_downloading = did_finish,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_configuration_set_download_directory(configuration, directory) == URL_SESSION_STATUS_OK);
    CHECK(url_session_new(configuration, &delegate, &session) == URL_SESSION_STATUS_OK);
    url_session_configuration_release(configuration);
    CHECK(url_session_fault_panic(place) == URL_SESSION_STATUS_OK);
    for (int index = 0; index < 2; index++) {
        CHECK(url_session_download_task_with_url(session, url(base, "/bytes/100000"), &task) == URL_SESSION_STATUS_OK);
        CHECK(url_session_task_resume(task) == URL_SESSION_STATUS_OK);
        CHECK(reached(&outcome.completed, index + 1));
        url_session_task_release(task);
    }
    finish(session, &outcome, 2, 1);
}

static void did_receive_challenge(void *outcome, UrlSession *session, UrlSessionTask *task,
                                  UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    url_session_challenge_completion_answer(completion, URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL, NULL);
}

/* A question that was never put ends its task, and the next one is put. */
static void in_a_challenge(const char *base)
{
    Outcome outcome = OUTCOME;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &outcome,
        .release = did_release,
        .task_did_receive_challenge = did_receive_challenge,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    CHECK(url_session_new(NULL, &delegate, &session) == URL_SESSION_STATUS_OK);
    CHECK(url_session_fault_panic(IN_THE_NEXT_MESSAGE) == URL_SESSION_STATUS_OK);
    start(session, url(base, "/basic/hello"));
    CHECK(reached(&outcome.completed, 1));
    start(session, url(base, "/basic/hello"));
    finish(session, &outcome, 2, 1);
}

/* No task to blame: the session still ends and lets go of its context. */
static void in_did_become_invalid(void)
{
    Outcome outcome = OUTCOME;
    UrlSession *session = new_session(&outcome);
    CHECK(url_session_fault_panic(IN_THE_NEXT_MESSAGE) == URL_SESSION_STATUS_OK);
    finish(session, &outcome, 0, 0);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    in_this_call();
    in_the_next_task(arguments[1]);
    in_the_next_message(arguments[1]);
    in_the_last_message(arguments[1]);
    of_a_download(arguments[1], arguments[2], IN_THE_NEXT_TASK);
    of_a_download(arguments[1], arguments[2], IN_THE_NEXT_MESSAGE);
    in_a_challenge(arguments[1]);
    in_did_become_invalid();
    return 0;
}
