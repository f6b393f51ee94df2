/* Paragraphs 1 to 3 where a server is to be trusted: what the challenge lends, pinning by public key, and answers in
 * the slot, later, from another thread, twice, never, and too late. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define NULL_ARGUMENT URL_SESSION_STATUS_NULL_ARGUMENT
#define INVALID_ARGUMENT URL_SESSION_STATUS_INVALID_ARGUMENT
#define INVALID_HANDLE URL_SESSION_STATUS_INVALID_HANDLE
#define ALREADY URL_SESSION_STATUS_ALREADY_ANSWERED
#define FAILED URL_SESSION_STATUS_FAILED
#define USE URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL
#define DEFAULT URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING
#define CANCEL URL_SESSION_CHALLENGE_DISPOSITION_CANCEL
#define REJECT URL_SESSION_CHALLENGE_DISPOSITION_REJECT_PROTECTION_SPACE
#define CANCELLED URL_SESSION_ERROR_CODE_CANCELLED
#define UNTRUSTED URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_UNTRUSTED
#define UNKNOWN_ROOT URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT

/* What the slot does with its completion; `trust` is what a credential can be made of. */
typedef void Answer(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust);

/* One task, up to its question and to its end. */
typedef struct {
    Answer *answer;
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionChallenge *challenge;
    UrlSessionServerTrust *trust;
    UrlSessionChallengeCompletion *kept;
    int32_t error;
    Waiter asked;
    Waiter completed;
    Waiter released;
} Run;

/* Signed by nobody that anyone trusts, and by an authority that this file has. */
static const char *strange;
static const char *known;
static const char *authority;

