/*
 * Talks only to a server whose public key it knows:
 *
 *     pinning URL [KEY [AUTHORITY.pem]]
 *
 * Without a KEY it prints the keys that the server shows, as SHA-256 in hexadecimal: what to pin. It is best to pin two,
 * the second one's private half in a safe. `-` for KEY does the same and trusts an authority of one's own.
 */
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <urlsession.h>

typedef struct {
    sem_t done;
    int status;
} Outcome;

/* The slots. */

static void print_keys(const UrlSessionServerTrust *trust)
{
    uint8_t key[32];
    for (size_t index = 0; index < url_session_server_trust_certificate_count(trust); index++) {
        if (url_session_server_trust_public_key_sha256_at(trust, index, key) != URL_SESSION_STATUS_OK) continue;
        printf("%s ", index == 0 ? "server   " : "authority");
        for (size_t byte = 0; byte < sizeof key; byte++) printf("%02x", key[byte]);
        printf("\n");
    }
}

/* Looks, and leaves the verdict to the platform. */
static void did_receive_challenge(void *context, UrlSession *session, UrlSessionChallenge *challenge,
                                  UrlSessionChallengeCompletion *completion)
{
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    UrlSessionServerTrust *trust = url_session_protection_space_copy_server_trust(space);
    (void)context, (void)session;
    if (trust != NULL) {
        UrlSessionError *why = url_session_server_trust_copy_error(trust);
        print_keys(trust);
        printf("%s for %s%s%s\n", why == NULL ? "trusted" : "not trusted", url_session_server_trust_host(trust),
               why == NULL ? "" : ": ", why == NULL ? "" : url_session_error_message(why));
        url_session_error_release(why);
    }
    url_session_challenge_completion_answer(completion, URL_SESSION_CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING,
                                            NULL);
    url_session_server_trust_release(trust);
    url_session_protection_space_release(space);
}

static void did_complete(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *error)
{
    Outcome *outcome = context;
    UrlSessionResponse *response = url_session_task_copy_response(task);
    (void)session;
    if (error != NULL) {
        fprintf(stderr, "pinning: %s\n", url_session_error_message(error));
    } else {
        printf("%" PRId32 " from %s\n", url_session_response_status_code(response), url_session_response_url(response));
    }
    outcome->status = error != NULL;
    url_session_response_release(response);
}

static void release(void *context)
{
    Outcome *outcome = context;
    sem_post(&outcome->done);
}

/* The arguments. */

static bool host_of(const char *url, char *host, size_t size)
{
    const char *start = strstr(url, "://");
    size_t length = start == NULL ? 0 : strcspn(start + 3, start[3] == '[' ? "]" : ":/?#");
    if (length == 0 || length + 2 > size) return false;
    length += start[3] == '['; /* The bracket at the end of an IPv6 address. */
    memcpy(host, start + 3, length);
    host[length] = '\0';
    return true;
}

static bool key_of(const char *text, uint8_t key[32])
{
    unsigned byte;
    if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64) return false;
    for (size_t index = 0; index < 32; index++) {
        sscanf(text + 2 * index, "%2x", &byte);
        key[index] = (uint8_t)byte;
    }
    return true;
}

static bool configure(UrlSessionConfiguration *configuration, int argc, char **argv)
{
    UrlSessionError *error = NULL;
    uint8_t key[32];
    char host[256];
    if (argc > 2 && strcmp(argv[2], "-") != 0) {
        if (!host_of(argv[1], host, sizeof host) || !key_of(argv[2], key)) return false;
        url_session_configuration_add_pinned_public_key(configuration, host, key, sizeof key, false);
    }
    if (argc > 3) {
        url_session_configuration_add_trusted_certificates_file(configuration, argv[3], &error);
        if (error != NULL) fprintf(stderr, "pinning: %s\n", url_session_error_message(error));
    }
    url_session_error_release(error);
    return error == NULL;
}

int main(int argc, char **argv)
{
    Outcome outcome = {.status = 1};
    bool looks = argc == 2 || (argc == 4 && strcmp(argv[2], "-") == 0);
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &outcome,
        .release = release,
        .session_did_receive_challenge = looks ? did_receive_challenge : NULL,
        .task_did_complete = did_complete,
    };
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    UrlSessionTask *task;
    if (argc < 2 || argc > 4 || !configure(configuration, argc, argv)) {
        fprintf(stderr, "usage: pinning URL [KEY [AUTHORITY.pem]]\n");
        return 2;
    }
    sem_init(&outcome.done, 0, 0);
    url_session_new(configuration, &delegate, &session);
    url_session_configuration_release(configuration);
    url_session_data_task_with_url(session, argv[1], &task);
    url_session_task_resume(task);
    url_session_task_release(task);
    url_session_finish_tasks_and_invalidate(session);
    url_session_release(session);
    sem_wait(&outcome.done);
    return outcome.status;
}
