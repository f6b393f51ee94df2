/* What challenges bring, kept from earlier tasks, and every function for them and for credentials, called once. */
#ifndef CHALLENGES_H
#define CHALLENGES_H

#include <string.h>

#include "run.h"

static UrlSessionChallenge *challenge;
static UrlSessionChallengeCompletion *challenge_completion;
static UrlSessionServerTrust *server_trust;

static void keep_server_trust(void *context, UrlSession *session, UrlSessionChallenge *asked,
                              UrlSessionChallengeCompletion *question)
{
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(asked);
    server_trust = url_session_protection_space_copy_server_trust(space);
    url_session_protection_space_release(space);
    CHECK(url_session_challenge_completion_answer(question, URL_SESSION_CHALLENGE_DISPOSITION_CANCEL, NULL) == OK);
}

static void keep_challenge(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionChallenge *asked,
                           UrlSessionChallengeCompletion *question)
{
    challenge = url_session_challenge_retain(asked);
    challenge_completion = url_session_challenge_completion_retain(question);
    CHECK(url_session_challenge_completion_answer(question, URL_SESSION_CHALLENGE_DISPOSITION_CANCEL, NULL) == OK);
}

static void did_keep_challenges(void *waiter)
{
    happened(waiter);
}

/* No platform's certificates: to read them takes long where every step is watched. */
static UrlSessionConfiguration *new_configuration(void)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    CHECK(url_session_configuration_set_trusts_platform_certificates(configuration, false) == OK);
    return configuration;
}

/* The origin `base` wants to know who asks below /basic; `secure` is one that speaks TLS. */
static void keep_challenges(const char *base, const char *secure)
{
    Waiter kept = WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &kept,
        .release = did_keep_challenges,
        .session_did_receive_challenge = keep_server_trust,
        .task_did_receive_challenge = keep_challenge,
    };
    UrlSessionConfiguration *configuration = new_configuration();
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(configuration, &delegate, &session) == OK);
    url_session_configuration_release(configuration);
    UrlSessionStatus status = url_session_data_task_with_url(session, url(base, "/basic/hello"), &task);
    end(status, task, url_session_task_resume);
    status = url_session_data_task_with_url(session, url(secure, "/hello"), &task);
    end(status, task, url_session_task_resume);
    url_session_release(session);
    CHECK(reached(&kept, 1));
}

static void release_challenges(void)
{
    url_session_challenge_release(challenge);
    url_session_challenge_completion_release(challenge_completion);
    url_session_server_trust_release(server_trust);
}

static void call_challenge(void)
{
    CHECK(url_session_challenge_retain(challenge) == challenge);
    url_session_challenge_release(challenge);
    CHECK(url_session_challenge_copy_proposed_credential(challenge) == NULL);
    CHECK(url_session_challenge_previous_failure_count(challenge) == 0);
    UrlSessionResponse *refusal = url_session_challenge_copy_failure_response(challenge);
    CHECK(url_session_response_status_code(refusal) == 401);
    url_session_response_release(refusal);
    CHECK(url_session_challenge_copy_error(challenge) == NULL);
    CHECK(url_session_challenge_completion_retain(challenge_completion) == challenge_completion);
    url_session_challenge_completion_release(challenge_completion);
    CHECK(url_session_challenge_completion_answer(challenge_completion, URL_SESSION_CHALLENGE_DISPOSITION_CANCEL,
                                                  NULL) == URL_SESSION_STATUS_ALREADY_ANSWERED);
}

static void call_protection_space(UrlSessionProtectionSpace *space)
{
    const uint8_t *bytes;
    size_t length;
    CHECK(url_session_protection_space_retain(space) == space);
    url_session_protection_space_release(space);
    CHECK(url_session_protection_space_host(space) != NULL);
    CHECK(url_session_protection_space_port(space) > 0);
    CHECK(strcmp(url_session_protection_space_protocol(space), "http") == 0);
    CHECK(!url_session_protection_space_is_proxy(space));
    CHECK(strcmp(url_session_protection_space_realm(space), "here") == 0);
    CHECK(url_session_protection_space_authentication_method(space) == URL_SESSION_AUTHENTICATION_METHOD_HTTP_BASIC);
    CHECK(!url_session_protection_space_receives_credential_securely(space));
    CHECK(url_session_protection_space_copy_server_trust(space) == NULL);
    CHECK(url_session_protection_space_distinguished_name_count(space) == 0);
    CHECK(url_session_protection_space_distinguished_name_at(space, 0, &bytes, &length) ==
          URL_SESSION_STATUS_INVALID_ARGUMENT);
}

