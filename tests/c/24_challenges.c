/* Paragraph 3 where somebody wants to know who asks: what a challenge shows, and answers in the slot, later, from many
 * threads, twice, never, and too late. The origin wants alice and secret below /basic, and whoever it lets in finds
 * nothing there. */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define ALREADY URL_SESSION_STATUS_ALREADY_ANSWERED
#define NO_VALUE URL_SESSION_STATUS_INVALID_ARGUMENT
#define NO_HANDLE URL_SESSION_STATUS_INVALID_HANDLE
#define CANCELLED URL_SESSION_ERROR_CODE_CANCELLED
#define USE URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL
#define DEFAULT URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING
#define CANCEL URL_SESSION_CHALLENGE_DISPOSITION_CANCEL
#define REJECT URL_SESSION_CHALLENGE_DISPOSITION_REJECT_PROTECTION_SPACE

#define LET_IN 404
#define REFUSED 401

/* What the challenge slot does with its completion. */
typedef void Answer(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion);

/* One task, up to its question and to its end. */
typedef struct {
    Answer *answer;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionChallenge *challenge;
    UrlSessionChallengeCompletion *kept;
    int32_t error;
    int32_t status;
    Waiter asked;
    Waiter completed;
    Waiter released;
} Run;

static const char *base;
static UrlSessionCredential *alice;

static void did_receive_challenge(void *context, UrlSession *session, UrlSessionTask *task,
                                  UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    Run *run = context;
    if (run->answer != NULL) {
        run->answer(challenge, completion);
    } else {
        run->challenge = url_session_challenge_retain(challenge);
        run->kept = url_session_challenge_completion_retain(completion);
    }
    happened(&run->asked);
}

/* The session's slot is for connections alone. */
static void never_asked(void *context, UrlSession *session, UrlSessionChallenge *challenge,
                        UrlSessionChallengeCompletion *completion)
{
    CHECK(!"asked about a request");
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
        .session_did_receive_challenge = never_asked,
        .task_did_receive_challenge = did_receive_challenge,
        .task_did_complete = did_complete,
    };
    CHECK(url_session_new(NULL, &delegate, &run->session) == OK);
    CHECK(url_session_data_task_with_url(run->session, url(base, "/basic/hello"), &run->task) == OK);
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
    CHECK(run->error == error && (error != 0 || run->status == status));
}

static void release_kept(Run *run)
{
    url_session_challenge_completion_release(run->kept);
    url_session_challenge_release(run->challenge);
}

static UrlSessionStatus say(UrlSessionChallengeCompletion *completion, UrlSessionChallengeDisposition disposition,
                            UrlSessionCredential *credential)
{
    return url_session_challenge_completion_answer(completion, disposition, credential);
}

static void use(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(say(completion, USE, alice) == OK);
}

static void use_none(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(say(completion, USE, NULL) == OK);
}

/* It ignores the credential, whatever that is. */
static void leave_to_default(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(say(completion, DEFAULT, alice) == OK);
}

static void leave_to_default_with_nonsense(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(say(completion, DEFAULT, (void *)challenge) == OK);
}

static void cancel(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(say(completion, CANCEL, NULL) == OK);
}

static void reject(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(say(completion, REJECT, NULL) == OK);
}

static void use_then_cancel(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    use(challenge, completion);
    CHECK(say(completion, CANCEL, NULL) == ALREADY);
    CHECK(say(completion, USE, alice) == ALREADY);
}

static void say_nothing(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    CHECK(challenge != NULL && completion != NULL);
}

/* What is no answer leaves the question open. */
static void nonsense_then_use(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    UrlSessionCredential *dead;
    CHECK(url_session_credential_new_with_user("a", "b", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE, &dead) == OK);
    url_session_credential_release(dead);
    CHECK(say(completion, 4, alice) == NO_VALUE);
    CHECK(say(completion, UINT32_MAX, NULL) == NO_VALUE);
    CHECK(say(completion, USE, dead) == NO_HANDLE);
    CHECK(say(completion, USE, (void *)completion) == NO_HANDLE);
    CHECK(say((void *)challenge, USE, alice) == NO_HANDLE);
    CHECK(say(NULL, USE, alice) == URL_SESSION_STATUS_NULL_ARGUMENT);
    use(challenge, completion);
}

/* It may be given back as soon as it was handed over. */
static void use_and_release(UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    UrlSessionCredential *own;
    CHECK(url_session_credential_new_with_user("alice", "secret", URL_SESSION_CREDENTIAL_PERSISTENCE_FOR_SESSION,
                                               &own) == OK);
    CHECK(say(completion, USE, own) == OK);
    url_session_credential_release(own);
}

