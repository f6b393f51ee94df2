/*
 * GETs of one URL on libcurl's multi interface, every answer checked: curl_multi URL BYTES REQUESTS IN_FLIGHT
 * The way its manual recommends: curl_multi_poll, and easy handles that are used again.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
    fprintf(stderr, "curl_multi: %s\n", what);
    exit(1);
}

static void check(CURLMcode code)
{
    if (code != CURLM_OK)
        fail(curl_multi_strerror(code));
}

static size_t did_receive_data(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    *(long long *)context += (long long)(size * count);
    return size * count;
}

/* What one finished transfer must be; its counter begins anew. */
static void verify(const CURLMsg *message, long long bytes)
{
    long status = 0;
    char *received = NULL;
    if (message->data.result != CURLE_OK)
        fail(curl_easy_strerror(message->data.result));
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        fail("a status that is not 200");
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &received);
    if (*(long long *)received != bytes)
        fail("a body of the wrong length");
    *(long long *)received = 0;
}

int main(int count, char **arguments)
{
    if (count < 5)
        fail("URL BYTES REQUESTS IN_FLIGHT");
    long long bytes = atoll(arguments[2]), requests = atoll(arguments[3]);
    long in_flight = atol(arguments[4]);
    long long to_start = requests - in_flight, completed = 0;
    long long *received = calloc((size_t)in_flight, sizeof *received);
    CURL **transfers = calloc((size_t)in_flight, sizeof *transfers);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    if (!received || !transfers || !multi)
        fail("no memory");
    check(curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, in_flight));

    for (long started = 0; started < in_flight; started++) {
        CURL *transfer = transfers[started] = curl_easy_init();
        curl_easy_setopt(transfer, CURLOPT_URL, arguments[1]);
        curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, did_receive_data);
        curl_easy_setopt(transfer, CURLOPT_WRITEDATA, &received[started]);
        curl_easy_setopt(transfer, CURLOPT_PRIVATE, &received[started]);
        check(curl_multi_add_handle(multi, transfer));
    }
    while (completed < requests) {
        int running, queued, started = 0;
        CURLMsg *message;
        check(curl_multi_perform(multi, &running));
        while ((message = curl_multi_info_read(multi, &queued))) {
            CURL *transfer = message->easy_handle;
            verify(message, bytes);
            completed++;
            check(curl_multi_remove_handle(multi, transfer));
            if (to_start > 0) {
                to_start--;
                started = 1;
                check(curl_multi_add_handle(multi, transfer));
            }
        }
        /* What was just added is sent before waiting, which spares libcurl a poll. */
        if (!started && completed < requests)
            check(curl_multi_poll(multi, NULL, 0, 10000, NULL));
    }
    for (long each = 0; each < in_flight; each++) {
        curl_multi_remove_handle(multi, transfers[each]);
        curl_easy_cleanup(transfers[each]);
    }
    curl_multi_cleanup(multi);
    curl_global_cleanup();
    free(transfers);
    free(received);
    return 0;
}
