/* Every function for cookies, called once; in whatever place. */
#ifndef COOKIES_H
#define COOKIES_H

#include <stdint.h>
#include <string.h>

#include "check.h"
#include "urlsession.h"

static inline void count_cookies(void *context, UrlSessionCookie *const *cookies, size_t count)
{
    *(size_t *)context = count;
}

static inline void call_cookie(UrlSessionCookie *cookie)
{
    CHECK(url_session_cookie_retain(cookie) == cookie);
    url_session_cookie_release(cookie);
    CHECK(strcmp(url_session_cookie_name(cookie), "name") == 0);
    CHECK(strcmp(url_session_cookie_value(cookie), "value") == 0);
    CHECK(strcmp(url_session_cookie_domain(cookie), "shop.test") == 0);
    CHECK(strcmp(url_session_cookie_path(cookie), "/") == 0);
    CHECK(url_session_cookie_expires(cookie) == 0 && url_session_cookie_is_session_only(cookie));
    CHECK(!url_session_cookie_is_secure(cookie) && !url_session_cookie_is_http_only(cookie));
    CHECK(!url_session_cookie_is_host_only(cookie));
    CHECK(url_session_cookie_same_site(cookie) == URL_SESSION_COOKIE_SAME_SITE_UNSPECIFIED);
}

static inline void call_cookie_storage(UrlSessionCookieStorage *storage, UrlSessionCookie *cookie)
{
    UrlSessionCookie *found;
    size_t count = 7;
    CHECK(url_session_cookie_storage_retain(storage) == storage);
    url_session_cookie_storage_release(storage);
    CHECK(url_session_cookie_storage_set_cookie(storage, cookie) == URL_SESSION_STATUS_OK);
    CHECK(url_session_cookie_storage_store_header(storage, "http://shop.test/", "a=1") == URL_SESSION_STATUS_OK);
    CHECK(url_session_cookie_storage_copy_cookie(storage, "name", NULL, NULL, &found) == URL_SESSION_STATUS_OK);
    CHECK(found == cookie);
    url_session_cookie_release(found);
    CHECK(url_session_cookie_storage_get_cookies(storage, NULL, count_cookies, &count) == URL_SESSION_STATUS_OK);
    CHECK(count == 2);
    UrlSessionData *header = url_session_cookie_storage_copy_cookie_header(storage, "http://shop.test/");
    CHECK(strcmp((const char *)url_session_data_bytes(header), "name=value; a=1") == 0);
    url_session_data_release(header);
    CHECK(url_session_cookie_storage_delete_cookie(storage, cookie) == URL_SESSION_STATUS_OK);
    UrlSessionCookieStorage *copy = url_session_cookie_storage_copy(storage);
    CHECK(url_session_cookie_storage_remove_cookies_since(storage, 0) == URL_SESSION_STATUS_OK);
    UrlSessionData *file = url_session_cookie_storage_copy_netscape(copy);
    CHECK(url_session_cookie_storage_import_netscape(storage, url_session_data_bytes(file),
                                                     url_session_data_length(file), &count) == URL_SESSION_STATUS_OK);
    CHECK(count == 1);
    url_session_data_release(file);
    url_session_cookie_storage_release(copy);
    CHECK(url_session_cookie_storage_set_file(storage, NULL, NULL) == URL_SESSION_STATUS_OK);
    CHECK(url_session_cookie_storage_flush(storage, NULL) == URL_SESSION_STATUS_OK);
}

static inline void call_cookie_policy(UrlSessionCookieStorage *storage)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    UrlSessionRequest *request;
    CHECK(url_session_configuration_set_http_cookie_storage(configuration, storage) == URL_SESSION_STATUS_OK);
    CHECK(url_session_configuration_copy_http_cookie_storage(configuration) == storage);
    url_session_cookie_storage_release(storage);
    CHECK(url_session_configuration_set_http_should_set_cookies(configuration, false) == URL_SESSION_STATUS_OK);
    CHECK(!url_session_configuration_http_should_set_cookies(configuration));
    CHECK(url_session_configuration_set_http_cookie_accept_policy(
              configuration, URL_SESSION_COOKIE_ACCEPT_POLICY_NEVER) == URL_SESSION_STATUS_OK);
    CHECK(url_session_configuration_http_cookie_accept_policy(configuration) ==
          URL_SESSION_COOKIE_ACCEPT_POLICY_NEVER);
    url_session_configuration_release(configuration);
    CHECK(url_session_request_new("http://shop.test/", &request) == URL_SESSION_STATUS_OK);
    CHECK(url_session_request_set_http_should_handle_cookies(request, false) == URL_SESSION_STATUS_OK);
    CHECK(!url_session_request_http_should_handle_cookies(request));
    CHECK(url_session_request_set_main_document_url(request, "http://shop.test/") == URL_SESSION_STATUS_OK);
    CHECK(strcmp(url_session_request_main_document_url(request), "http://shop.test/") == 0);
    CHECK(url_session_request_set_cookie(request, "a", "1") == URL_SESSION_STATUS_OK);
    url_session_request_release(request);
}

static inline void call_cookies(void)
{
    UrlSessionCookieProperties properties = {
        .size = sizeof properties, .name = "name", .value = "value", .domain = "shop.test"};
    UrlSessionCookieStorage *storage = url_session_cookie_storage_new();
    UrlSessionCookie *cookie;
    CHECK(url_session_cookie_storage_shared() != NULL);
    CHECK(url_session_cookie_new(&properties, &cookie) == URL_SESSION_STATUS_OK);
    call_cookie(cookie);
    call_cookie_storage(storage, cookie);
    call_cookie_policy(storage);
    url_session_cookie_release(cookie);
    CHECK(url_session_cookie_new_with_header("http://shop.test/", "a=1", &cookie) == URL_SESSION_STATUS_OK);
    url_session_cookie_release(cookie);
    url_session_cookie_storage_release(storage);
}

#endif
