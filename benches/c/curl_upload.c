/*
 * One PUT on libcurl's easy interface with its largest buffer: curl_upload URL BYTES FILE, from a FILE *;
 * curl_upload URL BYTES length|chunked, from a function that copies its bytes out of memory, of known or unknown length.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char block[1 << 20];

static void fail(const char *what)
{
    fprintf(stderr, "curl_upload: %s\n", what);
    exit(1);
}

static size_t read_body(char *buffer, size_t size, size_t count, void *context)
{
    curl_off_t *left = context;
    size_t length = size * count < sizeof block ? size * count : sizeof block;
    if ((curl_off_t)length > *left)
        length = (size_t)*left;
    memcpy(buffer, block, length);
    *left -= (curl_off_t)length;
    return length;
}

int main(int count, char **arguments)
{
    long status = 0;
    if (count != 4)
        fail("URL BYTES FILE|length|chunked");
    curl_off_t bytes = atoll(arguments[2]), left = bytes, sent = 0;
    int chunked = strcmp(arguments[3], "chunked") == 0;
    FILE *file = NULL;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *transfer = curl_easy_init();
    curl_easy_setopt(transfer, CURLOPT_URL, arguments[1]);
    curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(transfer, CURLOPT_UPLOAD_BUFFERSIZE, 2L << 20);
    if (!chunked)
        curl_easy_setopt(transfer, CURLOPT_INFILESIZE_LARGE, bytes);
    if (chunked || strcmp(arguments[3], "length") == 0) {
        curl_easy_setopt(transfer, CURLOPT_READFUNCTION, read_body);
        curl_easy_setopt(transfer, CURLOPT_READDATA, &left);
    } else {
        file = fopen(arguments[3], "rb");
        if (!file)
            fail("no file");
        curl_easy_setopt(transfer, CURLOPT_READDATA, file);
    }
    /* Without `Expect: 100-continue`, which ours does not send either. */
    struct curl_slist *fields = curl_slist_append(NULL, "Expect:");
    curl_easy_setopt(transfer, CURLOPT_HTTPHEADER, fields);
    CURLcode code = curl_easy_perform(transfer);
    if (code != CURLE_OK)
        fail(curl_easy_strerror(code));
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    if (status != 201)
        fail("a status that is not 201");
    curl_easy_getinfo(transfer, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent < bytes)
        fail("a body of the wrong length");
    if (file)
        fclose(file);
    curl_slist_free_all(fields);
    curl_easy_cleanup(transfer);
    curl_global_cleanup();
    return 0;
}
