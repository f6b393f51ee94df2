/*
 * Goes to a server that wants to know who asks, with a certificate:
 *
 *     client_certificate URL CERTIFICATE.pem KEY.pem [AUTHORITY.pem]
 *     client_certificate URL CLIENT.p12 PASSPHRASE [AUTHORITY.pem]
 *
 * The certificate is given where the server asks for it, and kept for the session. To show it to one host without being
 * asked there is url_session_configuration_set_client_certificate.
 */
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <urlsession.h>

typedef struct {
    UrlSessionCredential *credential;
    sem_t done;
    int status;
} Client;

/* The slots. */

static void did_receive_challenge(void *context, UrlSession *session, UrlSessionChallenge *challenge,
                                  UrlSessionChallengeCompletion *completion)
{
    Client *client = context;
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    (void)session;
    if (url_session_protection_space_authentication_method(space) ==
        URL_SESSION_AUTHENTICATION_METHOD_CLIENT_CERTIFICATE) {
        fprintf(stderr, "%s asks for a certificate; authorities that it names: %zu\n",
                url_session_protection_space_host(space), url_session_protection_space_distinguished_name_count(space));
        url_session_challenge_completion_answer(completion, URL_SESSION_CHALLENGE_DISPOSITION_USE_CREDENTIAL,
                                                client->credential);
    } else {
        url_session_challenge_completion_answer(
            completion, URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING, NULL);
    }
    url_session_protection_space_release(space);
}

static void did_receive_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes,
                             size_t length, UrlSessionData *data)
{
    (void)context, (void)session, (void)task, (void)data;
    fwrite(bytes, 1, length, stdout);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Client *client = context;
    (void)session, (void)task;
    client->status = error != NULL;
    if (error != NULL) fprintf(stderr, "client_certificate: %s\n", url_session_error_message(error));
}

static void release(void *context)
{
    Client *client = context;
    sem_post(&client->done);
}

/* The arguments. */

static UrlSessionStatus open_credential(char **argv, UrlSessionCredential **credential, UrlSessionError **error)
{
    const UrlSessionCredentialPersistence persistence = URL_SESSION_CREDENTIAL_PERSISTENCE_FOR_SESSION;
    const char *ending = strrchr(argv[2], '.');
    if (ending != NULL && strcmp(ending, ".p12") == 0) {
        return url_session_credential_new_with_pkcs12_file(argv[2], argv[3], persistence, credential, error);
    }
    return url_session_credential_new_with_pem_files(argv[2], argv[3], persistence, credential, error);
}

static bool configure(UrlSessionConfiguration *configuration, Client *client, int argc, char **argv)
{
    UrlSessionError *error = NULL;
    UrlSessionStatus status = open_credential(argv, &client->credential, &error);
    if (status == URL_SESSION_STATUS_OK && argc == 5) {
        status = url_session_configuration_add_trusted_certificates_file(configuration, argv[4], &error);
    }
    if (error != NULL) fprintf(stderr, "client_certificate: %s\n", url_session_error_message(error));
    url_session_error_release(error);
    return status == URL_SESSION_STATUS_OK;
}

int main(int argc, char **argv)
{
    Client client = {.status = 1};
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &client,
        .release = release,
        .session_did_receive_challenge = did_receive_challenge,
        .data_task_did_receive_data = did_receive_data,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    UrlSessionTask *task;
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: client_certificate URL CERTIFICATE KEY|PASSPHRASE [AUTHORITY.pem]\n");
        return 2;
    }
    if (!configure(configuration, &client, argc, argv)) return 2;
    sem_init(&client.done, 0, 0);
    url_session_new(configuration, &delegate, &session);
    url_session_configuration_release(configuration);
    url_session_data_task_with_url(session, argv[1], &task);
    url_session_task_resume(task);
    url_session_task_release(task);
    url_session_finish_tasks_and_invalidate(session);
    url_session_release(session);
    sem_wait(&client.done);
    url_session_credential_release(client.credential);
    return client.status;
}
