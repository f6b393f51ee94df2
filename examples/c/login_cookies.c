/*
 * Logs in with a form and keeps the cookie in a file, from which a second session has it:
 *
 *     login_cookies FILE FORM BASE
 *
 * FORM, such as "user=alice&password=secret", is posted to BASE/login, and BASE/account printed. FILE is a Netscape
 * cookie file, which curl -b reads too.
 */
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <urlsession.h>

typedef struct {
    sem_t done;
    bool welcome;
} Outcome;

static void completed(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    if (error != NULL) {
        fprintf(stderr, "login_cookies: %s\n", url_session_error_message(error));
    } else {
        int32_t status = url_session_response_status_code(response);
        printf("%" PRId32 " from %s: ", status, url_session_response_url(response));
        fwrite(url_session_data_bytes(data), 1, url_session_data_length(data), stdout);
        outcome->welcome = status == 200;
    }
    sem_post(&outcome->done);
}

static void did_list(void *context, UrlSessionCookie *const *cookies, size_t count)
{
    (void)context;
    for (size_t index = 0; index < count; index++) {
        /* The value is a secret. */
        printf("cookie %s of %s%s\n", url_session_cookie_name(cookies[index]),
               url_session_cookie_domain(cookies[index]), url_session_cookie_path(cookies[index]));
    }
}

/* Cookies that are in the file from now on; NULL where that cannot be had. */
static UrlSessionCookieStorage *open_cookies(const char *file)
{
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    UrlSessionError *error = NULL;
    if (url_session_cookie_storage_set_file(storage, file, &error) != URL_SESSION_STATUS_OK) {
        fprintf(stderr, "login_cookies: %s: %s\n", file, url_session_error_message(error));
        url_session_cookie_storage_release(storage);
        storage = NULL;
    }
    url_session_error_release(error);
    return storage;
}

/* Asks in a session that has no cookies but those of the file, and whether it was welcome. A form is posted. */
static bool ask(const char *file, const char *base, const char *path, const char *form)
{
    char url[1024];
    Outcome outcome = {.welcome = false};
    UrlSessionCookieStorage *storage = open_cookies(file);
    UrlSessionConfiguration *configuration;
    UrlSession *session;
    UrlSessionRequest *request;
    UrlSessionTask *task;
    if (storage == NULL) return false;
    configuration = url_session_configuration_new_ephemeral();
    url_session_configuration_set_http_cookie_storage(configuration, storage);
    url_session_new(configuration, NULL, &session);
    snprintf(url, sizeof url, "%s%s", base, path);
    url_session_request_new(url, &request);
    if (form != NULL) {
        url_session_request_set_http_method(request, "POST");
        url_session_request_set_value_for_header_field(request, "Content-Type", "application/x-www-form-urlencoded");
        url_session_request_set_http_body(request, (const uint8_t *)form, strlen(form));
    }
    sem_init(&outcome.done, 0, 0);
    url_session_data_task_with_request_completion_handler(session, request, completed, &outcome, &task);
    url_session_task_resume(task);
    sem_wait(&outcome.done);
    url_session_cookie_storage_get_cookies(storage, url, did_list, NULL);
    url_session_task_release(task);
    url_session_request_release(request);
    url_session_release(session);
    url_session_configuration_release(configuration);
    url_session_cookie_storage_release(storage); /* Writes what has changed. */
    return outcome.welcome;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: login_cookies FILE FORM BASE\n");
        return 2;
    }
    return ask(argv[1], argv[3], "/login", argv[2]) && ask(argv[1], argv[3], "/account", NULL) ? 0 : 1;
}
