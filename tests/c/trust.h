/* Every function for whom a session talks to, through whom, and as whom, called once. */
#ifndef TRUST_H
#define TRUST_H

#include <string.h>

#include "run.h"

static void call_trusted_certificates(UrlSessionConfiguration *configuration)
{
    static const uint8_t key[32] = {0};
    const UrlSessionStatus failed = URL_SESSION_STATUS_FAILED;
    CHECK(url_session_configuration_add_trusted_certificates_file(configuration, "/dev/null", NULL) == failed);
    CHECK(url_session_configuration_add_trusted_certificates_directory(configuration, "/dev/null", NULL) == failed);
    CHECK(url_session_configuration_set_trusts_platform_certificates(configuration, false) == OK);
    CHECK(!url_session_configuration_trusts_platform_certificates(configuration));
    CHECK(url_session_configuration_set_uses_environment_certificates(configuration, false) == OK);
    CHECK(!url_session_configuration_uses_environment_certificates(configuration));
    CHECK(url_session_configuration_set_dangerously_accepts_any_server_certificate(configuration, true) == OK);
    CHECK(url_session_configuration_dangerously_accepts_any_server_certificate(configuration));
    CHECK(url_session_configuration_add_pinned_public_key(configuration, "shop.test", key, 32, true) == OK);
    CHECK(url_session_configuration_set_client_certificate(configuration, "shop.test", NULL) == OK);
    CHECK(url_session_configuration_set_logs_tls_secrets(configuration, true) == OK);
    CHECK(url_session_configuration_logs_tls_secrets(configuration));
    CHECK(url_session_configuration_set_requires_https(configuration, true) == OK);
    CHECK(url_session_configuration_requires_https(configuration));
    CHECK(url_session_configuration_set_refuses_private_addresses(configuration, true) == OK);
    CHECK(url_session_configuration_refuses_private_addresses(configuration));
}

static void call_hsts(UrlSessionConfiguration *configuration)
{
    UrlSessionHstsStorage *storage = url_session_hsts_storage_new();
    CHECK(url_session_hsts_storage_shared() != storage);
    CHECK(url_session_hsts_storage_retain(storage) == storage);
    url_session_hsts_storage_release(storage);
    CHECK(url_session_hsts_storage_set_host(storage, "shop.test", 3600, true) == OK);
    CHECK(url_session_hsts_storage_contains(storage, "below.shop.test"));
    UrlSessionData *lines = url_session_hsts_storage_copy_export(storage);
    CHECK(url_session_hsts_storage_remove_all(storage) == OK);
    CHECK(url_session_hsts_storage_import(storage, url_session_data_bytes(lines), url_session_data_length(lines)) ==
          OK);
    url_session_data_release(lines);
    CHECK(url_session_hsts_storage_contains(storage, "shop.test"));
    CHECK(url_session_hsts_storage_set_file(storage, NULL, NULL) == OK);
    CHECK(url_session_hsts_storage_flush(storage, NULL) == OK);
    CHECK(url_session_configuration_set_hsts_storage(configuration, storage) == OK);
    CHECK(url_session_configuration_copy_hsts_storage(configuration) == storage);
    url_session_hsts_storage_release(storage);
    url_session_hsts_storage_release(storage);
}

static void call_proxies(UrlSessionConfiguration *configuration, UrlSessionRequest *request)
{
    CHECK(url_session_configuration_set_proxy(configuration, "all", "proxy.test:3128") == OK);
    CHECK(strcmp(url_session_configuration_proxy(configuration, "all"), "http://proxy.test:3128") == 0);
    CHECK(url_session_configuration_set_proxy_exceptions(configuration, "shop.test") == OK);
    CHECK(strcmp(url_session_configuration_proxy_exceptions(configuration), "shop.test") == 0);
    CHECK(url_session_configuration_set_uses_environment_proxies(configuration, false) == OK);
    CHECK(!url_session_configuration_uses_environment_proxies(configuration));
    CHECK(url_session_request_set_proxy(request, "direct://") == OK);
    CHECK(strcmp(url_session_request_proxy(request), "direct://") == 0);
}

static void call_authorization(UrlSessionConfiguration *configuration, UrlSessionRequest *request)
{
    UrlSessionCredentialStorage *storage = url_session_configuration_copy_credential_storage(configuration);
    UrlSessionCredential *credential;
    CHECK(url_session_credential_new_with_user("alice", "secret", URL_SESSION_CREDENTIAL_PERSISTENCE_NONE,
                                               &credential) == OK);
    CHECK(url_session_configuration_set_credential(configuration, "http://shop.test", credential) == OK);
    CHECK(url_session_configuration_set_credential_storage(configuration, storage) == OK);
    CHECK(url_session_configuration_set_uses_netrc(configuration, false, NULL) == OK);
    CHECK(!url_session_configuration_uses_netrc(configuration));
    CHECK(url_session_request_set_credential(request, URL_SESSION_CREDENTIAL_USE_THIS, credential) == OK);
    url_session_credential_release(credential);
    url_session_credential_storage_release(storage);
}

static void call_trust(void)
{
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    UrlSessionRequest *request;
    CHECK(url_session_request_new("http://shop.test/", &request) == OK);
    call_trusted_certificates(configuration);
    call_hsts(configuration);
    call_proxies(configuration, request);
    call_authorization(configuration, request);
    url_session_request_release(request);
    url_session_configuration_release(configuration);
}

#endif