static void did_receive_challenge(void *context, UrlSession *session, UrlSessionChallenge *challenge,
                                  UrlSessionChallengeCompletion *completion)
{
    Run *run = context;
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    CHECK(url_session_protection_space_authentication_method(space) ==
          URL_SESSION_AUTHENTICATION_METHOD_SERVER_TRUST);
    run->trust = url_session_protection_space_copy_server_trust(space);
    url_session_protection_space_release(space);
    if (run->answer != NULL) {
        run->answer(completion, run->trust);
        url_session_server_trust_release(run->trust);
    } else {
        run->challenge = url_session_challenge_retain(challenge);
        run->kept = url_session_challenge_completion_retain(completion);
    }
    happened(&run->asked);
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

static void begin(Run *run, Answer *answer, UrlSessionConfiguration *configuration, const char *base)
{
    *run = (Run){.answer = answer, .asked = WAITER, .completed = WAITER, .released = WAITER};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = run,
        .release = did_release,
        .session_did_receive_challenge = did_receive_challenge,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *copy =
        configuration == NULL ? url_session_configuration_new_default() : url_session_configuration_copy(configuration);
    /* To read the platform's certificates takes long where every step is watched. */
    CHECK(url_session_configuration_set_trusts_platform_certificates(copy, false) == OK);
    CHECK(url_session_new(copy, &delegate, &run->session) == OK);
    url_session_configuration_release(copy);
    CHECK(url_session_data_task_with_url(run->session, url(base, "/hello"), &run->task) == OK);
    CHECK(url_session_task_resume(run->task) == OK);
}

/* The task ends once, with this error, and was asked so often. */
static void end(Run *run, int asked, int32_t error)
{
    url_session_task_release(run->task);
    url_session_release(run->session);
    CHECK(reached(&run->released, 1));
    CHECK(count_of(&run->asked) == asked && count_of(&run->completed) == 1);
    CHECK(run->error == error);
}

static void release_kept(Run *run)
{
    url_session_challenge_completion_release(run->kept);
    url_session_challenge_release(run->challenge);
    url_session_server_trust_release(run->trust);
}

static UrlSessionStatus use(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    UrlSessionCredential *credential;
    CHECK(url_session_credential_new_with_server_trust(trust, &credential) == OK);
    UrlSessionStatus status = url_session_challenge_completion_answer(completion, USE, credential);
    url_session_credential_release(credential);
    return status;
}

static void accept(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    CHECK(use(completion, trust) == OK);
}

static void do_default(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    CHECK(url_session_challenge_completion_answer(completion, DEFAULT, NULL) == OK);
}

static void use_none(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    CHECK(url_session_challenge_completion_answer(completion, USE, NULL) == OK);
}

static void cancel(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    CHECK(url_session_challenge_completion_answer(completion, CANCEL, NULL) == OK);
    CHECK(use(completion, trust) == ALREADY);
}

static void reject(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    CHECK(url_session_challenge_completion_answer(completion, REJECT, NULL) == OK);
}

static void say_nothing(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    CHECK(completion != NULL && trust != NULL);
}

/* What is no answer leaves the question open. */
static void nonsense_then_accept(UrlSessionChallengeCompletion *completion, UrlSessionServerTrust *trust)
{
    UrlSessionCredential *dead;
    CHECK(url_session_credential_new_with_server_trust(trust, &dead) == OK);
    url_session_credential_release(dead);
    CHECK(url_session_challenge_completion_answer(completion, USE, dead) == INVALID_HANDLE);
    CHECK(url_session_challenge_completion_answer(completion, USE, (void *)trust) == INVALID_HANDLE);
    CHECK(url_session_challenge_completion_answer(completion, 4, NULL) == INVALID_ARGUMENT);
    CHECK(url_session_challenge_completion_answer(NULL, USE, NULL) == NULL_ARGUMENT);
    accept(completion, trust);
    CHECK(url_session_challenge_completion_answer(completion, CANCEL, NULL) == ALREADY);
}

static void in_the_slot(void)
{
    static const struct {
        Answer *answer;
        int32_t error;
    } cases[] = {
        {accept, 0},         {do_default, UNKNOWN_ROOT},  {use_none, UNTRUSTED},     {cancel, CANCELLED},
        {reject, UNTRUSTED}, {say_nothing, UNKNOWN_ROOT}, {nonsense_then_accept, 0},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        Run run;
        begin(&run, cases[index].answer, NULL, strange);
        CHECK(reached(&run.completed, 1));
        end(&run, 1, cases[index].error);
    }
}

static void *accept_elsewhere(void *context)
{
    Run *run = context;
    accept(run->kept, run->trust);
    return NULL;
}

static void later_from_another_thread(void)
{
    Run run;
    pthread_t thread;
    begin(&run, NULL, NULL, strange);
    CHECK(reached(&run.asked, 1) && count_of(&run.completed) == 0);
    CHECK(pthread_create(&thread, NULL, accept_elsewhere, &run) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(use(run.kept, run.trust) == ALREADY);
    release_kept(&run);
    end(&run, 1, 0);
}

/* Retained, and given back without an answer: the default. */
static void never(void)
{
    Run run;
    begin(&run, NULL, NULL, strange);
    CHECK(reached(&run.asked, 1) && count_of(&run.completed) == 0);
    release_kept(&run);
    end(&run, 1, UNKNOWN_ROOT);
    CHECK(url_session_challenge_completion_answer(run.kept, DEFAULT, NULL) == INVALID_HANDLE);
}

static void too_late(void)
{
    Run run;
    begin(&run, NULL, NULL, strange);
    CHECK(reached(&run.asked, 1));
    CHECK(url_session_task_cancel(run.task) == OK);
    end(&run, 1, CANCELLED);
    accept(run.kept, run.trust);
    CHECK(use(run.kept, run.trust) == ALREADY);
    release_kept(&run);
}

/* What the challenge brought is good after its session is gone, and says what is wrong. */
static void look(uint8_t pin[32])
{
    Run run;
    const uint8_t *bytes;
    size_t length;
    begin(&run, NULL, NULL, strange);
    CHECK(reached(&run.asked, 1));
    CHECK(url_session_invalidate_and_cancel(run.session) == OK);
    end(&run, 1, CANCELLED);
    UrlSessionError *why = url_session_challenge_copy_error(run.challenge);
    CHECK(url_session_error_code(why) == UNKNOWN_ROOT);
    url_session_error_release(why);
    CHECK(strcmp(url_session_server_trust_host(run.trust), "127.0.0.1") == 0);
    CHECK(!url_session_server_trust_is_trusted(run.trust));
    CHECK(url_session_server_trust_certificate_count(run.trust) == 1);
    CHECK(url_session_server_trust_certificate_at(run.trust, 0, &bytes, &length) == OK);
    CHECK(length > 100 && bytes[0] == 0x30);
    CHECK(url_session_server_trust_certificate_at(run.trust, 1, &bytes, &length) == INVALID_ARGUMENT);
    CHECK(bytes == NULL && length == 0);
    CHECK(url_session_server_trust_public_key_sha256_at(run.trust, 1, pin) == INVALID_ARGUMENT);
    CHECK(url_session_server_trust_public_key_sha256_at(run.trust, 0, pin) == OK);
    release_kept(&run);
    CHECK(url_session_server_trust_host(run.trust) == NULL);
}

/* Another key than the pinned one is never accepted, and the pinned one not without trust. */
static void pinned(const uint8_t pin[32])
{
    uint8_t other[32];
    memcpy(other, pin, sizeof other);
    other[0] ^= 1;
    for (int is_right = 0; is_right < 2; is_right++) {
        UrlSessionConfiguration *configuration = url_session_configuration_new_default();
        const uint8_t *key = is_right ? pin : other;
        CHECK(url_session_configuration_add_pinned_public_key(configuration, "127.0.0.1", key, 32, false) == OK);
        Run run;
        begin(&run, accept, configuration, strange);
        CHECK(reached(&run.completed, 1));
        end(&run, is_right, is_right ? 0 : UNTRUSTED);
        begin(&run, do_default, configuration, strange);
        CHECK(reached(&run.completed, 1));
        end(&run, is_right, is_right ? UNKNOWN_ROOT : UNTRUSTED);
        CHECK(url_session_configuration_set_dangerously_accepts_any_server_certificate(configuration, true) == OK);
        begin(&run, do_default, configuration, strange);
        CHECK(reached(&run.completed, 1));
        end(&run, is_right, is_right ? 0 : UNTRUSTED);
        url_session_configuration_release(configuration);
    }
}

static void files(void)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSessionError *error = (UrlSessionError *)&error;
    CHECK(url_session_configuration_add_trusted_certificates_file(configuration, "/no/such/file", &error) == FAILED);
    CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_FILE_DOES_NOT_EXIST);
    CHECK(strstr(url_session_error_message(error), "/no/such/file") != NULL);
    CHECK(url_session_error_failing_url(error) == NULL);
    url_session_error_release(error);
    CHECK(url_session_configuration_add_trusted_certificates_file(configuration, "/dev/null", NULL) == FAILED);
    CHECK(url_session_configuration_add_trusted_certificates_directory(configuration, authority, NULL) == FAILED);
    CHECK(url_session_configuration_add_trusted_certificates_file(configuration, authority, &error) == OK);
    CHECK(error == NULL);
    Run run;
    begin(&run, do_default, configuration, known);
    CHECK(reached(&run.completed, 1));
    end(&run, 1, 0);
    url_session_configuration_release(configuration);
}

int main(int count, char **arguments)
{
    uint8_t pin[32];
    CHECK(count > 3);
    strange = arguments[1];
    known = arguments[2];
    authority = arguments[3];
    in_the_slot();
    later_from_another_thread();
    never();
    too_late();
    look(pin);
    pinned(pin);
    files();
    return 0;
}
