/* Paragraphs 1, 7 and 8 for whom we talk to and as whom: certificates, pins, proxies and HSTS, as 01_null.c. */
#include <string.h>

#include "null.h"

#define NONE URL_SESSION_CREDENTIAL_PERSISTENCE_NONE
#define URL "http://shop.test/"

static const char *const no_text = "\xff\xfe";
static const uint8_t bytes[32];

static UrlSessionConfiguration *configuration;
static UrlSessionHstsStorage *storage;
static UrlSessionCredential *credential;
static UrlSessionRequest *request;

static void bad_hsts_storage(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_hsts_storage_retain(bad) == NULL);
    url_session_hsts_storage_release(bad);
    CHECK(url_session_hsts_storage_set_host(bad, "shop.test", 1, false) == status);
    CHECK(!url_session_hsts_storage_contains(bad, "shop.test"));
    CHECK(url_session_hsts_storage_remove_all(bad) == status);
    CHECK(url_session_hsts_storage_import(bad, NULL, 0) == status);
    CHECK(url_session_hsts_storage_copy_export(bad) == NULL);
    WRITTEN_NULL(UrlSessionError, url_session_hsts_storage_set_file(bad, NULL, &out) == status);
    WRITTEN_NULL(UrlSessionError, url_session_hsts_storage_flush(bad, &out) == status);
    CHECK(url_session_hsts_storage_set_file(bad, NULL, NULL) == status);
    CHECK(url_session_hsts_storage_flush(bad, NULL) == status);
    /* NULL is none, and anything else that is no storage changes nothing. */
    UrlSessionConfiguration *copy = url_session_configuration_copy(configuration);
    CHECK(url_session_configuration_set_hsts_storage(copy, bad) == (bad == NULL ? OK : status));
    UrlSessionHstsStorage *kept = url_session_configuration_copy_hsts_storage(copy);
    CHECK((kept == NULL) == (bad == NULL));
    url_session_hsts_storage_release(kept);
    url_session_configuration_release(copy);
}

/* Of the certificates that are trusted, and what else guards a connection. */
static void bad_configuration(void *bad, UrlSessionStatus status)
{
    WRITTEN_NULL(UrlSessionError,
                 url_session_configuration_add_trusted_certificates_file(bad, "/dev/null", &out) == status);
    WRITTEN_NULL(UrlSessionError,
                 url_session_configuration_add_trusted_certificates_directory(bad, "/", &out) == status);
    CHECK(url_session_configuration_set_trusts_platform_certificates(bad, true) == status);
    CHECK(!url_session_configuration_trusts_platform_certificates(bad));
    CHECK(url_session_configuration_set_uses_environment_certificates(bad, true) == status);
    CHECK(!url_session_configuration_uses_environment_certificates(bad));
    CHECK(url_session_configuration_set_dangerously_accepts_any_server_certificate(bad, true) == status);
    CHECK(!url_session_configuration_dangerously_accepts_any_server_certificate(bad));
    CHECK(url_session_configuration_add_pinned_public_key(bad, "shop.test", bytes, 32, false) == status);
    CHECK(url_session_configuration_set_client_certificate(bad, "shop.test", NULL) == status);
    CHECK(url_session_configuration_set_client_certificate(bad, "shop.test", credential) != OK);
    CHECK(url_session_configuration_set_logs_tls_secrets(bad, true) == status);
    CHECK(!url_session_configuration_logs_tls_secrets(bad));
    CHECK(url_session_configuration_set_requires_https(bad, true) == status);
    CHECK(!url_session_configuration_requires_https(bad));
    CHECK(url_session_configuration_set_refuses_private_addresses(bad, true) == status);
    CHECK(!url_session_configuration_refuses_private_addresses(bad));
    CHECK(url_session_configuration_set_hsts_storage(bad, storage) == status);
    CHECK(url_session_configuration_set_hsts_storage(bad, NULL) == status);
    CHECK(url_session_configuration_copy_hsts_storage(bad) == NULL);
    CHECK(url_session_configuration_set_proxy(bad, "all", "proxy") == status);
    CHECK(url_session_configuration_set_proxy(bad, "all", NULL) == status);
    CHECK(url_session_configuration_proxy(bad, "all") == NULL);
    CHECK(url_session_configuration_set_proxy_exceptions(bad, "*") == status);
    CHECK(url_session_configuration_set_proxy_exceptions(bad, NULL) == status);
    CHECK(url_session_configuration_proxy_exceptions(bad) == NULL);
    CHECK(url_session_configuration_set_uses_environment_proxies(bad, true) == status);
    CHECK(!url_session_configuration_uses_environment_proxies(bad));
}