static void in_the_slot(void)
{
    static const struct {
        Answer *answer;
        int32_t status;
        int32_t error;
    } cases[] = {
        {use, LET_IN, 0},
        {use_none, REFUSED, 0},
        {leave_to_default, REFUSED, 0},
        {leave_to_default_with_nonsense, REFUSED, 0},
        {cancel, 0, CANCELLED},
        {reject, REFUSED, 0},
        {use_then_cancel, LET_IN, 0},
        {say_nothing, REFUSED, 0},
        {nonsense_then_use, LET_IN, 0},
        {use_and_release, LET_IN, 0},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        Run run;
        begin(&run, cases[index].answer);
        end(&run, cases[index].status, cases[index].error);
    }
}

/* What a challenge shows, also when its task and its session are gone. */
static void shows(UrlSessionChallenge *challenge)
{
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    UrlSessionResponse *response = url_session_challenge_copy_failure_response(challenge);
    char host[64];
    snprintf(host, sizeof host, "http://%s:%u", url_session_protection_space_host(space),
             (unsigned)url_session_protection_space_port(space));
    CHECK(strcmp(host, base) == 0);
    CHECK(strcmp(url_session_protection_space_protocol(space), "http") == 0);
    CHECK(strcmp(url_session_protection_space_realm(space), "here") == 0);
    CHECK(!url_session_protection_space_is_proxy(space));
    CHECK(!url_session_protection_space_receives_credential_securely(space));
    CHECK(url_session_protection_space_authentication_method(space) == URL_SESSION_AUTHENTICATION_METHOD_HTTP_BASIC);
    CHECK(url_session_protection_space_copy_server_trust(space) == NULL);
    CHECK(url_session_protection_space_distinguished_name_count(space) == 0);
    CHECK(url_session_challenge_copy_proposed_credential(challenge) == NULL);
    CHECK(url_session_challenge_copy_error(challenge) == NULL);
    CHECK(url_session_challenge_previous_failure_count(challenge) == 0);
    CHECK(url_session_response_status_code(response) == 401);
    url_session_response_release(response);
    url_session_protection_space_release(space);
}

/* The task waits for its answer. */
static void answer(Run *run, UrlSessionChallengeDisposition disposition, UrlSessionCredential *credential)
{
    CHECK(count_of(&run->completed) == 0);
    CHECK(url_session_task_state(run->task) == URL_SESSION_TASK_STATE_RUNNING);
    CHECK(say(run->kept, disposition, credential) == OK);
    CHECK(say(run->kept, USE, alice) == ALREADY);
}

static void later(void)
{
    Run run;
    begin(&run, NULL);
    shows(run.challenge);
    answer(&run, USE, alice);
    end(&run, LET_IN, 0);
    shows(run.challenge);
    release_kept(&run);
    begin(&run, NULL);
    answer(&run, REJECT, NULL);
    release_kept(&run);
    end(&run, REFUSED, 0);
}

/* Many threads answer, and each gives back a reference of its own. */
typedef struct {
    Run *run;
    atomic_int first;
} Race;

static void *answer_and_release(void *context)
{
    Race *race = context;
    shows(race->run->challenge);
    UrlSessionStatus status = say(race->run->kept, USE, alice);
    CHECK(status == OK || status == ALREADY);
    atomic_fetch_add(&race->first, status == OK);
    url_session_challenge_completion_release(race->run->kept);
    url_session_challenge_release(race->run->challenge);
    return NULL;
}

static void from_many_threads(void)
{
    enum { THREADS = 8 };
    Run run;
    Race race = {.run = &run};
    pthread_t threads[THREADS];
    begin(&run, NULL);
    for (int index = 1; index < THREADS; index++) {
        CHECK(url_session_challenge_completion_retain(run.kept) == run.kept);
        CHECK(url_session_challenge_retain(run.challenge) == run.challenge);
    }
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_create(&threads[index], NULL, answer_and_release, &race) == 0);
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_join(threads[index], NULL) == 0);
    CHECK(atomic_load(&race.first) == 1);
    end(&run, LET_IN, 0);
    CHECK(say(run.kept, USE, alice) == NO_HANDLE);
}

/* Retained, and given back without an answer: the default. */
static void never(void)
{
    Run run;
    begin(&run, NULL);
    CHECK(count_of(&run.completed) == 0);
    release_kept(&run);
    end(&run, REFUSED, 0);
    CHECK(say(run.kept, USE, NULL) == NO_HANDLE);
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
            end(&run, 0, CANCELLED);
        CHECK(say(run.kept, USE, alice) == OK);
        CHECK(say(run.kept, CANCEL, NULL) == ALREADY);
        release_kept(&run);
        if (when != 2)
            end(&run, 0, CANCELLED);
    }
}

/* A question that nobody answers ends with its session all the same. */
static void cancelled_with_its_session(void)
{
    Run run;
    begin(&run, NULL);
    CHECK(url_session_invalidate_and_cancel(run.session) == OK);
    end(&run, 0, CANCELLED);
    release_kept(&run);
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    base = arguments[1];
    CHECK(url_session_credential_new_with_user("alice", "secret", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE, &alice) ==
          OK);
    in_the_slot();
    later();
    from_many_threads();
    never();
    too_late();
    cancelled_with_its_session();
    url_session_credential_release(alice);
    return 0;
}
