//! The functions behind the recorder's delegate: what C calls.

use std::ffi::c_void;
use std::ptr;

use urlsession::*;

use super::handle::{Completion, Data, Error, Request, Response};
use super::moment::{Message, Moment};
use super::recorder::{Answer, Record, Recorder};
use super::redirection::{Direction, Hop, RedirectionCompletion};
use super::transcript::shown;

pub(super) fn record(context: *mut c_void) -> &'static Record {
    // SAFETY: the context is the record that `delegate` put there, which is never freed.
    unsafe { &*context.cast::<Record>() }
}

pub(super) unsafe extern "C" fn release(context: *mut c_void) {
    let record = record(context);
    record.add(None, "release".to_owned());
    record.inside(&Moment::of_session(Message::Release, ptr::null_mut()));
}

pub(super) unsafe extern "C" fn did_create_task(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
) {
    let (record, number) = (record(context), url_session_task_identifier(task));
    record.add(Some(number), format!("did_create_task {number}"));
    record.inside(&Moment::of_task(Message::DidCreateTask, session, task));
}

pub(super) unsafe extern "C" fn will_perform_redirection(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    response: *mut UrlSessionResponse,
    request: *mut UrlSessionRequest,
    completion: *mut UrlSessionRedirectionCompletion,
) {
    let record = record(context);
    let _turn = record.turn();
    let hop = Hop {
        response: Response::retain(response),
        request: Request::retain(request),
        completion: RedirectionCompletion::retain(completion),
    };
    let (number, status) = (url_session_task_identifier(task), hop.response.status_code());
    let (url, method) = (hop.request.url(), hop.request.http_method());
    record.add(Some(number), format!("will_perform_redirection {number} {status} {url} {method}"));
    record.inside(&Moment { response, ..Moment::of_task(Message::WillPerformRedirection, session, task) });
    let Some(lead) = record.lead.get() else { return };
    let status = match lead(&hop) {
        Direction::Follow => hop.follow(),
        Direction::To(another) => hop.answer(&another),
        Direction::Stay => hop.stay(),
        Direction::Nothing => return,
        Direction::Later => {
            record.hops.lock().unwrap().push_back(hop);
            record.changed.notify_all();
            return;
        }
    };
    if status != UrlSessionStatus::OK {
        record.add(Some(number), format!("the answer to the redirect says {}", status.0));
    }
}

pub(super) unsafe extern "C" fn did_receive_response(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    response: *mut UrlSessionResponse,
    completion: *mut UrlSessionResponseCompletion,
) {
    let record = record(context);
    let _turn = record.turn();
    let (number, status) = (url_session_task_identifier(task), url_session_response_status_code(response));
    record.add(Some(number), format!("did_receive_response {number} {status}"));
    record.inside(&Moment { response, completion, ..Moment::of_task(Message::DidReceiveResponse, session, task) });
    let disposition = match *record.answer.lock().unwrap() {
        Answer::Allow => UrlSessionResponseDisposition::ALLOW,
        Answer::Cancel => UrlSessionResponseDisposition::CANCEL,
        Answer::BecomeDownload => UrlSessionResponseDisposition::BECOME_DOWNLOAD,
        Answer::Nothing => return,
        Answer::Later => {
            record.questions.lock().unwrap().push_back(Completion::retain(completion));
            record.changed.notify_all();
            return;
        }
    };
    url_session_response_completion_answer(completion, disposition);
}

pub(super) unsafe extern "C" fn did_receive_data(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    bytes: *const u8,
    length: usize,
    data: *mut UrlSessionData,
) {
    let record = record(context);
    let _turn = record.turn();
    let number = url_session_task_identifier(task);
    if length == 0 || bytes != url_session_data_bytes(data) || length != url_session_data_length(data) {
        record.add(Some(number), "data that are none, or not those of the object".to_owned());
        return;
    }
    // SAFETY: the library lends this many bytes until the slot returns.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    record.change(|transcript| transcript.add_data(number, bytes));
    record.inside(&Moment::of_task(Message::DidReceiveData, session, task));
}

pub(super) unsafe extern "C" fn did_complete(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    error: *mut UrlSessionError,
) {
    let record = record(context);
    let _turn = record.turn();
    let number = url_session_task_identifier(task);
    let mut line = format!("did_complete {number} {}", outcome(error));
    if url_session_task_state(task) != UrlSessionTaskState::COMPLETED {
        line += ", but its state is another";
    }
    let own = Error::adopt(url_session_task_copy_error(task));
    let same = match &own {
        Some(own) => url_session_error_is_equal(own.get(), error),
        None => error.is_null(),
    };
    if !same {
        line += ", but its error is another";
    }
    record.add(Some(number), line);
    record.inside(&Moment::of_task(Message::DidComplete, session, task));
}

pub(super) unsafe extern "C" fn did_become_invalid(
    context: *mut c_void,
    session: *mut UrlSession,
    error: *mut UrlSessionError,
) {
    let record = record(context);
    let _turn = record.turn();
    let line =
        if error.is_null() { "did_become_invalid".to_owned() } else { "did_become_invalid with an error".into() };
    record.add(None, line);
    record.inside(&Moment::of_session(Message::DidBecomeInvalid, session));
}

/// `ok`, or the error's code and the timer that made it.
pub(super) fn outcome(error: *mut UrlSessionError) -> String {
    if error.is_null() {
        return "ok".to_owned();
    }
    let timer = match url_session_error_timeout(error) {
        UrlSessionTimeout::NONE => "",
        UrlSessionTimeout::CONNECT => " connect",
        UrlSessionTimeout::REQUEST => " request",
        UrlSessionTimeout::RESOURCE => " resource",
        _ => " unknown timer",
    };
    format!("{}{timer}", url_session_error_code(error))
}

pub(super) unsafe extern "C" fn handler(
    context: *mut c_void,
    data: *mut UrlSessionData,
    response: *mut UrlSessionResponse,
    error: *mut UrlSessionError,
) {
    // SAFETY: the context is the pair that `handler_task` put there, which is never freed.
    let (recorder, label) = unsafe { &*context.cast::<(Recorder, &'static str)>() };
    let _turn = recorder.0.turn();
    let status = (!response.is_null()).then(|| Response::retain(response).status_code());
    let status = status.map_or("-".to_owned(), |status| status.to_string());
    let outcome = match (data.is_null(), error.is_null()) {
        (false, true) => shown(&Data::retain(data).bytes()),
        (true, false) => outcome(error),
        (false, false) => "both data and an error".to_owned(),
        (true, true) => "neither data nor an error".to_owned(),
    };
    recorder.0.add(None, format!("handler {label} {status} {outcome}"));
}

pub(super) unsafe extern "C" fn all_tasks(context: *mut c_void, tasks: *const *mut UrlSessionTask, count: usize) {
    let record = record(context);
    let _turn = record.turn();
    let identifier = |index| {
        // SAFETY: the library lends `count` handles until the function returns.
        let task = unsafe { *tasks.add(index) };
        format!(" {}", url_session_task_identifier(task))
    };
    record.add(None, format!("all_tasks{}", (0..count).map(identifier).collect::<String>()));
}
