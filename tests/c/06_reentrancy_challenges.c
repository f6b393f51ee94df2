/* Paragraph 5 where somebody asks whom the application trusts and who it is, and for the functions of a signer and of a
 * list of cookies: as 06_reentrancy.c. */
#include "everything.h"

enum { SERVER_TRUST, BASIC, SIGN, SIGNER_RELEASE, COOKIES, PLACES };

static const char *base, *secure, *certificate;
/* How many there were in all runs, and those that were let go of. */
static atomic_int signers;
static Waiter signers_released = WAITER;

static void did_create_task(void *context, UrlSession *session, UrlSessionTask *task)
{
    atomic_fetch_add(&((Run *)context)->created, 1);
}

static int64_t sign(void *context, uint16_t scheme, const uint8_t *message, size_t length, uint8_t *signature,
                    size_t capacity)
{
    Run *run = context;
    enter();
    here(run, SIGN, atomic_load(&run->task));
    leave();
    return -1;
}

/* On whatever thread lets go of the credential last; perhaps inside a call. */
static void did_release_signer(void *context)
{
    Run *run = context;
    here(run, SIGNER_RELEASE, atomic_load(&run->task));
    happened(&signers_released);
}

static void use(UrlSessionChallengeCompletion *question, UrlSessionCredential *credential)
{
    CHECK(url_session_challenge_completion_answer(question, URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL,
                                                  credential) == OK);
    url_session_credential_release(credential);
}

static UrlSessionCredential *signing(Run *run)
{
    UrlSessionSigner signer = {.size = sizeof signer, .context = run, .release = did_release_signer, .sign = sign};
    UrlSessionCredential *credential;
    FILE *file = fopen(certificate, "rb");
    uint8_t pem[8192];
    CHECK(file != NULL);
    size_t length = fread(pem, 1, sizeof pem, file);
    CHECK(fclose(file) == 0);
    CHECK(url_session_credential_new_with_signer(pem, length, &signer, URL_SESSION_CREDENTIAL_PERSISTENCE_NONE,
                                                 &credential, NULL) == OK);
    atomic_fetch_add(&signers, 1);
    return credential;
}

/* Whoever it is, it is trusted; and it may have a signature. */
static void is_connecting(void *context, UrlSession *session, UrlSessionChallenge *asked,
                          UrlSessionChallengeCompletion *question)
{
    Run *run = context;
    UrlSessionCredential *credential;
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(asked);
    UrlSessionServerTrust *trust = url_session_protection_space_copy_server_trust(space);
    enter();
    if (trust != NULL) {
        here(run, SERVER_TRUST, atomic_load(&run->task));
        CHECK(url_session_credential_new_with_server_trust(trust, &credential) == OK);
        use(question, credential);
    } else {
        use(question, signing(run));
    }
    url_session_server_trust_release(trust);
    url_session_protection_space_release(space);
    leave();
}

static void wants_to_know_who(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionChallenge *asked,
                              UrlSessionChallengeCompletion *question)
{
    UrlSessionCredential *credential;
    enter();
    here(context, BASIC, task);
    CHECK(url_session_credential_new_with_user("alice", "secret", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE,
                                               &credential) == OK);
    use(question, credential);
    leave();
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *why)
{
    enter();
    has_completed(context, url_session_task_identifier(task) == 1);
    leave();
}

static void did_release(void *context)
{
    enter();
    leave();
    happened(&((Run *)context)->released);
}

/* Inside the call that asks for them. */
static void did_list_cookies(void *context, UrlSessionCookie *const *cookies, size_t count)
{
    Run *run = context;
    CHECK(count == 1);
    here(run, COOKIES, atomic_load(&run->task));
    CHECK(strcmp(url_session_cookie_name(cookies[0]), "a") == 0);
}

static void list_cookies(Run *run)
{
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    CHECK(url_session_cookie_storage_store_header(storage, "http://shop.test/", "a=1") == OK);
    CHECK(url_session_cookie_storage_get_cookies(storage, NULL, did_list_cookies, run) == OK);
    url_session_cookie_storage_release(storage);
}

/* A task that is asked whom it trusts and for a signature, and one that is asked who it is; whatever is done in
 * between, everything ends as the contract says. */
static void run_once(int place, void (*what)(Run *, UrlSessionTask *), bool elsewhere, const char *to)
{
    Run run = {.place = place, .what = what, .elsewhere = elsewhere, .to = to};
    run.main_tasks = run.listed = run.invalid = run.released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &run,
        .release = did_release,
        .did_create_task = did_create_task,
        .session_did_receive_challenge = is_connecting,
        .task_did_receive_challenge = wants_to_know_who,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = new_configuration();
    UrlSessionTask *task, *other;
    CHECK(url_session_new(configuration, &delegate, &run.session) == OK);
    url_session_configuration_release(configuration);
    CHECK(url_session_data_task_with_url(run.session, url(secure, "/hello"), &task) == OK);
    atomic_store(&run.task, task);
    CHECK(url_session_task_resume(task) == OK);
    UrlSessionStatus status = url_session_data_task_with_url(run.session, url(base, "/basic/hello"), &other);
    end(status, other, url_session_task_resume);
    list_cookies(&run);
    url_session_credential_release(signing(&run));
    CHECK(reached(&run.main_tasks, 1));
    CHECK(url_session_finish_tasks_and_invalidate(run.session) == OK);
    CHECK(reached(&run.released, 1));
    CHECK(reached(&run.listed, what == everything ? 1 : 0));
    CHECK(atomic_load(&run.done));
    CHECK(atomic_load(&run.created) == atomic_load(&run.completed));
    url_session_task_release(task);
    /* A session that is invalid goes as nobody any more, whoever still holds it. */
    CHECK(reached(&signers_released, atomic_load(&signers)));
    url_session_release(run.session);
    CHECK(count_of(&run.released) == 1 && count_of(&signers_released) == atomic_load(&signers));
}

int main(int count, char **arguments)
{
    CHECK(count > 3);
    base = arguments[1];
    secure = arguments[2];
    certificate = arguments[3];
    keep_objects(base);
    keep_challenges(base, secure);
    char to[512];
    strcpy(to, url(base, "/hello"));
    in_every_place(PLACES, run_once, to);
    release_challenges();
    release_objects();
    return 0;
}
