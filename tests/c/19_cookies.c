/* Cookies as a C program uses them: a login whose cookie a second session has from a file; cookies made, listed, found
 * and taken away; what is listed is lent; a storage is its configurations' and sessions' too. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "cookies.h"
#include "file.h"
#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK

static const char *base;

typedef struct {
    int32_t status_code;
    Waiter end;
} Outcome;

static void handler(void *context, UrlSessionData *data, UrlSessionResponse *response, UrlSessionError *error)
{
    Outcome *outcome = context;
    CHECK(error == NULL);
    call_cookies();
    outcome->status_code = url_session_response_status_code(response);
    happened(&outcome->end);
}

/* The status that a request gets in a session of its own, whose cookies are in `storage`. */
static int32_t ask(UrlSessionCookieStorage *storage, const char *path, const char *form)
{
    Outcome outcome = {.end = WAITER};
    UrlSessionConfiguration *configuration = url_session_configuration_new_default();
    UrlSession *session;
    UrlSessionRequest *request;
    UrlSessionTask *task;
    CHECK(url_session_configuration_set_http_cookie_storage(configuration, storage) == OK);
    CHECK(url_session_new(configuration, NULL, &session) == OK);
    CHECK(url_session_request_new(url(base, path), &request) == OK);
    if (form != NULL) {
        CHECK(url_session_request_set_http_method(request, "POST") == OK);
        CHECK(url_session_request_set_http_body(request, (const uint8_t *)form, strlen(form)) == OK);
    }
    CHECK(url_session_data_task_with_request_completion_handler(session, request, handler, &outcome, &task) == OK);
    CHECK(url_session_task_resume(task) == OK);
    url_session_configuration_release(configuration);
    url_session_request_release(request);
    url_session_task_release(task);
    url_session_release(session);
    CHECK(reached(&outcome.end, 1));
    return outcome.status_code;
}

static void login(const char *file)
{
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    UrlSessionError *error;
    CHECK(url_session_cookie_storage_set_file(storage, file, &error) == OK && error == NULL);
    CHECK(ask(storage, "/account", NULL) == 403);
    CHECK(ask(storage, "/login", "user=alice&password=guess") == 403);
    CHECK(ask(storage, "/login", "user=alice&password=secret") == 200);
    CHECK(ask(storage, "/account", NULL) == 200);
    url_session_cookie_storage_release(storage);

    storage = url_session_cookie_storage_new();
    CHECK(ask(storage, "/account", NULL) == 403);
    CHECK(url_session_cookie_storage_set_file(storage, file, NULL) == OK);
    CHECK(ask(storage, "/account", NULL) == 200);
    CHECK(url_session_cookie_storage_flush(storage, &error) == OK && error == NULL);
    CHECK(url_session_cookie_storage_set_file(storage, NULL, &error) == OK && error == NULL);
    url_session_cookie_storage_release(storage);
    CHECK(remove(file) == 0);
}

static UrlSessionCookie *make(const char *name, const char *path)
{
    UrlSessionCookieProperties properties = {
        .size = sizeof properties,
        .name = name,
        .value = "value",
        .domain = "shop.test",
        .path = path,
        .expires = 4000000000.0,
        .same_site = URL_SESSION_COOKIE_SAME_SITE_STRICT,
        .secure = true,
        .http_only = true,
        .host_only = true,
    };
    UrlSessionCookie *cookie;
    CHECK(url_session_cookie_new(&properties, &cookie) == OK);
    return cookie;
}

static void properties_of_a_cookie(void)
{
    UrlSessionCookie *cookie = make("name", "/path");
    CHECK(url_session_cookie_retain(cookie) == cookie);
    url_session_cookie_release(cookie);
    CHECK(strcmp(url_session_cookie_name(cookie), "name") == 0);
    CHECK(strcmp(url_session_cookie_value(cookie), "value") == 0);
    CHECK(strcmp(url_session_cookie_domain(cookie), "shop.test") == 0);
    CHECK(strcmp(url_session_cookie_path(cookie), "/path") == 0);
    CHECK(url_session_cookie_expires(cookie) == 4000000000.0);
    CHECK(url_session_cookie_same_site(cookie) == URL_SESSION_COOKIE_SAME_SITE_STRICT);
    CHECK(url_session_cookie_is_secure(cookie) && url_session_cookie_is_http_only(cookie));
    CHECK(url_session_cookie_is_host_only(cookie) && !url_session_cookie_is_session_only(cookie));
    url_session_cookie_release(cookie);

    const char *header = "name=value; Domain=shop.test; Max-Age=0";
    CHECK(url_session_cookie_new_with_header("https://www.shop.test/", header, &cookie) == OK);
    CHECK(url_session_cookie_expires(cookie) == 1 && !url_session_cookie_is_host_only(cookie));
    url_session_cookie_release(cookie);
}

/* What a handler saw. */
typedef struct {
    UrlSessionCookieStorage *storage;
    UrlSessionCookie *kept;
    size_t count;
    int calls;
} List;

/* Uses the storage that is being listed. */
static void did_list(void *context, UrlSessionCookie *const *cookies, size_t count)
{
    List *list = context;
    list->count = count;
    list->calls++;
    for (size_t index = 0; index < count; index++)
        CHECK(url_session_cookie_storage_delete_cookie(list->storage, cookies[index]) == OK);
    if (count > 0)
        list->kept = url_session_cookie_retain(cookies[0]);
}

