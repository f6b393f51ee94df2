//! The functions behind the recorder's delegate that tell of downloads and uploads: what C calls.

use std::ffi::{c_char, c_void};
use std::{fs, ptr};

use urlsession::*;

use super::handle::{Data, Response, text};
use super::moment::{Message, Moment};
use super::recorder::{Recorder, Supplied};
use super::slots::{outcome, record};
use super::transcript::{Sum, shown};
use super::upload::StreamCompletion;

pub(super) unsafe extern "C" fn did_receive_informational_response(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    response: *mut UrlSessionResponse,
) {
    let record = record(context);
    let _turn = record.turn();
    let (number, status) = (url_session_task_identifier(task), url_session_response_status_code(response));
    record.add(Some(number), format!("did_receive_informational_response {number} {status}"));
    let moment = Moment::of_task(Message::DidReceiveInformationalResponse, session, task);
    record.inside(&Moment { response, ..moment });
}

pub(super) unsafe extern "C" fn did_resume_at_offset(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    offset: i64,
    expected: i64,
) {
    let record = record(context);
    let _turn = record.turn();
    let number = url_session_task_identifier(task);
    record.add(Some(number), format!("did_resume_at_offset {number} {offset} {expected}"));
    record.inside(&Moment::of_task(Message::DidResumeAtOffset, session, task));
}

pub(super) unsafe extern "C" fn did_become_download_task(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    download_task: *mut UrlSessionTask,
) {
    let record = record(context);
    let _turn = record.turn();
    let (number, new) = (url_session_task_identifier(task), url_session_task_identifier(download_task));
    record.add(Some(number), format!("did_become_download_task {number} {new}"));
    let moment = Moment::of_task(Message::DidBecomeDownloadTask, session, task);
    record.inside(&Moment { download_task, ..moment });
}

pub(super) unsafe extern "C" fn need_new_body_stream(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    offset: i64,
    completion: *mut UrlSessionBodyStreamCompletion,
) {
    let record = record(context);
    let _turn = record.turn();
    let number = url_session_task_identifier(task);
    record.add(Some(number), format!("need_new_body_stream {number} {offset}"));
    record.inside(&Moment::of_task(Message::NeedNewBodyStream, session, task));
    let Some(supply) = record.supply.get() else { return };
    let stream = match supply(offset) {
        Supplied::Stream(stream) => Some(stream),
        Supplied::Null => None,
        Supplied::Nothing => return,
        Supplied::Later => {
            record.stream_questions.lock().unwrap().push_back(StreamCompletion::retain(completion));
            record.changed.notify_all();
            return;
        }
    };
    let stream = stream.as_ref().map_or(ptr::null_mut(), |stream| stream.get());
    url_session_body_stream_completion_answer(completion, stream);
}

pub(super) unsafe extern "C" fn did_send_body_data(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    bytes: i64,
    total: i64,
    expected: i64,
) {
    let record = record(context);
    let _turn = record.turn();
    let (number, sum) = (url_session_task_identifier(task), Sum { slot: "did_send_body_data", total, expected });
    record.change(|transcript| transcript.add_sum(number, bytes, sum));
    record.inside(&Moment::of_task(Message::DidSendBodyData, session, task));
}

pub(super) unsafe extern "C" fn did_write_data(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    bytes: i64,
    total: i64,
    expected: i64,
) {
    let record = record(context);
    let _turn = record.turn();
    let (number, sum) = (url_session_task_identifier(task), Sum { slot: "did_write_data", total, expected });
    record.change(|transcript| transcript.add_sum(number, bytes, sum));
    record.inside(&Moment::of_task(Message::DidWriteData, session, task));
}

/// Writes no line: what it says of bytes the other slots say too. The test looks at it from inside.
pub(super) unsafe extern "C" fn did_update_progress(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    progress: *const UrlSessionProgress,
) {
    let record = record(context);
    let _turn = record.turn();
    let moment = Moment::of_task(Message::DidUpdateProgress, session, task);
    record.inside(&Moment { progress, ..moment });
}

pub(super) unsafe extern "C" fn did_finish_downloading(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    path: *const c_char,
    file: *mut UrlSessionDownloadedFile,
) {
    let record = record(context);
    let _turn = record.turn();
    let number = url_session_task_identifier(task);
    match content_at(path, file) {
        Ok(bytes) => record.change(|transcript| transcript.add_file(number, bytes)),
        Err(fault) => record.add(Some(number), format!("did_finish_downloading {number}, but {fault}")),
    }
    let moment = Moment::of_task(Message::DidFinishDownloading, session, task);
    record.inside(&Moment { file, ..moment });
}

/// The bytes of a downloaded file, or what is wrong with it.
fn content_at(path: *const c_char, file: *mut UrlSessionDownloadedFile) -> Result<Vec<u8>, String> {
    let path = text(path).ok_or("there is no path")?;
    if text(url_session_downloaded_file_path(file)).as_ref() != Some(&path) {
        return Err(format!("{path} is not the path of its file"));
    }
    fs::read(&path).map_err(|error| format!("{path} cannot be read: {error}"))
}

pub(super) unsafe extern "C" fn download_handler(
    context: *mut c_void,
    file: *mut UrlSessionDownloadedFile,
    response: *mut UrlSessionResponse,
    error: *mut UrlSessionError,
) {
    // SAFETY: the context is the pair that `download_handler_task` put there, which is never freed.
    let (recorder, label) = unsafe { &*context.cast::<(Recorder, &'static str)>() };
    let _turn = recorder.0.turn();
    let status = (!response.is_null()).then(|| Response::retain(response).status_code());
    let status = status.map_or("-".to_owned(), |status| status.to_string());
    let outcome = match (file.is_null(), error.is_null()) {
        (false, true) => match content_at(url_session_downloaded_file_path(file), file) {
            Ok(bytes) => shown(&bytes),
            Err(fault) => fault,
        },
        (true, false) => outcome(error),
        (false, false) => "both a file and an error".to_owned(),
        (true, true) => "neither a file nor an error".to_owned(),
    };
    recorder.0.add(None, format!("handler {label} {status} {outcome}"));
    let moment = Moment::of_session(Message::DownloadHandler, ptr::null_mut());
    recorder.0.inside(&Moment { response, file, ..moment });
}

pub(super) unsafe extern "C" fn resume_data(context: *mut c_void, resume_data: *mut UrlSessionData) {
    // SAFETY: the context is the pair that `pause` put there, which is never freed.
    let (recorder, task) = unsafe { &*context.cast::<(Recorder, u64)>() };
    let _turn = recorder.0.turn();
    let bytes = (!resume_data.is_null()).then(|| Data::retain(resume_data).bytes());
    let line = if bytes.is_some() { "resume_data" } else { "no_resume_data" };
    recorder.0.resume_data.lock().unwrap().insert(*task, bytes);
    recorder.0.add(Some(*task), format!("{line} {task}"));
}
