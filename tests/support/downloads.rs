//! A session of downloads, with a directory of its own for what is under way.

use super::directory::Directory;
use super::download::DownloadedFile;
use super::handle::{Configuration, Request, Session, Task};
use super::recorder::Recorder;

pub struct Downloads {
    pub recorder: Recorder,
    pub session: Session,
    pub directory: Directory,
}

impl Default for Downloads {
    fn default() -> Self {
        Self::with(Configuration::default())
    }
}

impl Downloads {
    pub fn with(configuration: Configuration) -> Self {
        Self::told_to(Recorder::default().hearing_progress(), configuration)
    }

    pub fn told_to(recorder: Recorder, configuration: Configuration) -> Self {
        let directory = Directory::default();
        let session = recorder.session(&configuration.download_directory(directory.path()));
        Self { recorder, session, directory }
    }

    /// Hands every downloaded file over in the slot or the handler that tells of it.
    pub fn handing_over(take: impl Fn(&DownloadedFile) + Send + Sync + 'static) -> Self {
        let recorder = Recorder::with(move |moment| {
            if !moment.file.is_null() {
                take(&DownloadedFile::retain(moment.file));
            }
        });
        Self::told_to(recorder, Configuration::default())
    }

    /// Another session over the same directory, as after a new start of the program.
    pub fn restarted(self) -> Self {
        let Self { directory, .. } = self;
        let recorder = Recorder::default().hearing_progress();
        let session = recorder.session(&Configuration::default().download_directory(directory.path()));
        Self { recorder, session, directory }
    }

    /// Runs a task to its end, and gives what was told of it.
    pub fn run(&self, task: &Task) -> String {
        task.resume();
        self.end_of(task)
    }

    /// Waits for the end of a task, and gives what was told of it.
    pub fn end_of(&self, task: &Task) -> String {
        let number = task.identifier();
        self.recorder.wait_for_beginning(&format!("did_complete {number} "));
        self.recorder.transcript_of(number)
    }

    /// Downloads a whole file, and gives what was told of it.
    pub fn download(&self, url: &str) -> String {
        self.run(&self.session.download(url))
    }

    /// Pauses a download once its first bytes are there.
    pub fn pause(&self, url: &str) -> Option<Vec<u8>> {
        self.pause_of(&Request::new(url))
    }

    pub fn pause_of(&self, request: &Request) -> Option<Vec<u8>> {
        let task = self.session.download_for(request);
        task.resume();
        self.recorder.wait_for_beginning(&format!("did_write_data {} ", task.identifier()));
        let resume_data = self.recorder.pause(&task);
        self.end_of(&task);
        resume_data
    }

    /// Goes on from resume data to the end, and gives what was told of it.
    pub fn go_on(&self, resume_data: &[u8]) -> String {
        self.run(&self.session.download_from(resume_data).unwrap())
    }
}
