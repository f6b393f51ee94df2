//! What became known of a task on its way.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use super::ResumeDataHandler;
use crate::error::Error;
use crate::message::{Request, Response, Text};

#[derive(Default)]
pub(super) struct Known {
    pub(super) current_request: Option<Arc<Request>>,
    pub(super) response: Option<Arc<Response>>,
    /// Those that sent it on, the oldest first.
    pub(super) history: Vec<Arc<Response>>,
    /// Where the response leads, which the task did not follow.
    pub(super) next_request: Option<Arc<Request>>,
    pub(super) error: Option<Arc<Error>>,
    pub(super) description: Option<Text>,
    pub(super) is_at_fault: bool,
    /// Where a finished download goes.
    pub(super) destination: Option<PathBuf>,
    /// Who cancelled a download in order to go on with it.
    pub(super) resume_data_handlers: Vec<ResumeDataHandler>,
    /// What must live until the last message was told.
    pub(super) kept: Option<Box<dyn Any + Send + Sync>>,
}

impl Known {
    pub(super) fn interruption(&self) -> Error {
        match self.is_at_fault {
            true => Error::fault(),
            false => Error::cancelled(),
        }
    }

    /// Of a task that another becomes.
    pub(super) fn heir(&self) -> Self {
        Self {
            current_request: self.current_request.clone(),
            response: self.response.clone(),
            history: self.history.clone(),
            next_request: self.next_request.clone(),
            description: self.description.clone(),
            ..Self::default()
        }
    }
}
