//! A whole download in its temporary file, which goes with the last who holds it, unless it was moved.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tempfile::TempPath;

use super::{directory_of, options};
use crate::error::{Code, Error};
use crate::identity::Identity;
use crate::message::Text;

pub struct DownloadedFile {
    pub(crate) identity: Identity,
    temporary: Mutex<Option<TempPath>>,
    first_path: Text,
    moved_path: OnceLock<Text>,
}

/// Why a file was not moved.
pub(crate) enum Immovable {
    /// It was moved before.
    Moved,
    Failed(Error),
}

impl From<Immovable> for Error {
    fn from(immovable: Immovable) -> Self {
        match immovable {
            Immovable::Moved => Error::fault(),
            Immovable::Failed(error) => error,
        }
    }
}

impl DownloadedFile {
    pub(super) fn new(temporary: TempPath) -> Arc<Self> {
        Arc::new(Self {
            identity: Identity::next(),
            first_path: Text::from(temporary.to_string_lossy().into_owned()),
            temporary: Mutex::new(Some(temporary)),
            moved_path: OnceLock::new(),
        })
    }

    /// It stays, whoever holds it.
    pub(crate) fn was_moved(&self) -> bool {
        self.moved_path.get().is_some()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Text {
        self.moved_path.get().unwrap_or(&self.first_path)
    }

    /// Puts it in place of what may be there, at once or not at all.
    pub(crate) fn move_to(&self, target: &Path) -> Result<(), Immovable> {
        let mut temporary = self.temporary.lock();
        let path = temporary.take().ok_or(Immovable::Moved)?;
        match path.persist(target) {
            Ok(()) => {}
            Err(refused) if refused.error.kind() == io::ErrorKind::CrossesDevices => {
                if let Err(cause) = copy(&refused.path, target) {
                    *temporary = Some(refused.path);
                    return Err(cannot_move(&cause));
                }
            }
            Err(refused) => {
                *temporary = Some(refused.path);
                return Err(cannot_move(&refused.error));
            }
        }
        let _ = self.moved_path.set(Text::from(target.to_string_lossy().into_owned()));
        Ok(())
    }
}

/// To another file system: a copy beside the target, then in its place.
fn copy(from: &Path, target: &Path) -> io::Result<()> {
    let names = tempfile::Builder::new();
    let mut copy = names.make_in(directory_of(target), |path| options().create_new(true).open(path))?;
    io::copy(&mut File::open(from)?, copy.as_file_mut())?;
    copy.persist(target).map(drop).map_err(|refused| refused.error)
}

fn cannot_move(cause: &io::Error) -> Immovable {
    let message = "the downloaded file cannot be moved there: check that the directory exists and may be written to";
    Immovable::Failed(Error::new(Code::CANNOT_MOVE_FILE, message).because_of(Some(cause)))
}
