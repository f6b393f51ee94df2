/* One object of every kind, kept from earlier tasks, for the getters. */
#ifndef KEPT_H
#define KEPT_H

#include "run.h"

static UrlSessionResponse *response;
static UrlSessionResponseCompletion *completion;
static UrlSessionRedirectionCompletion *redirection;
static UrlSessionData *data;
static UrlSessionError *error;
static UrlSessionBodyStreamCompletion *stream_completion;
static UrlSessionReadCompletion *read_completion;
static UrlSessionDownloadedFile *file;

static void keep_redirection(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head,
                             UrlSessionRequest *next, UrlSessionRedirectionCompletion *question)
{
    redirection = url_session_redirection_completion_retain(question);
    CHECK(url_session_redirection_completion_answer(question, next) == OK);
}

static void keep_response(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionResponse *head,
                          UrlSessionResponseCompletion *question)
{
    if (response == NULL) {
        response = url_session_response_retain(head);
        completion = url_session_response_completion_retain(question);
    }
    CHECK(url_session_response_completion_answer(question, URL_SESSION_RESPONSE_DISPOSITION_ALLOW) == OK);
}

static void keep_data(void *context, UrlSession *session, UrlSessionTask *task, const uint8_t *bytes, size_t length,
                      UrlSessionData *chunk)
{
    if (data == NULL)
        data = url_session_data_retain(chunk);
}

static void keep_read(void *context, uint8_t *buffer, size_t capacity, UrlSessionReadCompletion *question)
{
    read_completion = url_session_read_completion_retain(question);
    CHECK(url_session_read_completion_answer(question, 0) == OK);
}

static void keep_stream(void *context, UrlSession *session, UrlSessionTask *task, int64_t offset,
                        UrlSessionBodyStreamCompletion *question)
{
    UrlSessionBodySource source = {.size = sizeof source, .read = keep_read};
    UrlSessionBodyStream *stream;
    stream_completion = url_session_body_stream_completion_retain(question);
    CHECK(url_session_body_stream_new(&source, &stream) == OK);
    CHECK(url_session_body_stream_completion_answer(question, stream) == OK);
    url_session_body_stream_release(stream);
}

static void keep_file(void *context, UrlSession *session, UrlSessionTask *task, const char *path,
                      UrlSessionDownloadedFile *whole)
{
    file = url_session_downloaded_file_retain(whole);
}

static void keep_error(void *context, UrlSession *session, UrlSessionTask *task, UrlSessionError *why)
{
    if (why != NULL)
        error = url_session_error_retain(why);
}

static void did_keep(void *waiter)
{
    happened(waiter);
}

/* One task after the other, so that what is kept is that of the first. */
static void keep_objects(const char *base)
{
    Waiter kept = WAITER;
    UrlSessionDelegate delegate = {
        .size = sizeof delegate,
        .context = &kept,
        .release = did_keep,
        .task_will_perform_http_redirection = keep_redirection,
        .data_task_did_receive_response = keep_response,
        .task_need_new_body_stream = keep_stream,
        .data_task_did_receive_data = keep_data,
        .download_task_did_finish_downloading = keep_file,
        .task_did_complete = keep_error,
    };
    UrlSession *session;
    UrlSessionTask *task;
    UrlSessionRequest *request;
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    UrlSessionStatus status = url_session_data_task_with_url(session, url(base, "/redirect/0"), &task);
    end(status, task, url_session_task_resume);
    status = url_session_data_task_with_url(session, "http://", &task);
    end(status, task, url_session_task_resume);
    status = url_session_download_task_with_url(session, url(base, "/hello"), &task);
    end(status, task, url_session_task_resume);
    url_session_release(session);
    CHECK(reached(&kept, 1));
    CHECK(url_session_new(NULL, &delegate, &session) == OK);
    CHECK(url_session_request_new(url(base, "/hello"), &request) == OK);
    CHECK(url_session_request_set_http_method(request, "POST") == OK);
    status = url_session_upload_task_with_streamed_request(session, request, &task);
    end(status, task, url_session_task_resume);
    url_session_request_release(request);
    url_session_release(session);
    CHECK(reached(&kept, 2));
}

static void release_objects(void)
{
    url_session_response_release(response);
    url_session_response_completion_release(completion);
    url_session_redirection_completion_release(redirection);
    url_session_data_release(data);
    url_session_error_release(error);
    url_session_body_stream_completion_release(stream_completion);
    url_session_read_completion_release(read_completion);
    url_session_downloaded_file_release(file);
}

#endif
