//! A download with a completion handler is a download with a delegate that keeps the file and calls once.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Delegate, Moved, Slot};
use crate::error::Error;
use crate::file::DownloadedFile;
use crate::message::Response;
use crate::task::Task;

pub(crate) type DownloadHandler =
    Box<dyn FnOnce(Option<&Arc<DownloadedFile>>, Option<&Arc<Response>>, Option<&Arc<Error>>) + Send>;

pub(crate) struct DownloadHandlerDelegate {
    handler: Mutex<Option<DownloadHandler>>,
    file: Mutex<Option<Arc<DownloadedFile>>>,
}

impl DownloadHandlerDelegate {
    pub(crate) fn new(handler: DownloadHandler) -> Arc<Self> {
        Arc::new(Self { handler: Mutex::new(Some(handler)), file: Mutex::new(None) })
    }
}

impl Delegate for DownloadHandlerDelegate {
    fn implements(&self, slot: Slot) -> bool {
        matches!(slot, Slot::DidWriteData | Slot::DidFinishDownloading | Slot::DidComplete)
    }

    fn is_inline(&self, slot: Slot) -> bool {
        slot != Slot::DidComplete
    }

    /// Row A036: write progress is not told for such a task.
    fn did_write_data(&self, _task: &Arc<Task>, _moved: Moved) {}

    fn did_finish_downloading(&self, _task: &Arc<Task>, file: &Arc<DownloadedFile>) {
        *self.file.lock() = Some(file.clone());
    }

    fn did_complete(&self, task: &Arc<Task>, error: Option<&Arc<Error>>) {
        let Some(handler) = self.handler.lock().take() else { return };
        let (file, response) = (self.file.lock().take(), task.response());
        handler(file.as_ref(), response.as_ref(), error);
    }
}
