/* What the programs on liburlsession begin with. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "urlsession.h"

static inline void fail(const char *what)
{
    fprintf(stderr, "ours: %s\n", what);
    exit(1);
}

static inline void check(UrlSessionStatus status)
{
    if (status != URL_SESSION_STATUS_OK)
        fail(url_session_status_message(status));
}

/* Posted by session_did_become_invalid. */
static inline void wait_for(sem_t *invalid)
{
    while (sem_wait(invalid) != 0)
        ;
}

/* Adds the certificates of a PEM file; none for "-". */
static inline void trust(UrlSessionConfiguration *configuration, const char *path)
{
    static uint8_t pem[65536];
    if (path[0] == '-')
        return;
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("no CA file");
    size_t length = fread(pem, 1, sizeof pem, file);
    fclose(file);
    check(url_session_configuration_add_trusted_certificates(configuration, pem, length));
}