static void bad_request(void *bad, UrlSessionStatus status)
{
    CHECK(url_session_request_set_proxy(bad, "proxy") == status);
    CHECK(url_session_request_set_proxy(bad, NULL) == status);
    CHECK(url_session_request_proxy(bad) == NULL);
}

static void bad_credential(void *bad, UrlSessionStatus status)
{
    if (bad != NULL)
        CHECK(url_session_configuration_set_client_certificate(configuration, "shop.test", bad) == status);
}

static void null_arguments(void)
{
    CHECK(url_session_hsts_storage_set_host(storage, NULL, 1, true) == NO_POINTER);
    CHECK(!url_session_hsts_storage_contains(storage, NULL));
    CHECK(url_session_hsts_storage_import(storage, NULL, 1) == NO_POINTER);
    CHECK(url_session_hsts_storage_import(storage, NULL, 0) == OK);
    CHECK(url_session_hsts_storage_set_file(storage, NULL, NULL) == OK);
    CHECK(url_session_hsts_storage_set_file(storage, "/dev/null/below", NULL) == URL_SESSION_STATUS_FAILED);
    CHECK(url_session_hsts_storage_flush(storage, NULL) == OK);
    WRITTEN_NULL(UrlSessionError,
                 url_session_configuration_add_trusted_certificates_file(configuration, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionError, url_session_configuration_add_trusted_certificates_directory(configuration, NULL,
                                                                                               &out) == NO_POINTER);
    CHECK(url_session_configuration_add_trusted_certificates_file(configuration, "/dev/null", NULL) ==
          URL_SESSION_STATUS_FAILED);
    CHECK(url_session_configuration_add_trusted_certificates_directory(configuration, "/dev/null", NULL) ==
          URL_SESSION_STATUS_FAILED);
    CHECK(url_session_configuration_add_pinned_public_key(configuration, NULL, bytes, 32, false) == NO_POINTER);
    CHECK(url_session_configuration_add_pinned_public_key(configuration, "shop.test", NULL, 32, false) == NO_POINTER);
    CHECK(url_session_configuration_set_client_certificate(configuration, NULL, NULL) == NO_POINTER);
    CHECK(url_session_configuration_set_client_certificate(configuration, "shop.test", NULL) == OK);
    CHECK(url_session_configuration_set_proxy(configuration, NULL, "proxy") == NO_POINTER);
    CHECK(url_session_configuration_set_proxy(configuration, NULL, NULL) == NO_POINTER);
    CHECK(url_session_configuration_set_proxy(configuration, "all", NULL) == OK);
    CHECK(url_session_configuration_proxy(configuration, NULL) == NULL);
    CHECK(url_session_configuration_set_proxy_exceptions(configuration, NULL) == OK);
    CHECK(url_session_request_set_proxy(request, NULL) == OK);
}

/* No way to make a certificate's credential takes NULL for what it needs, and each writes what it was to give. */
static void null_certificates(void)
{
    UrlSessionSigner signer = {.size = sizeof signer};
    UrlSessionError *why = GARBAGE;
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pem(NULL, 1, NULL, 0, NONE, &out, &why) == NO_POINTER);
    CHECK(why == NULL);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pem(bytes, 1, NULL, 1, NONE, &out, NULL) == NO_POINTER);
    WRITTEN_NULL(UrlSessionError,
                 url_session_credential_new_with_pem(bytes, 1, NULL, 0, NONE, NULL, &out) == NO_POINTER);
    why = GARBAGE;
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pem_files(NULL, NULL, NONE, &out, &why) == NO_POINTER);
    CHECK(why == NULL);
    WRITTEN_NULL(UrlSessionError,
                 url_session_credential_new_with_pem_files("/dev/null", NULL, NONE, NULL, &out) == NO_POINTER);
    why = GARBAGE;
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pkcs12(NULL, 1, NULL, NONE, &out, &why) == NO_POINTER);
    CHECK(why == NULL);
    WRITTEN_NULL(UrlSessionError, url_session_credential_new_with_pkcs12(bytes, 1, "", NONE, NULL, &out) == NO_POINTER);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pkcs12_file(NULL, NULL, NONE, &out, &why) == NO_POINTER);
    WRITTEN_NULL(UrlSessionError, url_session_credential_new_with_pkcs12_file("", "", NONE, NULL, &out) == NO_POINTER);
    why = GARBAGE;
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_signer(bytes, 1, NULL, NONE, &out, &why) == NO_POINTER);
    CHECK(why == NULL);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_signer(bytes, 1, &signer, NONE, &out, NULL) == NO_POINTER);
}

