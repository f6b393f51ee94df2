/* Paragraphs 1 and 7 for challenges and credentials: as 01_null.c. */
#include <string.h>

#include "null.h"

#define NONE URL_SESSION_CREDENTIAL_PERSISTENCE_NONE
#define BASIC URL_SESSION_AUTHENTICATION_METHOD_HTTP_BASIC

/* One living object of every kind that challenges have; of a server's certificates a dead one will do. */
static UrlSessionChallenge *challenge;
static UrlSessionChallengeCompletion *completion;
static UrlSessionProtectionSpace *space;
static UrlSessionCredential *credential;
static UrlSessionCredentialStorage *storage;
static UrlSessionConfiguration *configuration;
static UrlSessionRequest *request;

static Waiter completed = WAITER;
static Waiter released = WAITER;

static void did_receive_challenge(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionChallenge *asked,
                                  UrlSessionChallengeCompletion *question)
{
    challenge = url_session_challenge_retain(asked);
    completion = url_session_challenge_completion_retain(question);
    space = url_session_challenge_copy_protection_space(asked);
    CHECK(url_session_challenge_completion_answer(question, URL_SESSION_CHALLENGE_DISPOSITION_CANCEL, NULL) == OK);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    happened(&completed);
}

static void did_release(void *context)
{
    happened(&released);
}

static void bad_challenge(void *handle, UrlSessionStatus expected)
{
    CHECK(url_session_challenge_retain(handle) == NULL);
    url_session_challenge_release(handle);
    CHECK(url_session_challenge_copy_protection_space(handle) == NULL);
    CHECK(url_session_challenge_copy_proposed_credential(handle) == NULL);
    CHECK(url_session_challenge_previous_failure_count(handle) == 0);
    CHECK(url_session_challenge_copy_failure_response(handle) == NULL);
    CHECK(url_session_challenge_copy_error(handle) == NULL);
}

static void bad_completion(void *handle, UrlSessionStatus expected)
{
    CHECK(url_session_challenge_completion_retain(handle) == NULL);
    url_session_challenge_completion_release(handle);
    for (UrlSessionChallengeDisposition disposition = 0; disposition < 4; disposition++)
        CHECK(url_session_challenge_completion_answer(handle, disposition, credential) == expected);
}

static void bad_space(void *handle, UrlSessionStatus expected)
{
    const uint8_t *bytes = GARBAGE;
    size_t length = 1;
    CHECK(url_session_protection_space_retain(handle) == NULL);
    url_session_protection_space_release(handle);
    CHECK(url_session_protection_space_host(handle) == NULL);
    CHECK(url_session_protection_space_port(handle) == 0);
    CHECK(url_session_protection_space_protocol(handle) == NULL);
    CHECK(!url_session_protection_space_is_proxy(handle));
    CHECK(url_session_protection_space_realm(handle) == NULL);
    CHECK(url_session_protection_space_authentication_method(handle) == URL_SESSION_AUTHENTICATION_METHOD_UNKNOWN);
    CHECK(!url_session_protection_space_receives_credential_securely(handle));
    CHECK(url_session_protection_space_copy_server_trust(handle) == NULL);
    CHECK(url_session_protection_space_distinguished_name_count(handle) == 0);
    CHECK(url_session_protection_space_distinguished_name_at(handle, 0, &bytes, &length) == expected);
    CHECK(bytes == NULL && length == 0);
    CHECK(url_session_credential_storage_set_credential(storage, handle, credential, true) == expected);
    CHECK(url_session_credential_storage_copy_credential(storage, handle, NULL) == NULL);
    CHECK(url_session_credential_storage_remove_credential(storage, handle, NULL) == expected);
}

static void bad_credential(void *handle, UrlSessionStatus expected)
{
    CHECK(url_session_credential_retain(handle) == NULL);
    url_session_credential_release(handle);
    CHECK(url_session_credential_user(handle) == NULL);
    CHECK(url_session_credential_password(handle) == NULL);
    CHECK(url_session_credential_persistence(handle) == URL_SESSION_CREDENTIAL_PERSISTENCE_NONE);
    CHECK(url_session_credential_storage_set_credential(storage, space, handle, true) == expected);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_THIS, handle) == expected);
    if (handle != NULL)
        CHECK(url_session_configuration_set_credential(configuration, "http://a", handle) == expected);
}

static void bad_storage(void *handle, UrlSessionStatus expected)
{
    CHECK(url_session_credential_storage_retain(handle) == NULL);
    url_session_credential_storage_release(handle);
    CHECK(url_session_credential_storage_set_credential(handle, space, credential, true) == expected);
    CHECK(url_session_credential_storage_copy_credential(handle, space, NULL) == NULL);
    CHECK(url_session_credential_storage_remove_credential(handle, space, NULL) == expected);
    CHECK(url_session_credential_storage_remove_all(handle) == expected);
    WRITTEN_NULL(UrlSessionError, url_session_credential_storage_set_file(handle, "path", &out) == expected);
    WRITTEN_NULL(UrlSessionError, url_session_credential_storage_flush(handle, &out) == expected);
    if (handle != NULL)
        CHECK(url_session_configuration_set_credential_storage(configuration, handle) == expected);
}

