/* Which hosts want https, the https-only switch and the guard of addresses: what is no host, who keeps the storage, and
 * what a task is told. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "null.h"

typedef struct {
    int32_t error;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    (void)data, (void)response;
    Outcome *outcome = context;
    outcome->error = url_session_error_code(error);
    happened(&outcome->end);
}

/* How a task of a session with this configuration ends, and where it was going by then. */
static int32_t end_of(UrlSessionConfiguration *configuration, const char *to, const char *went_to)
{
    Outcome outcome = {.end = WAITER};
    UrlSession *session;
    UrlSessionTask *task;
    CHECK(url_session_new(configuration, NULL, &session) == OK);
    CHECK(url_session_data_task_with_url_completion_handler(session, to, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    CHECK(reached(&outcome.end, 1));
    UrlSessionRequest *request = url_session_task_copy_current_request(task);
    CHECK(strncmp(url_session_request_url(request), went_to, strlen(went_to)) == 0);
    url_session_request_release(request);
    url_session_task_release(task);
    url_session_release(session);
    return outcome.error;
}

static void no_values(void)
{
    static const char *const hosts[] = {"", ".", "127.0.0.1", "127.1", "[::1]", "a b", "http://h.example/", "\xE9"};
    UrlSessionHstsStorage *storage = url_session_hsts_storage_new();
    for (size_t index = 0; index < sizeof hosts / sizeof hosts[0]; index++) {
        CHECK(url_session_hsts_storage_set_host(storage, hosts[index], 1, true) == NO_VALUE);
        CHECK(!url_session_hsts_storage_contains(storage, hosts[index]));
    }
    CHECK(url_session_hsts_storage_import(storage, (const uint8_t *)"\xFF\x00\n\"", 4) == OK);
    CHECK(url_session_hsts_storage_set_host(storage, "h.example", UINT64_MAX, false) == OK);
    CHECK(url_session_hsts_storage_set_host(storage, "gone.example", 0, false) == OK);
    CHECK(url_session_hsts_storage_contains(storage, "H.Example.") &&
          !url_session_hsts_storage_contains(storage, "gone.example"));
    url_session_hsts_storage_release(storage);
}

/* A configuration keeps its storage, a session keeps it too, and what is set later still counts. */
static void who_keeps_it(const char *to)
{
    UrlSessionHstsStorage *storage = url_session_hsts_storage_new();
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    CHECK(url_session_configuration_set_hsts_storage(configuration, storage) == OK);
    /* Where it would go is all that is asked here, and the origin speaks no TLS. */
    CHECK(url_session_configuration_set_refuses_private_addresses(configuration, true) == OK);
    CHECK(end_of(configuration, to, "http://") == URL_SESSION_ERROR_CODE_CANNOT_CONNECT_TO_HOST);
    CHECK(url_session_hsts_storage_set_host(storage, "localhost", 3600, false) == OK);
    url_session_hsts_storage_release(storage);
    CHECK(end_of(configuration, to, "https://") == URL_SESSION_ERROR_CODE_CANNOT_CONNECT_TO_HOST);
    storage = url_session_configuration_copy_hsts_storage(configuration);
    url_session_configuration_release(configuration);
    CHECK(url_session_hsts_storage_contains(storage, "localhost"));
    CHECK(url_session_hsts_storage_remove_all(storage) == OK);
    CHECK(!url_session_hsts_storage_contains(storage, "localhost"));
    url_session_hsts_storage_release(storage);
    CHECK(!url_session_hsts_storage_contains(storage, "localhost"));

    UrlSessionHstsStorage *shared = url_session_hsts_storage_shared();
    CHECK(shared != NULL && shared == url_session_hsts_storage_shared());
    /* Lent: there is nothing to give back, and nothing happens. */
    url_session_hsts_storage_release(shared);
    CHECK(!url_session_hsts_storage_contains(shared, "localhost"));
}

static void switches(const char *to)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    CHECK(url_session_configuration_set_requires_https(configuration, true) == OK);
    CHECK(url_session_configuration_requires_https(configuration));
    CHECK(end_of(configuration, to, "http://") ==
          URL_SESSION_ERROR_CODE_APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION);
    CHECK(url_session_configuration_set_requires_https(configuration, false) == OK);
    CHECK(url_session_configuration_set_refuses_private_addresses(configuration, true) == OK);
    CHECK(url_session_configuration_refuses_private_addresses(configuration));
    CHECK(end_of(configuration, to, "http://") == URL_SESSION_ERROR_CODE_CANNOT_CONNECT_TO_HOST);
    CHECK(url_session_configuration_set_refuses_private_addresses(configuration, false) == OK);
    CHECK(end_of(configuration, to, "http://") == 0);
    url_session_configuration_release(configuration);
}

static void in_a_file(const char *directory)
{
    char path[512];
    snprintf(path, sizeof path, "%s/hsts", directory);
    UrlSessionHstsStorage *storage = url_session_hsts_storage_new();
    CHECK(url_session_hsts_storage_set_file(storage, path, NULL) == OK);
    CHECK(url_session_hsts_storage_set_host(storage, "h.example", 3600, true) == OK);
    WRITTEN_NULL(UrlSessionError, url_session_hsts_storage_flush(storage, &out) == OK);
    UrlSessionHstsStorage *other = url_session_hsts_storage_new();
    CHECK(url_session_hsts_storage_set_file(other, path, NULL) == OK);
    CHECK(url_session_hsts_storage_contains(other, "below.h.example"));
    CHECK(url_session_hsts_storage_set_file(other, NULL, NULL) == OK);
    CHECK(url_session_hsts_storage_set_file(storage, NULL, NULL) == OK);

    UrlSessionError *error = NULL;
    CHECK(url_session_hsts_storage_set_file(storage, directory, &error) == URL_SESSION_STATUS_FAILED);
    CHECK(url_session_error_code(error) == URL_SESSION_ERROR_CODE_CANNOT_OPEN_FILE);
    url_session_error_release(error);
    url_session_hsts_storage_release(storage);
    url_session_hsts_storage_release(other);
    CHECK(remove(path) == 0);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    char to[256];
    snprintf(to, sizeof to, "http://localhost%s/hello", strrchr(arguments[1], ':'));
    no_values();
    who_keeps_it(to);
    switches(to);
    in_a_file(arguments[2]);
    return 0;
}
