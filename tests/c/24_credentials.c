/* Credentials, protection spaces, storages, and as whom a request goes: what they take, and what they refuse. */
#include <string.h>

#include "null.h"

#define NONE URL_SESSION_CREDENTIAL_PERSISTENCE_NONE
#define FOR_SESSION URL_SESSION_CREDENTIAL_PERSISTENCE_FOR_SESSION
#define PERMANENT URL_SESSION_CREDENTIAL_PERSISTENCE_PERMANENT
#define BASIC URL_SESSION_AUTHENTICATION_METHOD_HTTP_BASIC
#define BEARER URL_SESSION_AUTHENTICATION_METHOD_BEARER

static const char *const no_text = "\xff\xfe";

static UrlSessionCredential *of_user(const char *user, const char *password, UrlSessionCredentialPersistence kept)
{
    UrlSessionCredential *credential;
    CHECK(url_session_credential_new_with_user(user, password, kept, &credential) == OK);
    return credential;
}

static UrlSessionProtectionSpace *space_of(const char *realm)
{
    UrlSessionProtectionSpace *space;
    CHECK(url_session_protection_space_new("example.com", 80, "http", false, realm, BASIC, &space) == OK);
    return space;
}

static void users(void)
{
    static const struct {
        const char *user, *password;
        UrlSessionCredentialPersistence kept;
        UrlSessionStatus status;
    } bad[] = {
        {NULL, "p", NONE, NO_POINTER},     {"u", NULL, NONE, NO_POINTER},     {"a:b", "p", NONE, NO_VALUE},
        {"a\nb", "p", NONE, NO_VALUE},     {"u", "a\rb", NONE, NO_VALUE},     {"u", "\x7f", NONE, NO_VALUE},
        {"u", "p", 3, NO_VALUE},           {"u", "p", UINT32_MAX, NO_VALUE},  {no_text, "p", NONE, NO_VALUE},
        {"u", no_text, NONE, NO_VALUE},    {"u", "\xc2\x85", NONE, NO_VALUE},
    };
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        UrlSessionCredential *credential = GARBAGE;
        UrlSessionStatus status = url_session_credential_new_with_user(bad[index].user, bad[index].password,
                                                                       bad[index].kept, &credential);
        CHECK(status == bad[index].status && credential == NULL);
    }
    CHECK(url_session_credential_new_with_user("u", "p", NONE, NULL) == NO_POINTER);
    UrlSessionCredential *credential = of_user("J\xc3\xa4s\xc3\xb8n", "a:b \xe2\x82\xac", FOR_SESSION);
    CHECK(strcmp(url_session_credential_user(credential), "J\xc3\xa4s\xc3\xb8n") == 0);
    CHECK(strcmp(url_session_credential_password(credential), "a:b \xe2\x82\xac") == 0);
    CHECK(url_session_credential_persistence(credential) == FOR_SESSION);
    CHECK(url_session_credential_retain(credential) == credential);
    url_session_credential_release(credential);
    CHECK(url_session_credential_user(credential) != NULL);
    url_session_credential_release(credential);
    CHECK(url_session_credential_user(credential) == NULL);
    url_session_credential_release(of_user("", "", PERMANENT));
}

static void tokens(void)
{
    static const char *const bad[] = {"", "=", "a b", "a,b", "a=b", "\"a\"", "a\r\nX: y", "\xc3\xbc", no_text};
    UrlSessionCredential *credential;
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++)
        WRITTEN_NULL(UrlSessionCredential,
                     url_session_credential_new_with_bearer_token(bad[index], NONE, &out) == NO_VALUE);
    WRITTEN_NULL(UrlSessionCredential, url_session_credential_new_with_bearer_token(NULL, NONE, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCredential, url_session_credential_new_with_bearer_token("a", 3, &out) == NO_VALUE);
    CHECK(url_session_credential_new_with_bearer_token("a", NONE, NULL) == NO_POINTER);
    CHECK(url_session_credential_new_with_bearer_token("mF_9.B5f-4.1JqM~+/==", PERMANENT, &credential) == OK);
    CHECK(url_session_credential_user(credential) == NULL);
    CHECK(url_session_credential_password(credential) == NULL);
    CHECK(url_session_credential_persistence(credential) == PERMANENT);
    url_session_credential_release(credential);
}