static void call_server_trust(void)
{
    const uint8_t *bytes;
    size_t length;
    uint8_t hash[32];
    CHECK(url_session_server_trust_retain(server_trust) == server_trust);
    url_session_server_trust_release(server_trust);
    CHECK(url_session_server_trust_host(server_trust) != NULL);
    CHECK(!url_session_server_trust_is_trusted(server_trust));
    UrlSessionError *why = url_session_server_trust_copy_error(server_trust);
    CHECK(url_session_error_code(why) == URL_SESSION_ERROR_CODE_SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT);
    url_session_error_release(why);
    CHECK(url_session_server_trust_certificate_count(server_trust) > 0);
    CHECK(url_session_server_trust_certificate_at(server_trust, 0, &bytes, &length) == OK);
    CHECK(url_session_server_trust_public_key_sha256_at(server_trust, 0, hash) == OK);
    UrlSessionCredential *credential;
    CHECK(url_session_credential_new_with_server_trust(server_trust, &credential) == OK);
    url_session_credential_release(credential);
}

static void call_credential(UrlSessionCredential *credential)
{
    CHECK(url_session_credential_retain(credential) == credential);
    url_session_credential_release(credential);
    CHECK(strcmp(url_session_credential_user(credential), "alice") == 0);
    CHECK(strcmp(url_session_credential_password(credential), "secret") == 0);
    CHECK(url_session_credential_persistence(credential) == URL_SESSION_CREDENTIAL_PERSISTENCE_NONE);
}

static int64_t never_sign(void *context, uint16_t scheme, const uint8_t *message, size_t length, uint8_t *signature,
                          size_t capacity)
{
    CHECK(!"a signer is called that no connection has");
    return -1;
}

/* There is no certificate in any of it. */
static void call_client_certificates(void)
{
    static const uint8_t none[] = "no certificate";
    const UrlSessionCredentialPersistence persistence = URL_SESSION_CREDENTIAL_PERSISTENCE_NONE;
    const UrlSessionStatus failed = URL_SESSION_STATUS_FAILED;
    UrlSessionSigner signer = {.size = sizeof signer, .sign = never_sign};
    UrlSessionCredential *credential;
    CHECK(url_session_credential_new_with_pem(none, sizeof none, NULL, 0, persistence, &credential, NULL) == failed);
    CHECK(url_session_credential_new_with_pem_files("/dev/null", NULL, persistence, &credential, NULL) == failed);
    CHECK(url_session_credential_new_with_pkcs12_file("/dev/null", NULL, persistence, &credential, NULL) == failed);
    CHECK(url_session_credential_new_with_pkcs12(none, sizeof none, "", persistence, &credential, NULL) == failed);
    CHECK(url_session_credential_new_with_signer(none, sizeof none, &signer, persistence, &credential, NULL) == failed);
}

static void call_credential_storage(UrlSessionProtectionSpace *space, UrlSessionCredential *credential)
{
    UrlSessionCredentialStorage *storage = url_session_credential_storage_new();
    CHECK(url_session_credential_storage_shared() != storage);
    CHECK(url_session_credential_storage_retain(storage) == storage);
    url_session_credential_storage_release(storage);
    CHECK(url_session_credential_storage_set_credential(storage, space, credential, true) == OK);
    UrlSessionCredential *found = url_session_credential_storage_copy_credential(storage, space, NULL);
    CHECK(found == credential);
    url_session_credential_release(found);
    CHECK(url_session_credential_storage_remove_credential(storage, space, "alice") == OK);
    CHECK(url_session_credential_storage_remove_all(storage) == OK);
    CHECK(url_session_credential_storage_set_file(storage, NULL, NULL) == OK);
    CHECK(url_session_credential_storage_flush(storage, NULL) == OK);
    url_session_credential_storage_release(storage);
}

static void call_challenges(void)
{
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    UrlSessionCredential *credential;
    call_challenge();
    call_protection_space(space);
    call_server_trust();
    CHECK(url_session_credential_new_with_user("alice", "secret", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE,
                                               &credential) == OK);
    call_credential(credential);
    call_credential_storage(space, credential);
    url_session_credential_release(credential);
    url_session_protection_space_release(space);
    CHECK(url_session_protection_space_new("shop.test", 80, "http", false, "here",
                                           URL_SESSION_AUTHENTICATION_METHOD_HTTP_BASIC, &space) == OK);
    url_session_protection_space_release(space);
    CHECK(url_session_credential_new_with_bearer_token("token", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE,
                                                       &credential) == OK);
    url_session_credential_release(credential);
    call_client_certificates();
}

#endif
