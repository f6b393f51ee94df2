/* Every function for cookies with every pointer NULL, with handles that are dead, of another kind or none at all, and
 * with values that it does not take: a status or an empty answer, out-parameters written, and nothing else happens. */
#include <math.h>
#include <string.h>

#include "null.h"

#define URL "http://shop.test/"

static UrlSessionCookieStorage *storage;
static UrlSessionCookie *cookie;

static void never(void *context, UrlSessionCookie *const *cookies, size_t count)
{
    CHECK(!"a handler is called though the call was refused");
}

static void bad_cookie(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_cookie_retain(bad) == NULL);
    url_session_cookie_release(bad);
    CHECK(url_session_cookie_name(bad) == NULL && url_session_cookie_value(bad) == NULL);
    CHECK(url_session_cookie_domain(bad) == NULL && url_session_cookie_path(bad) == NULL);
    CHECK(url_session_cookie_expires(bad) == 0);
    CHECK(!url_session_cookie_is_secure(bad) && !url_session_cookie_is_http_only(bad));
    CHECK(!url_session_cookie_is_host_only(bad) && !url_session_cookie_is_session_only(bad));
    CHECK(url_session_cookie_same_site(bad) == URL_SESSION_COOKIE_SAME_SITE_UNSPECIFIED);
    CHECK(url_session_cookie_storage_set_cookie(storage, bad) == status);
    CHECK(url_session_cookie_storage_delete_cookie(storage, bad) == status);
}

static void bad_storage(void *bad, UrlSessionStatus status)
{
    const uint8_t bytes[1] = {0};
    size_t count = 7;
    CHECK(url_session_cookie_storage_retain(bad) == NULL);
    url_session_cookie_storage_release(bad);
    CHECK(url_session_cookie_storage_copy(bad) == NULL);
    CHECK(url_session_cookie_storage_set_cookie(bad, cookie) == status);
    CHECK(url_session_cookie_storage_store_header(bad, URL, "a=1") == status);
    CHECK(url_session_cookie_storage_delete_cookie(bad, cookie) == status);
    CHECK(url_session_cookie_storage_remove_cookies_since(bad, 0) == status);
    WRITTEN_NULL(UrlSessionCookie, url_session_cookie_storage_copy_cookie(bad, "a", NULL, NULL, &out) == status);
    CHECK(url_session_cookie_storage_get_cookies(bad, NULL, never, NULL) == status);
    CHECK(url_session_cookie_storage_copy_cookie_header(bad, URL) == NULL);
    CHECK(url_session_cookie_storage_import_netscape(bad, bytes, 1, &count) == status && count == 0);
    CHECK(url_session_cookie_storage_copy_netscape(bad) == NULL);
    WRITTEN_NULL(UrlSessionError, url_session_cookie_storage_set_file(bad, "path", &out) == status);
    WRITTEN_NULL(UrlSessionError, url_session_cookie_storage_flush(bad, &out) == status);
    if (bad != NULL) {
        UrlSessionConfiguration *configuration = url_session_configuration_new_default();
        CHECK(url_session_configuration_set_http_cookie_storage(configuration, bad) == status);
        url_session_configuration_release(configuration);
    }
}

static void bad_configuration(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_configuration_set_http_cookie_storage(bad, storage) == status);
    CHECK(url_session_configuration_set_http_cookie_storage(bad, NULL) == status);
    CHECK(url_session_configuration_copy_http_cookie_storage(bad) == NULL);
    CHECK(url_session_configuration_set_http_should_set_cookies(bad, true) == status);
    CHECK(!url_session_configuration_http_should_set_cookies(bad));
    CHECK(url_session_configuration_set_http_cookie_accept_policy(bad, URL_SESSION_COOKIE_ACCEPT_POLICY_NEVER) ==
          status);
    CHECK(url_session_configuration_http_cookie_accept_policy(bad) == URL_SESSION_COOKIE_ACCEPT_POLICY_ALWAYS);
}

static void bad_request(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_request_set_http_should_handle_cookies(bad, true) == status);
    CHECK(!url_session_request_http_should_handle_cookies(bad));
    CHECK(url_session_request_set_main_document_url(bad, URL) == status);
    CHECK(url_session_request_main_document_url(bad) == NULL);
    CHECK(url_session_request_set_cookie(bad, "a", "1") == status);
}