static void wrong_values(void)
{
    CHECK(url_session_hsts_storage_set_host(storage, no_text, 1, true) == NO_VALUE);
    WRITTEN_NULL(UrlSessionError, url_session_hsts_storage_set_file(storage, no_text, &out) == NO_VALUE);
    WRITTEN_NULL(UrlSessionError,
                 url_session_configuration_add_trusted_certificates_file(configuration, no_text, &out) == NO_VALUE);
    WRITTEN_NULL(UrlSessionError, url_session_configuration_add_trusted_certificates_directory(configuration, no_text,
                                                                                               &out) == NO_VALUE);
    CHECK(url_session_configuration_add_pinned_public_key(configuration, no_text, bytes, 32, false) == NO_VALUE);
    CHECK(url_session_configuration_add_pinned_public_key(configuration, "", bytes, 32, false) == NO_VALUE);
    CHECK(url_session_configuration_set_client_certificate(configuration, no_text, NULL) == NO_VALUE);
    CHECK(url_session_configuration_set_client_certificate(configuration, "shop.test", credential) == NO_VALUE);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pem_files(no_text, NULL, NONE, &out, NULL) == NO_VALUE);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pem_files("/dev/null", no_text, NONE, &out, NULL) == NO_VALUE);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pem_files("/dev/null", NULL, 3, &out, NULL) == NO_VALUE);
    WRITTEN_NULL(UrlSessionCredential,
                 url_session_credential_new_with_pkcs12(bytes, 1, no_text, NONE, &out, NULL) == NO_VALUE);
}

/* What was refused has changed nothing. */
static void left_no_trace(void)
{
    CHECK(url_session_configuration_trusts_platform_certificates(configuration));
    CHECK(url_session_configuration_uses_environment_certificates(configuration));
    CHECK(!url_session_configuration_dangerously_accepts_any_server_certificate(configuration));
    CHECK(!url_session_configuration_logs_tls_secrets(configuration));
    CHECK(!url_session_configuration_requires_https(configuration));
    CHECK(!url_session_configuration_refuses_private_addresses(configuration));
    CHECK(url_session_configuration_uses_environment_proxies(configuration));
    CHECK(url_session_configuration_proxy(configuration, "all") == NULL);
    CHECK(url_session_configuration_proxy_exceptions(configuration) == NULL);
    CHECK(url_session_request_proxy(request) == NULL);
    CHECK(!url_session_hsts_storage_contains(storage, "shop.test"));
    CHECK(!url_session_hsts_storage_contains(url_session_hsts_storage_shared(), "shop.test"));
}

int main(void)
{
    configuration = url_session_configuration_new_default();
    storage = url_session_hsts_storage_new();
    CHECK(url_session_credential_new_with_user("u", "p", NONE, &credential) == OK);
    CHECK(url_session_request_new(URL, &request) == OK);
    UrlSessionConfiguration *dead_configuration = url_session_configuration_copy(configuration);
    UrlSessionHstsStorage *dead_storage = url_session_hsts_storage_new();
    UrlSessionRequest *dead_request = url_session_request_copy(request);
    UrlSessionCredential *dead_credential;
    CHECK(url_session_credential_new_with_user("u", "p", NONE, &dead_credential) == OK);
    url_session_configuration_release(dead_configuration);
    url_session_hsts_storage_release(dead_storage);
    url_session_request_release(dead_request);
    url_session_credential_release(dead_credential);
    sweep(bad_hsts_storage, configuration, dead_storage);
    sweep(bad_configuration, storage, dead_configuration);
    sweep(bad_request, storage, dead_request);
    sweep(bad_credential, storage, dead_credential);
    null_arguments();
    null_certificates();
    wrong_values();
    left_no_trace();
    url_session_configuration_release(configuration);
    url_session_hsts_storage_release(storage);
    url_session_request_release(request);
    url_session_credential_release(credential);
    return 0;
}