static void list_and_take_away(void)
{
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    UrlSessionCookie *one = make("one", "/"), *two = make("one", "/two"), *found;
    CHECK(url_session_cookie_storage_set_cookie(storage, one) == OK);
    CHECK(url_session_cookie_storage_set_cookie(storage, two) == OK);
    CHECK(url_session_cookie_storage_store_header(storage, "http://other.test/", "other=1") == OK);

    UrlSessionData *header = url_session_cookie_storage_copy_cookie_header(storage, "https://shop.test/two");
    CHECK(strcmp((const char *)url_session_data_bytes(header), "one=value; one=value") == 0);
    url_session_data_release(header);
    CHECK(url_session_cookie_storage_copy_cookie_header(storage, "http://shop.test/two") == NULL);

    /* Which one is not said, then it is. */
    CHECK(url_session_cookie_storage_copy_cookie(storage, "one", NULL, NULL, &found) ==
          URL_SESSION_STATUS_INVALID_STATE);
    CHECK(found == NULL);
    CHECK(url_session_cookie_storage_copy_cookie(storage, "one", "shop.test", "/two", &found) == OK && found == two);
    url_session_cookie_release(found);
    CHECK(url_session_cookie_storage_copy_cookie(storage, "none", NULL, NULL, &found) == OK && found == NULL);

    /* A list is what was there when it was asked for. */
    UrlSessionCookieStorage *copy = url_session_cookie_storage_copy(storage);
    List of_site = {.storage = storage}, rest = {.storage = storage}, of_copy = {.storage = copy};
    CHECK(url_session_cookie_storage_get_cookies(storage, "https://shop.test/two", did_list, &of_site) == OK);
    CHECK(url_session_cookie_storage_get_cookies(storage, NULL, did_list, &rest) == OK);
    CHECK(url_session_cookie_storage_remove_cookies_since(copy, 0) == OK);
    CHECK(url_session_cookie_storage_get_cookies(copy, NULL, did_list, &of_copy) == OK);
    CHECK(of_site.count == 2 && rest.count == 1 && of_copy.count == 0);
    CHECK(of_site.calls == 1 && rest.calls == 1 && of_copy.calls == 1);
    CHECK(of_site.kept == two);

    /* What was lent goes with the call, and what was kept stays. */
    CHECK(strcmp(url_session_cookie_name(rest.kept), "other") == 0);
    url_session_cookie_release(rest.kept);
    CHECK(url_session_cookie_name(rest.kept) == NULL);
    url_session_cookie_release(of_site.kept);
    url_session_cookie_release(one);
    url_session_cookie_release(two);
    url_session_cookie_storage_release(copy);
    url_session_cookie_storage_release(storage);
}

static void import_and_export(void)
{
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    const char *file = "shop.test\tFALSE\t/\tFALSE\t0\ta\t1\n#HttpOnly_.shop.test\tTRUE\t/\tTRUE\t4000000000\tb\t2\n";
    size_t count;
    CHECK(url_session_cookie_storage_import_netscape(storage, (const uint8_t *)file, strlen(file), &count) == OK);
    CHECK(count == 2);
    UrlSessionData *written = url_session_cookie_storage_copy_netscape(storage);
    size_t length = url_session_data_length(written);
    CHECK(length > strlen(file));
    CHECK(memcmp(url_session_data_bytes(written) + length - strlen(file), file, strlen(file)) == 0);
    url_session_data_release(written);
    url_session_cookie_storage_release(storage);
}

/* A configuration keeps its storage alive, and gives the one that it was given. */
static void ownership(void)
{
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    CHECK(url_session_configuration_set_http_cookie_storage(configuration, storage) == OK);
    CHECK(url_session_cookie_storage_store_header(storage, "http://shop.test/", "a=1") == OK);
    url_session_cookie_storage_release(storage);
    storage = url_session_configuration_copy_http_cookie_storage(configuration);
    CHECK(storage != NULL && url_session_cookie_storage_retain(storage) == storage);
    url_session_cookie_storage_release(storage);
    UrlSessionData *header = url_session_cookie_storage_copy_cookie_header(storage, "http://shop.test/");
    CHECK(url_session_data_length(header) == 3);
    url_session_data_release(header);
    url_session_cookie_storage_release(storage);
    CHECK(url_session_configuration_set_http_cookie_storage(configuration, NULL) == OK);
    CHECK(url_session_configuration_copy_http_cookie_storage(configuration) == NULL);
    url_session_configuration_release(configuration);
    CHECK(url_session_cookie_storage_copy_cookie_header(storage, "http://shop.test/") == NULL);

    /* The shared one is lent: to give back what was never taken changes nothing. */
    UrlSessionCookieStorage *shared = url_session_cookie_storage_shared();
    url_session_cookie_storage_release(shared);
    CHECK(url_session_cookie_storage_shared() == shared);
    configuration = url_session_configuration_new_default();
    storage = url_session_configuration_copy_http_cookie_storage(configuration);
    CHECK(storage == shared);
    url_session_cookie_storage_release(storage);
    url_session_configuration_release(configuration);
    CHECK(url_session_cookie_storage_store_header(shared, "http://shop.test/", "a=1") == OK);
}

int main(int count, char **arguments)
{
    CHECK(count > 2);
    base = arguments[1];
    login(path_in(arguments[2], "cookies.txt"));
    properties_of_a_cookie();
    list_and_take_away();
    import_and_export();
    ownership();
    return 0;
}