static void null_arguments(void)
{
    UrlSessionCookieProperties properties = {.size = sizeof properties, .domain = "shop.test", .value = "v"};
    WRITTEN_NULL(UrlSessionCookie, url_session_cookie_new(NULL, &out) == NO_POINTER);
    CHECK(url_session_cookie_new(&properties, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCookie, url_session_cookie_new_with_header(NULL, "a=1", &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCookie, url_session_cookie_new_with_header(URL, NULL, &out) == NO_POINTER);
    CHECK(url_session_cookie_new_with_header(URL, "a=1", NULL) == NO_POINTER);
    CHECK(url_session_cookie_storage_store_header(storage, NULL, "a=1") == NO_POINTER);
    CHECK(url_session_cookie_storage_store_header(storage, URL, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCookie,
                 url_session_cookie_storage_copy_cookie(storage, NULL, NULL, NULL, &out) == NO_POINTER);
    CHECK(url_session_cookie_storage_copy_cookie(storage, "a", NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_cookie_storage_get_cookies(storage, NULL, NULL, NULL) == NO_POINTER);
    CHECK(url_session_cookie_storage_copy_cookie_header(storage, NULL) == NULL);
    CHECK(url_session_cookie_storage_import_netscape(storage, NULL, 1, NULL) == NO_POINTER);
    CHECK(url_session_cookie_storage_import_netscape(storage, NULL, 0, NULL) == OK);
    CHECK(url_session_cookie_storage_set_file(storage, NULL, NULL) == OK);
    CHECK(url_session_cookie_storage_flush(storage, NULL) == OK);
    CHECK(url_session_cookie_storage_set_file(storage, "/dev/null", NULL) == URL_SESSION_STATUS_FAILED);
    UrlSessionRequest *request;
    CHECK(url_session_request_new(URL, &request) == OK);
    CHECK(url_session_request_set_cookie(request, NULL, "1") == NO_POINTER);
    CHECK(url_session_request_set_main_document_url(request, URL) == OK);
    CHECK(strcmp(url_session_request_main_document_url(request), URL) == 0);
    CHECK(url_session_request_set_main_document_url(request, NULL) == OK);
    CHECK(url_session_request_main_document_url(request) == NULL);
    url_session_request_release(request);
}

/* Of `properties` with one of them changed. */
#define REFUSED(change)                                                                                                \
    do {                                                                                                               \
        UrlSessionCookieProperties properties = {.size = sizeof properties, .name = "a", .domain = "shop.test"};       \
        properties.change;                                                                                             \
        WRITTEN_NULL(UrlSessionCookie, url_session_cookie_new(&properties, &out) == NO_VALUE);                         \
    } while (0)

static void wrong_values(void)
{
    REFUSED(size = 0);
    REFUSED(size = sizeof properties - 1);
    REFUSED(domain = NULL);
    REFUSED(domain = "");
    REFUSED(domain = "\xff");
    REFUSED(name = "\xff");
    REFUSED(name = "a=b");
    REFUSED(name = "__Host-a");
    REFUSED(value = "a;b");
    REFUSED(path = "/\n");
    REFUSED(expires = (double)NAN);
    REFUSED(expires = (double)-INFINITY);
    REFUSED(same_site = 4);
    REFUSED(same_site = UINT32_MAX);
    WRITTEN_NULL(UrlSessionCookie, url_session_cookie_new_with_header("nowhere", "a=1", &out) == NO_VALUE);
    WRITTEN_NULL(UrlSessionCookie, url_session_cookie_new_with_header(URL, "a=1; Domain=com", &out) == NO_VALUE);
    CHECK(url_session_cookie_storage_store_header(storage, "ftp://shop.test/", "a=1") == NO_VALUE);
    CHECK(url_session_cookie_storage_remove_cookies_since(storage, (double)NAN) == NO_VALUE);
    CHECK(url_session_cookie_storage_get_cookies(storage, "nowhere", never, NULL) == NO_VALUE);
    CHECK(url_session_cookie_storage_copy_cookie_header(storage, "nowhere") == NULL);
}

int main(void)
{
    UrlSessionCookieProperties properties = {.size = sizeof properties, .name = "a", .domain = "shop.test"};
    UrlSessionCookie *dead_cookie;
    CHECK(url_session_cookie_new(&properties, &cookie) == OK);
    CHECK(url_session_cookie_new(&properties, &dead_cookie) == OK);
    storage = url_session_cookie_storage_new();
    CHECK(url_session_cookie_storage_shared() == url_session_cookie_storage_shared());
    UrlSessionCookieStorage *dead_storage = url_session_cookie_storage_new();
    UrlSessionConfiguration *dead_configuration = url_session_configuration_new_default();
    UrlSessionRequest *dead_request;
    CHECK(url_session_request_new(URL, &dead_request) == OK);
    url_session_cookie_release(dead_cookie);
    url_session_cookie_storage_release(dead_storage);
    url_session_configuration_release(dead_configuration);
    url_session_request_release(dead_request);
    sweep(bad_cookie, storage, dead_cookie);
    sweep(bad_storage, cookie, dead_storage);
    sweep(bad_configuration, storage, dead_configuration);
    sweep(bad_request, storage, dead_request);
    null_arguments();
    wrong_values();
    /* None of it left a trace. */
    CHECK(url_session_cookie_storage_copy_cookie_header(storage, URL) == NULL);
    url_session_cookie_release(cookie);
    url_session_cookie_storage_release(storage);
    return 0;
}
