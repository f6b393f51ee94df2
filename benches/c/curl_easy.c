/*
 * One GET on libcurl's easy interface with its largest buffer, counted and checked: curl_easy URL BYTES [CA-FILE|-]
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
    fprintf(stderr, "curl_easy: %s\n", what);
    exit(1);
}

static size_t did_receive_data(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    *(long long *)context += (long long)(size * count);
    return size * count;
}

int main(int count, char **arguments)
{
    long long received = 0;
    long status = 0;
    if (count < 3)
        fail("URL BYTES [CA-FILE|-]");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *transfer = curl_easy_init();
    curl_easy_setopt(transfer, CURLOPT_URL, arguments[1]);
    curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer, CURLOPT_BUFFERSIZE, (long)CURL_MAX_READ_SIZE);
    curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, did_receive_data);
    curl_easy_setopt(transfer, CURLOPT_WRITEDATA, &received);
    if (count > 3 && arguments[3][0] != '-')
        curl_easy_setopt(transfer, CURLOPT_CAINFO, arguments[3]);
    CURLcode code = curl_easy_perform(transfer);
    if (code != CURLE_OK)
        fail(curl_easy_strerror(code));
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        fail("a status that is not 200");
    if (received != atoll(arguments[2]))
        fail("a body of the wrong length");
    curl_easy_cleanup(transfer);
    curl_global_cleanup();
    return 0;
}
