/*
 * One GET on libcurl's easy interface into a file, as `curl -o` does it: curl_download URL BYTES TARGET [CA-FILE|-]
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
    fprintf(stderr, "curl_download: %s\n", what);
    exit(1);
}

int main(int count, char **arguments)
{
    curl_off_t received = 0;
    long status = 0;
    if (count < 4)
        fail("URL BYTES TARGET [CA-FILE|-]");
    FILE *file = fopen(arguments[3], "wb");
    if (!file)
        fail("no file");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *transfer = curl_easy_init();
    curl_easy_setopt(transfer, CURLOPT_URL, arguments[1]);
    curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer, CURLOPT_BUFFERSIZE, (long)CURL_MAX_READ_SIZE);
    curl_easy_setopt(transfer, CURLOPT_WRITEDATA, file);
    if (count > 4 && arguments[4][0] != '-')
        curl_easy_setopt(transfer, CURLOPT_CAINFO, arguments[4]);
    CURLcode code = curl_easy_perform(transfer);
    if (code != CURLE_OK)
        fail(curl_easy_strerror(code));
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        fail("a status that is not 200");
    curl_easy_getinfo(transfer, CURLINFO_SIZE_DOWNLOAD_T, &received);
    if (fclose(file) != 0 || received != atoll(arguments[2]))
        fail("a file of the wrong length");
    curl_easy_cleanup(transfer);
    curl_global_cleanup();
    return 0;
}