static void spaces(void)
{
    static const struct {
        const char *host, *protocol;
        bool is_proxy;
        UrlSessionAuthenticationMethod method;
        UrlSessionStatus status;
    } cases[] = {
        {"h", "http", false, BASIC, OK},        {"h", "https", false, BEARER, OK},
        {"h", "http", true, BASIC, OK},         {"h", "https", true, BASIC, OK},
        {"h", "socks", true, BASIC, NO_VALUE},  {"h", "socks", false, BASIC, NO_VALUE},
        {"h", "ftp", false, BASIC, NO_VALUE},   {"h", "", false, BASIC, NO_VALUE},
        {"h", "http", false, 0, NO_VALUE},      {"h", "http", false, 4, NO_VALUE},
        {"h", "http", false, 5, NO_VALUE},      {"h", "http", false, 6, NO_VALUE},
        {"h", "http", false, 7, NO_VALUE},      {"h", "http", false, UINT32_MAX, NO_VALUE},
        {NULL, "http", false, BASIC, NO_POINTER}, {"h", NULL, false, BASIC, NO_POINTER},
        {no_text, "http", false, BASIC, NO_VALUE},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        UrlSessionProtectionSpace *space = GARBAGE;
        UrlSessionStatus status = url_session_protection_space_new(cases[index].host, 1, cases[index].protocol,
                                                                   cases[index].is_proxy, "r", cases[index].method,
                                                                   &space);
        CHECK(status == cases[index].status && (space != NULL) == (status == OK));
        if (status != OK)
            continue;
        CHECK(strcmp(url_session_protection_space_protocol(space), cases[index].protocol) == 0);
        CHECK(url_session_protection_space_is_proxy(space) == cases[index].is_proxy);
        CHECK(url_session_protection_space_authentication_method(space) == cases[index].method);
        url_session_protection_space_release(space);
    }
    CHECK(url_session_protection_space_new("h", 1, "http", false, "r", BASIC, NULL) == NO_POINTER);
    UrlSessionProtectionSpace *space;
    CHECK(url_session_protection_space_new("EXAMPLE.com", 0, "https", false, NULL, BASIC, &space) == OK);
    CHECK(strcmp(url_session_protection_space_host(space), "example.com") == 0);
    CHECK(url_session_protection_space_port(space) == 0 && url_session_protection_space_realm(space) == NULL);
    CHECK(url_session_protection_space_receives_credential_securely(space));
    const uint8_t *bytes = GARBAGE;
    size_t length = 1;
    CHECK(url_session_protection_space_distinguished_name_at(space, 0, &bytes, &length) == NO_VALUE);
    CHECK(bytes == NULL && length == 0);
    url_session_protection_space_release(space);
}

static const char *default_user(UrlSessionCredentialStorage *storage, UrlSessionProtectionSpace *space)
{
    static char user[32];
    UrlSessionCredential *found = url_session_credential_storage_copy_credential(storage, space, NULL);
    const char *name = found == NULL ? "nobody" : url_session_credential_user(found);
    snprintf(user, sizeof user, "%s", name == NULL ? "a token" : name);
    url_session_credential_release(found);
    return user;
}

