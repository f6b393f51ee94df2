/* Paragraph 4 for what a cookie is made of and for a signer: a smaller struct is not read past its size, of a larger
 * one the part that is known is taken, and a size that cannot be right is refused. */
#include "edge.h"

#include <stddef.h>

#include "urlsession.h"

#define OK URL_SESSION_STATUS_OK
#define INVALID URL_SESSION_STATUS_INVALID_ARGUMENT
#define NONE URL_SESSION_CREDENTIAL_PERSISTENCE_NONE

static const UrlSessionCookieProperties whole = {
    .size = sizeof whole,
    .name = "name",
    .value = "value",
    .domain = "shop.test",
    .path = "/path",
    .expires = 4e9,
    .same_site = URL_SESSION_COOKIE_SAME_SITE_STRICT,
    .secure = 1,
    .http_only = 1,
    .host_only = 1,
};

/* It has what the first `size` bytes of the whole say. */
static void has_the_first(UrlSessionCookie *cookie, size_t size)
{
    const char *path = size > offsetof(UrlSessionCookieProperties, path) ? "/path" : "/";
    double expires = size > offsetof(UrlSessionCookieProperties, expires) ? 4e9 : 0;
    bool is_strict = size > offsetof(UrlSessionCookieProperties, same_site);
    CHECK(strcmp(url_session_cookie_name(cookie), "name") == 0);
    CHECK(strcmp(url_session_cookie_value(cookie), "value") == 0);
    CHECK(strcmp(url_session_cookie_domain(cookie), "shop.test") == 0);
    CHECK(strcmp(url_session_cookie_path(cookie), path) == 0);
    CHECK(url_session_cookie_expires(cookie) == expires);
    CHECK(url_session_cookie_same_site(cookie) == (is_strict ? URL_SESSION_COOKIE_SAME_SITE_STRICT
                                                             : URL_SESSION_COOKIE_SAME_SITE_UNSPECIFIED));
    CHECK(url_session_cookie_is_secure(cookie) == (size > offsetof(UrlSessionCookieProperties, secure)));
    CHECK(url_session_cookie_is_http_only(cookie) == (size > offsetof(UrlSessionCookieProperties, http_only)));
    CHECK(url_session_cookie_is_host_only(cookie) == (size > offsetof(UrlSessionCookieProperties, host_only)));
    url_session_cookie_release(cookie);
}

static void cookies_of_every_size(void)
{
    for (size_t size = 0; size <= sizeof whole; size++) {
        UrlSessionCookie *cookie = (UrlSessionCookie *)&size;
        UrlSessionStatus status;
        bool is_right = size >= offsetof(UrlSessionCookieProperties, path) && size % sizeof(void *) == 0;
        if (size >= sizeof size) {
            status = url_session_cookie_new(at_the_edge(&whole, size), &cookie);
        } else {
            UrlSessionCookieProperties properties = whole;
            properties.size = size;
            status = url_session_cookie_new(&properties, &cookie);
        }
        CHECK(status == (is_right ? OK : INVALID) && (cookie != NULL) == is_right);
        if (is_right)
            has_the_first(cookie, size);
    }
}

static void a_newer_cookie(void)
{
    struct {
        UrlSessionCookieProperties known;
        uintptr_t members_of_the_future[16];
    } properties;
    UrlSessionCookie *cookie;
    memset(&properties, 0xA5, sizeof properties);
    properties.known = whole;
    properties.known.size = sizeof properties;
    CHECK(url_session_cookie_new(&properties.known, &cookie) == OK);
    has_the_first(cookie, sizeof whole);
}

static int64_t never_sign(void *context, uint16_t scheme, const uint8_t *message, size_t length, uint8_t *signature,
                          size_t capacity)
{
    CHECK(!"a signer is called that was refused");
    return -1;
}

static void never_release(void *context)
{
    CHECK(!"a signer is released that was refused");
}

/* Where the size is right, it is the certificate that is not. */
static UrlSessionStatus sign_with(const UrlSessionSigner *signer)
{
    UrlSessionCredential *credential = (void *)signer;
    UrlSessionStatus status =
        url_session_credential_new_with_signer((const uint8_t *)"none", 4, signer, NONE, &credential, NULL);
    CHECK(credential == NULL);
    return status;
}

static void signers_of_every_size(void)
{
    struct {
        UrlSessionSigner known;
        uintptr_t members_of_the_future[16];
    } newer;
    memset(&newer, 0xA5, sizeof newer);
    newer.known = (UrlSessionSigner){.size = sizeof newer, .release = never_release, .sign = never_sign};
    CHECK(sign_with(&newer.known) == URL_SESSION_STATUS_FAILED);
    for (size_t size = sizeof size; size < sizeof newer.known; size++)
        CHECK(sign_with(at_the_edge(&newer.known, size)) == INVALID);
    CHECK(sign_with(at_the_edge(&newer.known, sizeof newer.known)) == URL_SESSION_STATUS_FAILED);
}

int main(void)
{
    cookies_of_every_size();
    a_newer_cookie();
    signers_of_every_size();
    return 0;
}
