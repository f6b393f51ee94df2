use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::ptr;

use crate::support::challenge::{Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Error, Request, c_text};
use crate::support::origin::Origin;
use crate::support::realm;
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use urlsession::*;

fn guarded() -> Origin {
    realm::origin(&realm::basic("here", "alice", "s3cret"))
}

fn space(origin: &Origin) -> ProtectionSpace {
    ProtectionSpace::of(origin.address().port(), "here", UrlSessionAuthenticationMethod::HTTP_BASIC)
}

/// A storage that keeps what is permanent in this file; as after a new start of the program.
fn in_file(path: &Path) -> Result<CredentialStorage, Error> {
    let (storage, mut error) = (CredentialStorage::default(), ptr::null_mut());
    let path = c_text(path.to_str().unwrap());
    match url_session_credential_storage_set_file(storage.get(), path.as_ptr(), &mut error) {
        UrlSessionStatus::OK => Ok(storage),
        status => {
            assert_eq!(status, UrlSessionStatus::FAILED);
            Err(Error::adopt(error).expect("an error"))
        }
    }
}

fn flush(storage: &CredentialStorage) {
    assert_eq!(url_session_credential_storage_flush(storage.get(), ptr::null_mut()), UrlSessionStatus::OK);
}

/// How a task ends that answers with this if it is asked.
fn status(storage: &CredentialStorage, origin: &Origin, answer: Option<Credential>) -> i32 {
    let recorder = Recorder::default().meeting(move |_| answer.clone().map_or(Reply::Default, Reply::Use));
    let configuration = Configuration::ephemeral().credential_storage(Some(storage));
    Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello"))).response().status_code()
}

#[test]
fn e014_permanent_outlives_the_program() {
    let (directory, origin) = (Directory::default(), guarded());
    // Whoever made it let others read it.
    let path = directory.file("credentials", b"");
    let storage = in_file(&path).unwrap();
    assert_eq!(status(&storage, &origin, Some(Credential::permanent("alice", "s3cret"))), 200);
    flush(&storage);
    drop(storage);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "of the owner alone");
    let storage = in_file(&path).unwrap();
    assert_eq!(storage.default_user(&space(&origin)).as_deref(), Some("alice"));
    assert_eq!(status(&storage, &origin, None), 200);
}

#[test]
fn e014_nothing_else_is_written() {
    let (directory, origin) = (Directory::default(), guarded());
    let path = directory.at("credentials");
    let answers = [
        Credential::user("alice", "s3cret"),
        Credential::for_session("alice", "s3cret"),
        Credential::permanent("alice", "wr0ng"),
    ];
    for answer in answers {
        let storage = in_file(&path).unwrap();
        status(&storage, &origin, Some(answer));
        // Put there by the application, and not to be kept.
        storage.set(&space(&origin), &Credential::for_session("bob", "s3cret"), true);
        flush(&storage);
        let content = fs::read_to_string(&path).unwrap_or_default();
        assert!(!content.contains("s3cret") && !content.contains("wr0ng"), "{content}");
        assert!(in_file(&path).unwrap().default_user(&space(&origin)).is_none());
    }
}

#[test]
fn e014_what_is_forgotten_is_forgotten_in_the_file() {
    let (directory, origin) = (Directory::default(), guarded());
    let path = directory.at("credentials");
    let storage = in_file(&path).unwrap();
    storage.set(&space(&origin), &Credential::permanent("alice", "s3cret"), true);
    flush(&storage);
    assert!(fs::read_to_string(&path).unwrap().contains("s3cret"));
    assert_eq!(url_session_credential_storage_remove_all(storage.get()), UrlSessionStatus::OK);
    flush(&storage);
    assert!(!fs::read_to_string(&path).unwrap_or_default().contains("s3cret"));
    drop(storage);
    assert_eq!(status(&in_file(&path).unwrap(), &origin, None), 401);
}

#[test]
fn e014_a_file_that_cannot_be_read_is_an_error_without_secrets() {
    let directory = Directory::default();
    let Err(error) = in_file(directory.path()) else { panic!("a directory is no file") };
    assert!(!error.message().contains("s3cret") && !error.message().is_empty());
    // What is no credential in it is passed over.
    let path = directory.file("garbage", b"\xff\xfe\x00\nbasic http nonsense s3cret\n");
    let origin = guarded();
    assert!(in_file(&path).unwrap().default_user(&space(&origin)).is_none());
}