static void storages(void)
{
    UrlSessionCredentialStorage *storage = url_session_credential_storage_new();
    UrlSessionProtectionSpace *space = space_of("a"), *other = space_of("b");
    UrlSessionCredential *alice = of_user("alice", "x", NONE), *bob = of_user("bob", "x", PERMANENT);
    CHECK(strcmp(default_user(storage, space), "nobody") == 0);
    CHECK(url_session_credential_storage_set_credential(storage, space, alice, false) == OK);
    CHECK(url_session_credential_storage_set_credential(storage, space, bob, false) == OK);
    /* It keeps them by itself. */
    url_session_credential_release(alice);
    url_session_credential_release(bob);
    CHECK(strcmp(default_user(storage, space), "alice") == 0 && strcmp(default_user(storage, other), "nobody") == 0);
    CHECK(url_session_credential_storage_copy_credential(storage, space, "carol") == NULL);
    bob = url_session_credential_storage_copy_credential(storage, space, "bob");
    CHECK(url_session_credential_persistence(bob) == PERMANENT);
    CHECK(url_session_credential_storage_set_credential(storage, space, bob, true) == OK);
    url_session_credential_release(bob);
    CHECK(strcmp(default_user(storage, space), "bob") == 0);
    CHECK(url_session_credential_storage_remove_credential(storage, space, "carol") == OK);
    CHECK(url_session_credential_storage_remove_credential(storage, space, "bob") == OK);
    CHECK(strcmp(default_user(storage, space), "alice") == 0);
    CHECK(url_session_credential_storage_remove_all(storage) == OK);
    CHECK(strcmp(default_user(storage, space), "nobody") == 0);
    CHECK(url_session_credential_storage_shared() != NULL && url_session_credential_storage_shared() != storage);
    url_session_credential_storage_release(storage);
    CHECK(url_session_credential_storage_remove_all(storage) == NO_HANDLE);
    url_session_protection_space_release(space);
    url_session_protection_space_release(other);
}

static void requests(void)
{
    UrlSessionRequest *request;
    UrlSessionCredential *alice = of_user("alice", "x", NONE);
    CHECK(url_session_request_new("http://example.com/", &request) == OK);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_THIS, alice) == OK);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_NONE, NULL) == OK);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_INHERIT, NULL) == OK);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_NONE, alice) == NO_VALUE);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_INHERIT, alice) == NO_VALUE);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_THIS, NULL) == NO_POINTER);
    CHECK(url_session_request_set_credential(request, 3, alice) == NO_VALUE);
    CHECK(url_session_request_set_credential(request, 3, NULL) == NO_VALUE);
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_THIS, (void *)request) == NO_HANDLE);
    url_session_request_release(request);
    url_session_credential_release(alice);
}

static void configurations(void)
{
    static const char *const bad[] = {"", "example.com", "/path", "ftp://example.com", "http://", no_text};
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    UrlSessionCredentialStorage *storage = url_session_credential_storage_new(), *found;
    UrlSessionCredential *alice = of_user("alice", "x", NONE);
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++)
        CHECK(url_session_configuration_set_credential(configuration, bad[index], alice) == NO_VALUE);
    CHECK(url_session_configuration_set_credential(configuration, NULL, alice) == NO_POINTER);
    CHECK(url_session_configuration_set_credential(configuration, "http://a", (void *)storage) == NO_HANDLE);
    CHECK(url_session_configuration_set_credential(configuration, "http://a", alice) == OK);
    CHECK(url_session_configuration_set_credential(configuration, "http://a:80/path?query", NULL) == OK);
    CHECK(url_session_configuration_set_credential_storage(configuration, storage) == OK);
    CHECK(url_session_configuration_set_credential_storage(configuration, (void *)alice) == NO_HANDLE);
    found = url_session_configuration_copy_credential_storage(configuration);
    CHECK(found == storage);
    url_session_credential_storage_release(found);
    CHECK(url_session_configuration_set_credential_storage(configuration, NULL) == OK);
    CHECK(url_session_configuration_copy_credential_storage(configuration) == NULL);
    url_session_credential_release(alice);
    url_session_credential_storage_release(storage);
    url_session_configuration_release(configuration);
}

int main(void)
{
    users();
    tokens();
    spaces();
    storages();
    requests();
    configurations();
    return 0;
}