static void bad_trust(void *handle, UrlSessionStatus expected)
{
    const uint8_t *bytes = GARBAGE;
    size_t length = 1;
    uint8_t hash[32];
    CHECK(url_session_server_trust_retain(handle) == NULL);
    url_session_server_trust_release(handle);
    CHECK(url_session_server_trust_host(handle) == NULL);
    CHECK(!url_session_server_trust_is_trusted(handle));
    CHECK(url_session_server_trust_copy_error(handle) == NULL);
    CHECK(url_session_server_trust_certificate_count(handle) == 0);
    CHECK(url_session_server_trust_certificate_at(handle, 0, &bytes, &length) == expected);
    CHECK(bytes == NULL && length == 0);
    CHECK(url_session_server_trust_public_key_sha256_at(handle, 0, hash) == expected);
    WRITTEN_NULL(UrlSessionCredential, url_session_credential_new_with_server_trust(handle, &out) == expected);
}

static void bad_owner(void *handle, UrlSessionStatus expected)
{
    CHECK(url_session_configuration_set_credential(handle, "http://a", credential) == expected);
    CHECK(url_session_configuration_set_credential_storage(handle, storage) == expected);
    CHECK(url_session_configuration_copy_credential_storage(handle) == NULL);
    CHECK(url_session_configuration_set_uses_netrc(handle, true, NULL) == expected);
    CHECK(!url_session_configuration_uses_netrc(handle));
    CHECK(url_session_request_set_credential(handle, URL_SESSION_CREDENTIAL_USE_NONE, NULL) == expected);
}

static void null_arguments(void)
{
    const uint8_t *bytes = GARBAGE;
    size_t length = 1;
    CHECK(url_session_protection_space_distinguished_name_at(space, 0, NULL, &length) == NO_POINTER);
    CHECK(url_session_protection_space_distinguished_name_at(space, 0, &bytes, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionProtectionSpace, url_session_protection_space_new(NULL, 80, "http", false, NULL, BASIC,
                                                                             &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionProtectionSpace,
                 url_session_protection_space_new("a", 80, NULL, false, NULL, BASIC, &out) == NO_POINTER);
    CHECK(url_session_protection_space_new("a", 80, "http", false, NULL, BASIC, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCredential, url_session_credential_new_with_user(NULL, "p", NONE, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCredential, url_session_credential_new_with_user("u", NULL, NONE, &out) == NO_POINTER);
    CHECK(url_session_credential_new_with_user("u", "p", NONE, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCredential, url_session_credential_new_with_bearer_token(NULL, NONE, &out) == NO_POINTER);
    CHECK(url_session_credential_new_with_bearer_token("t", NONE, NULL) == NO_POINTER);
    CHECK(url_session_credential_new_with_server_trust(NULL, NULL) == NO_POINTER);
    CHECK(url_session_configuration_set_credential(configuration, NULL, credential) == NO_POINTER);
    CHECK(url_session_configuration_set_credential(configuration, "http://a", NULL) == OK);
    CHECK(url_session_configuration_set_credential_storage(configuration, NULL) == OK);
    CHECK(url_session_configuration_set_uses_netrc(configuration, true, NULL) == OK);
    CHECK(url_session_configuration_set_uses_netrc(configuration, true, "\xff") == NO_VALUE);
    CHECK(url_session_configuration_uses_netrc(configuration));
    CHECK(url_session_credential_storage_set_file(storage, NULL, NULL) == OK);
    CHECK(url_session_credential_storage_set_file(storage, "/dev/null/below", NULL) == URL_SESSION_STATUS_FAILED);
    WRITTEN_NULL(UrlSessionError, url_session_credential_storage_set_file(storage, "\xff", &out) == NO_VALUE);
    CHECK(url_session_credential_storage_flush(storage, NULL) == OK);
    CHECK(url_session_credential_storage_copy_credential(storage, space, "\xff") == NULL);
    CHECK(url_session_credential_storage_remove_credential(storage, space, "\xff") == NO_VALUE);
}

static void make_objects(const char *base)
{
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .release = did_release,
        .task_did_receive_challenge = did_receive_challenge,
        .task_did_complete = did_complete,
    };
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    CHECK(url_session_data_task_with_url(session, url(base, "/basic/hello"), &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&completed, 1));
    url_session_task_release(task);
    url_session_release(session);
    CHECK(reached(&released, 1));
    CHECK(url_session_credential_new_with_user("u", "p", NONE, &credential) == OK);
    CHECK(url_session_request_new("http://a/", &request) == OK);
    CHECK(url_session_credential_storage_shared() == url_session_credential_storage_shared());
    storage = url_session_credential_storage_new();
    configuration = url_session_configuration_new_default();
}

int main(int count, char **arguments)
{
    CHECK(count > 1);
    make_objects(arguments[1]);
    UrlSessionCredential *dead;
    CHECK(url_session_credential_new_with_user("u", "p", NONE, &dead) == OK);
    url_session_credential_release(dead);
    sweep(bad_challenge, completion, dead);
    sweep(bad_completion, challenge, dead);
    sweep(bad_space, storage, dead);
    sweep(bad_credential, space, dead);
    sweep(bad_storage, credential, dead);
    sweep(bad_trust, credential, dead);
    sweep(bad_owner, credential, dead);
    null_arguments();
    url_session_challenge_release(challenge);
    bad_challenge(challenge, NO_HANDLE);
    url_session_challenge_completion_release(completion);
    bad_completion(completion, NO_HANDLE);
    url_session_protection_space_release(space);
    bad_space(space, NO_HANDLE);
    url_session_credential_storage_release(storage);
    url_session_configuration_release(configuration);
    url_session_request_release(request);
    url_session_credential_release(credential);
    return 0;
}
