use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr;

use super::{
    UrlSession, UrlSessionBodyStreamCompletion, UrlSessionChallenge, UrlSessionChallengeCompletion, UrlSessionData,
    UrlSessionDownloadedFile, UrlSessionError, UrlSessionProgress, UrlSessionRedirectionCompletion, UrlSessionRequest,
    UrlSessionResponse, UrlSessionResponseCompletion, UrlSessionTask,
};

/// What a session tells and asks (Apple: URLSessionDelegate, URLSessionTaskDelegate, URLSessionDataDelegate,
/// URLSessionDownloadDelegate). Fill `size` with sizeof(UrlSessionDelegate) and leave what you do not implement NULL: a
/// NULL slot behaves as its comment says, or where that says nothing is passed over, and costs nothing. The struct is
/// copied. All a slot gets is lent until it returns. Slots stand in the order of the life cycle.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UrlSessionDelegate {
    /// sizeof(UrlSessionDelegate), as the application was compiled; slots past it count as NULL.
    pub size: usize,
    /// Given to every slot; may be NULL. Slots are called from library threads.
    pub context: *mut c_void,
    /// Called once, when no slot will be called any more: for a session's delegate after session_did_become_invalid
    /// has returned, for a task's own after its task_did_complete has. On a library thread. NULL: nothing is called.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// A task was made (Apple: urlSession:didCreateTask:). The only slot that is called inside a call of yours: on the
    /// thread that makes the task, before the function that makes it returns. The place for a description, a
    /// priority, a delegate of its own. Not sent to a task's own delegate, which comes later.
    pub did_create_task:
        Option<unsafe extern "C" fn(context: *mut c_void, session: *mut UrlSession, task: *mut UrlSessionTask)>,
    /// A connection is being made: whether to trust its server, SERVER_TRUST, once for every new TLS connection, also
    /// when its chain is good; or which certificate to show to a server that asks, CLIENT_CERTIFICATE (Apple:
    /// urlSession:didReceiveChallenge:completionHandler:). A proxy that speaks TLS asks too. Nothing of the request has
    /// been sent. Look at host and is_proxy before you show a certificate. A connection that one delegate was asked
    /// about serves no task of another's. Answer PERFORM_DEFAULT_HANDLING to methods you do not know: later versions
    /// ask about more. Meanwhile the timers for connecting and for the request run: where a person decides, allow more
    /// time, or leave this NULL and suspend the task in its own slot. NULL: task_did_receive_challenge is asked. Both
    /// NULL, or never answered: PERFORM_DEFAULT_HANDLING. Asked for tasks with a completion handler too. A task's own
    /// delegate is asked here first; one that has only the slot below is not, where the session's delegate has this
    /// one.
    pub session_did_receive_challenge: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            challenge: *mut UrlSessionChallenge,
            completion: *mut UrlSessionChallengeCompletion,
        ),
    >,
    /// A server or a proxy wants to know who asks, before its 401 or 407 becomes the response (Apple:
    /// urlSession:task:didReceiveChallenge:completionHandler:): HTTP_DIGEST, HTTP_BASIC and BEARER, in this order where
    /// several are offered. Where session_did_receive_challenge is NULL, what that is for comes here too, SERVER_TRUST
    /// with every https connection: look at the method first, and answer PERFORM_DEFAULT_HANDLING to what you do not
    /// know. Also asked when the request's own Authorization field was refused, which the answer replaces. A body that
    /// went out goes out again. Meanwhile the request timer runs, in front of a tunnel that for connecting too; for a
    /// person, suspend the task until the answer is there. Tasks that run side by side are each asked, until one
    /// credential FOR_SESSION was accepted; a task is asked at most 20 times in a row. NULL, or never answered:
    /// PERFORM_DEFAULT_HANDLING. Asked for tasks with a completion handler too.
    pub task_did_receive_challenge: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            challenge: *mut UrlSessionChallenge,
            completion: *mut UrlSessionChallengeCompletion,
        ),
    >,
    /// The server sends the task elsewhere (Apple: urlSession:task:willPerformHTTPRedirection:newRequest:
    /// completionHandler:), once for every hop and before any other slot hears of it. `request` is what would be sent:
    /// its method, body and fields are changed as the status asks and the new origin may see. Answer with it, with
    /// another, or with NULL: then this 3xx with its body is the result. Meanwhile the request timer runs. NULL, or
    /// never answered: it is followed. Not asked past the limit of redirects. Asked for tasks with a completion handler
    /// too.
    pub task_will_perform_http_redirection: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            response: *mut UrlSessionResponse,
            request: *mut UrlSessionRequest,
            completion: *mut UrlSessionRedirectionCompletion,
        ),
    >,
    /// An interim answer (Apple: urlSession:task:didReceiveInformationalResponse:; RFC 9110, 15.2): 102, 103 and other
    /// 1xx, as many as come, before the response. 100 is the library's, and 101 is none. NULL: they are passed over.
    pub task_did_receive_informational_response: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            response: *mut UrlSessionResponse,
        ),
    >,
    /// A download made from resume data goes on where it stopped (Apple:
    /// urlSession:downloadTask:didResumeAtOffset:expectedTotalBytes:): the first `offset` bytes are in its file
    /// already. `expected` is the length of the whole, -1 where nobody knows. Not called where the server has another
    /// version, or does not serve parts: then the download starts over.
    pub download_task_did_resume_at_offset: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            offset: i64,
            expected: i64,
        ),
    >,
    /// The head of the final response is here (Apple: urlSession:dataTask:didReceiveResponse:completionHandler:). No
    /// data comes before `completion` is answered; meanwhile the connection is not read and the request timer runs. For
    /// data and upload tasks; of multipart/x-mixed-replace also for every part, with the fields of the part. NULL, or
    /// never answered: ALLOW. Not called for tasks with a completion handler, who get such parts as one body, as it is.
    pub data_task_did_receive_response: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            response: *mut UrlSessionResponse,
            completion: *mut UrlSessionResponseCompletion,
        ),
    >,
    /// The gate was answered with BECOME_DOWNLOAD (Apple: urlSession:dataTask:didBecomeDownloadTask:). `download_task`
    /// runs already, under a number of its own and with the delegate that `task` had; bytes of the body that were read
    /// already are in its file. `task` is told nothing more, not even that it is complete. did_create_task is not
    /// called for `download_task`, which has the description and the priority of `task`. NULL: it goes on all the same.
    pub data_task_did_become_download_task: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            download_task: *mut UrlSessionTask,
        ),
    >,
    /// A stream is needed (Apple: urlSession:task:needNewBodyStream:, and with an offset its fromOffset variant): at
    /// the start of a streamed upload, and whenever its body has to go out again, because of a redirect with 307 or 308
    /// or because the connection was dead; for a stream that was set on a request, only where it cannot rewind.
    /// `offset`, 0 in this version, is where it is to stand. NULL, never answered, or answered with NULL: the task
    /// fails with REQUEST_BODY_STREAM_EXHAUSTED.
    pub task_need_new_body_stream: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            offset: i64,
            completion: *mut UrlSessionBodyStreamCompletion,
        ),
    >,
    /// Bytes of the request's body went out (Apple: urlSession:task:didSendBodyData:totalBytesSent:
    /// totalBytesExpectedToSend:): how many since this was told last, in all, and what the length is, -1 where nobody
    /// knows. At most ten times a second, and for the last bytes always. When the body goes out again, from 0 again.
    pub task_did_send_body_data: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            bytes: i64,
            total: i64,
            expected: i64,
        ),
    >,
    /// The next bytes of the body, decoded, in order, never none (Apple: urlSession:dataTask:didReceiveData:). They
    /// are lent; `data` holds the same bytes and may be retained, which copies nothing. While a slot is slow the
    /// connection is not read. NULL: the bytes are counted and dropped. Not called for tasks with a completion handler.
    pub data_task_did_receive_data: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            bytes: *const u8,
            length: usize,
            data: *mut UrlSessionData,
        ),
    >,
    /// Bytes of a download were written to its file (Apple: urlSession:downloadTask:didWriteData:totalBytesWritten:
    /// totalBytesExpectedToWrite:): how many since this was told last, in all, and how many there will be. `expected`
    /// is -1 where nobody knows, for a body without a length or a compressed one: do not divide by it. At most ten
    /// times a second, and for the last bytes always. After download_task_did_resume_at_offset, once with 0 bytes and
    /// its offset. When a download starts over, from 0 again. Not called for tasks with a completion handler.
    pub download_task_did_write_data: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            bytes: i64,
            total: i64,
            expected: i64,
        ),
    >,
    /// How far any task is, in whatever direction (Apple: the NSProgress of a task). At most ten times a second, and
    /// once when all has moved. `progress` is lent.
    pub task_did_update_progress: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            progress: *const UrlSessionProgress,
        ),
    >,
    /// A download is whole, whatever its status code, and its file is closed (Apple:
    /// urlSession:downloadTask:didFinishDownloadingToURL:). The file at `path` is removed when the slot has returned:
    /// move it with url_session_downloaded_file_move_to, or retain `file`. Complete follows, without an error. NULL, as
    /// after a failure: the file is removed. Not called for tasks with a completion handler.
    pub download_task_did_finish_downloading: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            path: *const c_char,
            file: *mut UrlSessionDownloadedFile,
        ),
    >,
    /// The last message of a task, once for every task that was resumed or cancelled (Apple:
    /// urlSession:task:didCompleteWithError:). `error` is NULL where a whole response came, whatever its status code. A
    /// download that can go on has resume data in its error, and its temporary file stays in the download directory for
    /// them: whoever does not go on gives it up with url_session_discard_resume_data. The task's state is COMPLETED by
    /// now. Not called for tasks with a completion handler.
    pub task_did_complete: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            error: *mut UrlSessionError,
        ),
    >,
    /// The last message of a session, once, after the last of every task (Apple:
    /// urlSession:didBecomeInvalidWithError:). `error` is NULL where the application asked for it, as it is in this
    /// version always.
    pub session_did_become_invalid:
        Option<unsafe extern "C" fn(context: *mut c_void, session: *mut UrlSession, error: *mut UrlSessionError)>,
}

pub(super) const NO_DELEGATE: UrlSessionDelegate = UrlSessionDelegate {
    size: size_of::<UrlSessionDelegate>(),
    context: ptr::null_mut(),
    release: None,
    did_create_task: None,
    session_did_receive_challenge: None,
    task_did_receive_challenge: None,
    task_will_perform_http_redirection: None,
    task_did_receive_informational_response: None,
    download_task_did_resume_at_offset: None,
    data_task_did_receive_response: None,
    data_task_did_become_download_task: None,
    task_need_new_body_stream: None,
    task_did_send_body_data: None,
    data_task_did_receive_data: None,
    download_task_did_write_data: None,
    task_did_update_progress: None,
    download_task_did_finish_downloading: None,
    task_did_complete: None,
    session_did_become_invalid: None,
};
