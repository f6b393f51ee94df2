#define _POSIX_C_SOURCE 200809L
#include "transcript.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct timespec start;
static int surprises;

void begin_transcript(const char *title)
{
    clock_gettime(CLOCK_MONOTONIC, &start);
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(120); /* A demo that hangs is worse than one that dies. */
    printf("%s, told by liburlsession %s\n"
           "  call  the program calls the library        slot  the library calls the program\n",
           title, url_session_version());
}

int end_transcript(void)
{
    printf("\n%s\n", surprises == 0 ? "Every task ended as it should." : "Some tasks did not end as they should.");
    return surprises != 0;
}

void heading(const char *text)
{
    printf("\n%s\n", text);
}

void line(const char *who, const char *format, ...)
{
    struct timespec now;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
    printf("%10.2f ms  %s  %s\n", seconds * 1e3, who, text);
}

void detail(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%23s%s\n", "", text);
}

void surprise(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    detail("SURPRISE: %s", text);
    surprises++;
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "none";
}

void print_response(const UrlSessionResponse *response)
{
    detail("status %" PRId32 ", type %s, charset %s, expected length %" PRId64 ", file name %s",
           url_session_response_status_code(response), or_none(url_session_response_mime_type(response)),
           or_none(url_session_response_text_encoding_name(response)),
           url_session_response_expected_content_length(response), url_session_response_suggested_filename(response));
    detail("URL %s", url_session_response_url(response));
}

void print_error(const char *what, const UrlSessionError *error)
{
    UrlSessionError *underlying = url_session_error_copy_underlying(error);
    detail("%s %s %" PRId32 ": %s", what, url_session_error_domain(error), url_session_error_code(error),
           url_session_error_message(error));
    if (url_session_error_failing_url(error) != NULL) detail("failing URL %s", url_session_error_failing_url(error));
    if (underlying != NULL) print_error("because of", underlying);
    url_session_error_release(underlying);
}

void print_challenge(const UrlSessionChallenge *challenge)
{
    static const char *const methods[] = {"unknown", "HTTP_BASIC", "HTTP_DIGEST",        "BEARER",
                                          "NEGOTIATE", "NTLM",     "CLIENT_CERTIFICATE", "SERVER_TRUST"};
    UrlSessionProtectionSpace *space = url_session_challenge_copy_protection_space(challenge);
    UrlSessionServerTrust *trust = url_session_protection_space_copy_server_trust(space);
    UrlSessionError *error = url_session_challenge_copy_error(challenge);
    detail("%s, asked by %s://%s:%d", methods[url_session_protection_space_authentication_method(space)],
           url_session_protection_space_protocol(space), url_session_protection_space_host(space),
           url_session_protection_space_port(space));
    if (trust == NULL) {
        detail("realm %s, refused so far %" PRIu32, or_none(url_session_protection_space_realm(space)),
               url_session_challenge_previous_failure_count(challenge));
    } else {
        detail("certificates %zu, %s", url_session_server_trust_certificate_count(trust),
               url_session_server_trust_is_trusted(trust) ? "trusted" : "not trusted");
    }
    if (error != NULL) print_error("because of", error);
    url_session_error_release(error);
    url_session_server_trust_release(trust);
    url_session_protection_space_release(space);
}

const char *state(const UrlSessionTask *task)
{
    static const char *const names[] = {"running", "suspended", "canceling", "completed"};
    return names[url_session_task_state(task)];
}

void check(UrlSessionStatus status)
{
    if (status != URL_SESSION_STATUS_OK) {
        detail("%s", url_session_status_message(status));
        exit(1);
    }
}

void expect(const UrlSessionTask *task, UrlSessionErrorCode code)
{
    UrlSessionError *error = url_session_task_copy_error(task);
    if (url_session_error_code(error) != code) surprise("expected error code %" PRId32, code);
    url_session_error_release(error);
}

const char *at(const char *base, const char *path)
{
    static char url[2048];
    snprintf(url, sizeof url, "%s%s", base, path);
    return url;
}

UrlSessionConfiguration *make_configuration(const char *authority)
{
    static char pem[64 * 1024];
    line("call", "url_session_configuration_new_ephemeral");
    UrlSessionConfiguration *configuration = url_session_configuration_new_ephemeral();
    if (authority != NULL) {
        FILE *file = fopen(authority, "rb");
        size_t length = file != NULL ? fread(pem, 1, sizeof pem, file) : 0;
        if (file != NULL) fclose(file);
        line("call", "url_session_configuration_add_trusted_certificates");
        check(url_session_configuration_add_trusted_certificates(configuration, (const uint8_t *)pem, length));
    }
    return configuration;
}
