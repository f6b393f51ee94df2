/* Paragraphs 1 to 3 where a server asks who the client is: credentials of every kind, what is none, the challenge that
 * asks for one, and a signer that is called and let go of. */
#include "edge.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define NULL_ARGUMENT URL_SESSION_STATUS_NULL_ARGUMENT
#define INVALID_ARGUMENT URL_SESSION_STATUS_INVALID_ARGUMENT
#define FAILED URL_SESSION_STATUS_FAILED
#define USE URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL
#define DEFAULT URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING
#define NONE URL_SESSION_CREDENTIAL_PERSISTENCE_NONE
#define FOR_SESSION URL_SESSION_CREDENTIAL_PERSISTENCE_FOR_SESSION
#define REQUIRED URL_SESSION_ERROR_CODE_CLIENT_CERTIFICATE_REQUIRED

static const char *base;
static const char *authority;
/* Paths of the certificate and its key in PEM, and of both in PKCS #12, whose passphrase is "secret". */
static const char *certificate;
static const char *key;
static const char *pkcs12;

typedef struct {
    uint8_t bytes[8192];
    size_t length;
} Content;

static Content content(const char *path)
{
    Content content;
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    content.length = fread(content.bytes, 1, sizeof content.bytes, file);
    CHECK(content.length > 0 && content.length < sizeof content.bytes);
    CHECK(fclose(file) == 0);
    return content;
}

/* One task, and as whom it goes. */
typedef struct {
    UrlSessionCredential *credential;
    bool proposes;
    int32_t error;
    Waiter asked;
    Waiter completed;
    Waiter released;
} Run;

