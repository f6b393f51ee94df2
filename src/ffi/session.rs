use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::convert::{boundary, checked, copied, give, optional_text};
use super::custody;
use super::delegate_table::DelegateTable;
use super::handle::{self, Builder, Context, Handle, Loan, borrow};
use super::{
    UrlSessionConfiguration, UrlSessionData, UrlSessionDelegate, UrlSessionStatus, UrlSessionTask, configuration,
    refused,
};
use crate::delegate::Delegate;
use crate::identity::Identity;
use crate::message::Request;
use crate::session::{Configuration, Engine, Session};
use crate::task::{Kind, Task};

/// Makes tasks and tells its delegate about them (Apple: URLSession). Any thread, any time.
pub struct UrlSession(());

impl Handle for Session {
    type C = UrlSession;

    fn identity(&self) -> Identity {
        self.identity
    }

    fn let_go(this: &Arc<Self>) {
        custody::let_go_of_session(this);
    }
}

/// A session, in `*session`; one reference is yours. NULL as configuration means the default one, NULL as delegate
/// the library's own behaviour throughout: then results reach you through completion handlers only. Both are copied.
/// When you release the last reference without having invalidated the session, its tasks finish and it invalidates
/// itself. OUT_OF_RESOURCES: no thread for the network. INVALID_ARGUMENT: the delegate's size cannot be right.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_new(
    configuration: *const UrlSessionConfiguration,
    delegate: *const UrlSessionDelegate,
    session: *mut *mut UrlSession,
) -> UrlSessionStatus {
    give(session, || {
        let configuration = match configuration.is_null() {
            true => Configuration::new_default(),
            false => configuration::snapshot(configuration)?,
        };
        let engine = Engine::running().map_err(refused)?;
        let session = Session::new(engine, configuration, DelegateTable::copy(delegate)?, keep);
        session.keep(Box::new(Loan::new(&session).keep()));
        Ok(session)
    })
}

/// The session of the process, made when first asked for: default configuration, no delegate, cannot be invalidated
/// (Apple: URLSession.shared). Lent for as long as the process lives; NULL where the system gave no thread.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_shared() -> *mut UrlSession {
    boundary(|| {
        let lend = |session: &Arc<Session>| session.keep(Box::new(Loan::new(session).keep()));
        let session = Session::shared(keep, lend).map_err(refused)?;
        Ok(handle::pointer(session.identity))
    })
}

/// Takes one more reference; gives back `session`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_retain(session: *mut UrlSession) -> *mut UrlSession {
    boundary(|| Ok(handle::retain::<Session>(session)))
}

/// Gives one reference back; NULL does nothing. With the last one a session that was not invalidated does what
/// url_session_finish_tasks_and_invalidate does, and tasks that nobody can resume any more are cancelled.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_release(session: *mut UrlSession) {
    boundary(|| Ok(handle::release::<Session>(session)))
}

/// A copy of the configuration the session was made with; one reference is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_copy_configuration(session: *const UrlSession) -> *mut UrlSessionConfiguration {
    copied(|| Ok(Some(Builder::new(borrow::<Session>(session)?.configuration().clone()))))
}

/// A text of yours, for logs and debuggers (Apple: sessionDescription); copied. NULL takes it away.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_set_description(
    session: *mut UrlSession,
    description: *const c_char,
) -> UrlSessionStatus {
    checked(|| Ok(borrow::<Session>(session)?.set_description(optional_text(description)?)))
}

/// The text above; one reference is yours. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_copy_description(session: *const UrlSession) -> *mut UrlSessionData {
    copied(|| Ok(borrow::<Session>(session)?.description()))
}

/// Called once with all tasks of a session that have not completed, suspended ones included, in the order they were
/// made. Lent until it returns.
pub type UrlSessionAllTasksHandler =
    Option<unsafe extern "C" fn(context: *mut c_void, tasks: *const *mut UrlSessionTask, count: usize)>;

/// Lists the tasks of the session, later and where its slots are called (Apple: getAllTasksWithCompletionHandler:).
/// Also answers, with none, once the session is invalid.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_get_all_tasks(
    session: *mut UrlSession,
    handler: UrlSessionAllTasksHandler,
    context: *mut c_void,
) -> UrlSessionStatus {
    checked(|| {
        let session = borrow::<Session>(session)?;
        let handler = handler.ok_or(UrlSessionStatus::NULL_ARGUMENT)?;
        let context = Context(context);
        session.all_tasks(move |tasks| {
            let context = context;
            let loans: Vec<_> = tasks.iter().map(Loan::new).collect();
            let handles: Vec<_> = loans.iter().map(Loan::handle).collect();
            // SAFETY: the application's function, called as the header says.
            unsafe { handler(context.0, handles.as_ptr(), handles.len()) };
        });
        Ok(())
    })
}

/// No new tasks; those there are go on to their end, then the session becomes invalid. A suspended task keeps it
/// waiting until it is resumed or cancelled. Returns at once; again, or for the shared session: does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_finish_tasks_and_invalidate(session: *mut UrlSession) -> UrlSessionStatus {
    checked(|| Ok(borrow::<Session>(session)?.finish_tasks_and_invalidate()))
}

/// No new tasks; those there are are cancelled, each is told so, then the session becomes invalid. Returns at once;
/// also after url_session_finish_tasks_and_invalidate; for the shared session: does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_invalidate_and_cancel(session: *mut UrlSession) -> UrlSessionStatus {
    checked(|| Ok(borrow::<Session>(session)?.invalidate_and_cancel()))
}

/// A task has its handle until its last message was told, whoever holds it.
fn keep(task: &Arc<Task>) {
    task.keep(Box::new(Loan::new(task).keep()));
}

/// What all functions that make tasks have in common.
pub(super) fn make_task(
    session: *mut UrlSession,
    out: *mut *mut UrlSessionTask,
    what: impl FnOnce() -> Result<(Kind, Request, Option<Arc<dyn Delegate>>), UrlSessionStatus>,
) -> UrlSessionStatus {
    give(out, || {
        let session = borrow::<Session>(session)?;
        let (kind, request, handler) = what()?;
        session.make_task(kind, request, handler).map_err(refused)
    })
}
