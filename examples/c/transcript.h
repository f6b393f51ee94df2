/* What the programs of `make demo` print: every call that they make, and every slot that is called. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <urlsession.h>

void begin_transcript(const char *title);

/* The program's exit status: 0 where every task ended as it should. */
int end_transcript(void);

void heading(const char *text);

/* Milliseconds since the start, who calls whom ("call" or "slot"), and what. */
void line(const char *who, const char *format, ...);

/* What belongs to the line above, indented. */
void detail(const char *format, ...);

/* Says that something is not as it should be. */
void surprise(const char *format, ...);

void print_response(const UrlSessionResponse *response);
void print_error(const char *what, const UrlSessionError *error);
void print_challenge(const UrlSessionChallenge *challenge);
const char *state(const UrlSessionTask *task);

/* Ends the program with 1 where a call was wrong. */
void check(UrlSessionStatus status);

/* A task that has ended is to have this error, 0 for none. */
void expect(const UrlSessionTask *task, UrlSessionErrorCode code);

/* Lent until the next call. */
const char *at(const char *base, const char *path);

/* An ephemeral one that trusts the authority in this PEM file; NULL: in whom the system trusts. */
UrlSessionConfiguration *make_configuration(const char *authority);

#endif