static void did_receive_challenge(void *context, UrlSession *session, UrlSessionTask *task,
                                  UrlSessionChallenge *challenge, UrlSessionChallengeCompletion *completion)
{
    Run *run = context;
    const uint8_t *bytes;
    size_t length;
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    if (url_session_protection_space_authentication_method(space) ==
        URL_SESSION_AUTHENTICATION_METHOD_CLIENT_CERTIFICATE) {
        UrlSessionCredential *proposed = url_session_challenge_copy_proposed_credential(challenge);
        CHECK((proposed != NULL) == run->proposes);
        CHECK(proposed == NULL || url_session_credential_user(proposed) == NULL);
        url_session_credential_release(proposed);
        CHECK(url_session_protection_space_distinguished_name_count(space) == 1);
        CHECK(url_session_protection_space_distinguished_name_at(space, 0, &bytes, &length) == OK);
        CHECK(length > 10 && bytes[0] == 0x30);
        CHECK(url_session_protection_space_copy_server_trust(space) == NULL);
        CHECK(url_session_challenge_completion_answer(completion, run->proposes ? DEFAULT : USE, run->credential) ==
              OK);
        CHECK(url_session_challenge_completion_answer(completion, USE, NULL) ==
              URL_SESSION_STATUS_ALREADY_ANSWERED);
        happened(&run->asked);
    }
    url_session_protection_space_release(space);
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

/* The outcome of a task that goes as `credential`, which the configuration proposes or the delegate has. */
static int32_t outcome(UrlSessionCredential *credential, bool proposes)
{
    Run run = {.credential = credential, .proposes = proposes};
    run.asked = run.completed = run.released = (Waiter)WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &run,
        .release = did_release,
        .task_did_receive_challenge = did_receive_challenge,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    /* To read the platform's certificates takes long where every step is watched. */
    CHECK(url_session_configuration_set_trusts_platform_certificates(configuration, false) == OK);
    CHECK(url_session_configuration_add_trusted_certificates_file(configuration, authority, NULL) == OK);
    if (proposes)
        CHECK(url_session_configuration_set_client_certificate(configuration, "127.0.0.1", credential) == OK);
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    url_session_configuration_release(configuration);
    CHECK(url_session_data_task_with_url(session, url(base, "/hello"), &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    url_session_task_release(task);
    CHECK(reached(&run.completed, 1));
    url_session_release(session);
    CHECK(reached(&run.released, 1));
    CHECK(count_of(&run.asked) == 1 && count_of(&run.completed) == 1);
    return run.error;
}

static void goes_through(UrlSessionCredential *credential)
{
    CHECK(credential != NULL);
    CHECK(url_session_credential_persistence(credential) == FOR_SESSION);
    CHECK(url_session_credential_user(credential) == NULL && url_session_credential_password(credential) == NULL);
    CHECK(outcome(credential, false) == 0);
    CHECK(outcome(credential, true) == 0);
    url_session_credential_release(credential);
}

static void every_kind(void)
{
    Content pem = content(certificate), pem_key = content(key), store = content(pkcs12);
    UrlSessionCredential *credential;
    UrlSessionError *error;
    CHECK(url_session_credential_new_with_pem(pem.bytes, pem.length, pem_key.bytes, pem_key.length, FOR_SESSION,
                                              &credential, &error) == OK);
    CHECK(error == NULL);
    goes_through(credential);
    CHECK(url_session_credential_new_with_pem_files(certificate, key, FOR_SESSION, &credential, NULL) == OK);
    goes_through(credential);
    CHECK(url_session_credential_new_with_pkcs12(store.bytes, store.length, "secret", FOR_SESSION, &credential,
                                                 &error) == OK);
    CHECK(error == NULL);
    goes_through(credential);
    CHECK(outcome(NULL, false) == REQUIRED);
}

/* Nothing is written but NULL and why. */
static void fails(UrlSessionStatus status, UrlSessionCredential *credential, UrlSessionError *error, int32_t code)
{
    CHECK(status == FAILED && credential == NULL);
    CHECK(url_session_error_code(error) == code);
    CHECK(strstr(url_session_error_message(error), "secret") == NULL);
    url_session_error_release(error);
}

static void what_is_none(void)
{
    const int32_t unreadable = URL_SESSION_ERROR_CODE_CANNOT_DECODE_RAW_DATA;
    const uint8_t *words = (const uint8_t *)"words";
    Content pem = content(certificate), pem_key = content(key), store = content(pkcs12);
    UrlSessionCredential *credential;
    UrlSessionError *error;
    UrlSessionStatus status =
        url_session_credential_new_with_pem(pem.bytes, pem.length, NULL, 0, NONE, &credential, &error);
    fails(status, credential, error, unreadable);
    status = url_session_credential_new_with_pem(words, 5, pem_key.bytes, pem_key.length, NONE, &credential, &error);
    fails(status, credential, error, unreadable);
    status = url_session_credential_new_with_pem(NULL, 0, NULL, 0, NONE, &credential, &error);
    fails(status, credential, error, unreadable);
    status = url_session_credential_new_with_pem_files("/no/such/file", NULL, NONE, &credential, &error);
    fails(status, credential, error, URL_SESSION_ERROR_CODE_FILE_DOES_NOT_EXIST);
    status = url_session_credential_new_with_pkcs12(store.bytes, store.length, "Secret", NONE, &credential, &error);
    fails(status, credential, error, unreadable);
    status = url_session_credential_new_with_pkcs12(store.bytes, store.length, NULL, NONE, &credential, &error);
    fails(status, credential, error, unreadable);
    status = url_session_credential_new_with_pkcs12(store.bytes, store.length / 2, "secret", NONE, &credential, &error);
    fails(status, credential, error, unreadable);
    CHECK(url_session_credential_new_with_pkcs12(words, 5, "secret", NONE, &credential, NULL) == FAILED);
}

typedef struct {
    int64_t give;
    Waiter called;
    Waiter released;
} Token;

/* A signature that no key has made, or none at all. */
static int64_t sign(void *context, uint16_t scheme, const uint8_t *message, size_t length, uint8_t *signature,
                    size_t capacity)
{
    Token *token = context;
    CHECK(scheme == 0x0403 && message != NULL && length > 64 && capacity >= 1024);
    memset(signature, 0x30, capacity);
    happened(&token->called);
    return token->give;
}

static void did_release_token(void *context)
{
    happened(&((Token *)context)->released);
}

static void signers(void)
{
    Content pem = content(certificate);
    const int64_t gives[] = {70, 0, -1, INT64_MIN, INT64_MAX, 1 << 20};
    for (size_t index = 0; index < sizeof gives / sizeof gives[0]; index++) {
        Token token = {.give = gives[index], .called = WAITER, .released = WAITER};
        UrlSessionSigner signer = {
            .size = sizeof signer, .context = &token, .release = did_release_token, .sign = sign};
        UrlSessionCredential *credential;
        UrlSessionError *error;
        CHECK(url_session_credential_new_with_signer(pem.bytes, pem.length, &signer, NONE, &credential, &error) == OK);
        CHECK(outcome(credential, false) == URL_SESSION_ERROR_CODE_SECURE_CONNECTION_FAILED);
        CHECK(count_of(&token.called) == 1 && count_of(&token.released) == 0);
        url_session_credential_release(credential);
        EVENTUALLY(count_of(&token.released) == 1);
    }
}

static void misuse(void)
{
    Content pem = content(certificate), pem_key = content(key);
    Token token = {.called = WAITER, .released = WAITER};
    UrlSessionSigner signer = {.size = sizeof signer, .context = &token, .release = did_release_token, .sign = sign};
    UrlSessionCredential *credential = (UrlSessionCredential *)&token;
    UrlSessionError *error = (UrlSessionError *)&token;
    CHECK(url_session_credential_new_with_pem(NULL, 1, NULL, 0, NONE, &credential, &error) == NULL_ARGUMENT);
    CHECK(credential == NULL && error == NULL);
    CHECK(url_session_credential_new_with_pem(pem.bytes, pem.length, NULL, 1, NONE, &credential, NULL) ==
          NULL_ARGUMENT);
    CHECK(url_session_credential_new_with_pem(pem.bytes, pem.length, pem_key.bytes, pem_key.length, NONE, NULL,
                                              NULL) == NULL_ARGUMENT);
    CHECK(url_session_credential_new_with_pem(pem.bytes, pem.length, pem_key.bytes, pem_key.length, 3, &credential,
                                              NULL) == INVALID_ARGUMENT);
    CHECK(url_session_credential_new_with_pem_files(NULL, NULL, NONE, &credential, NULL) == NULL_ARGUMENT);
    CHECK(url_session_credential_new_with_pkcs12(NULL, 1, NULL, NONE, &credential, NULL) == NULL_ARGUMENT);
    CHECK(url_session_credential_new_with_pkcs12(pem.bytes, pem.length, "\xff", NONE, &credential, NULL) ==
          INVALID_ARGUMENT);
    CHECK(url_session_credential_new_with_signer(pem.bytes, pem.length, NULL, NONE, &credential, NULL) ==
          NULL_ARGUMENT);
    signer.sign = NULL;
    CHECK(url_session_credential_new_with_signer(pem.bytes, pem.length, &signer, NONE, &credential, NULL) ==
          NULL_ARGUMENT);
    signer.sign = sign;
    CHECK(url_session_credential_new_with_signer(pem_key.bytes, pem_key.length, &signer, NONE, &credential, NULL) ==
          FAILED);
    signer.size = offsetof(UrlSessionSigner, sign);
    UrlSessionSigner *small = at_the_edge(&signer, signer.size);
    CHECK(url_session_credential_new_with_signer(pem.bytes, pem.length, small, NONE, &credential, NULL) ==
          INVALID_ARGUMENT);
    CHECK(count_of(&token.called) == 0 && count_of(&token.released) == 0);
    CHECK(url_session_configuration_set_client_certificate(NULL, "localhost", NULL) == NULL_ARGUMENT);
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_set_client_certificate(configuration, NULL, NULL) == NULL_ARGUMENT);
    CHECK(url_session_configuration_set_client_certificate(configuration, "localhost", NULL) == OK);
    CHECK(url_session_credential_new_with_user("user", "password", NONE, &credential) == OK);
    CHECK(url_session_configuration_set_client_certificate(configuration, "localhost", credential) ==
          INVALID_ARGUMENT);
    url_session_credential_release(credential);
    url_session_configuration_release(configuration);
}

/* Replaced, taken away, and gone with the configuration: once each, under no lock of the library's. */
static void let_go_of_in_a_configuration(void)
{
    Content pem = content(certificate);
    Token tokens[3] = {{.called = WAITER, .released = WAITER},
                       {.called = WAITER, .released = WAITER},
                       {.called = WAITER, .released = WAITER}};
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    for (int index = 0; index < 3; index++) {
        UrlSessionSigner signer = {
            .size = sizeof signer, .context = &tokens[index], .release = did_release_token, .sign = sign};
        UrlSessionCredential *credential;
        CHECK(url_session_credential_new_with_signer(pem.bytes, pem.length, &signer, NONE, &credential, NULL) == OK);
        CHECK(url_session_configuration_set_client_certificate(configuration, "localhost", credential) == OK);
        url_session_credential_release(credential);
        CHECK(count_of(&tokens[index].released) == 0);
        if (index == 1)
            CHECK(url_session_configuration_set_client_certificate(configuration, "localhost", NULL) == OK);
    }
    CHECK(count_of(&tokens[0].released) == 1 && count_of(&tokens[1].released) == 1);
    url_session_configuration_release(configuration);
    CHECK(count_of(&tokens[2].released) == 1);
}

int main(int count, char **arguments)
{
    CHECK(count > 5);
    base = arguments[1];
    authority = arguments[2];
    certificate = arguments[3];
    key = arguments[4];
    pkcs12 = arguments[5];
    misuse();
    every_kind();
    what_is_none();
    signers();
    let_go_of_in_a_configuration();
    return 0;
}
