//! The table behind the handles. A handle is a number that is never used twice, dressed as a pointer: a released,
//! foreign or mistaken one is not found, which is a status and not a crash.

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::ffi::c_void;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr;
use std::sync::Arc;

use once_cell::sync::Lazy;
use parking_lot::{Mutex, RwLock};

use super::UrlSessionStatus;
use crate::identity::Identity;

/// A core object that C can hold.
pub(super) trait Handle: Any + Send + Sync + Sized {
    /// What C calls it.
    type C;
    fn identity(&self) -> Identity;
    /// The application gave its last reference back; it can get another only from a callback.
    fn let_go(_this: &Arc<Self>) {}
}

/// A builder that C fills step by step. One thread fills it, by contract; the lock makes the other case harmless.
pub(super) struct Builder<T> {
    identity: Identity,
    value: Mutex<T>,
}

impl<T> Builder<T> {
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn new(value: T) -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), value: Mutex::new(value) })
    }

    pub(super) fn with<R>(&self, call: impl FnOnce(&mut T) -> R) -> R {
        call(&mut self.value.lock())
    }
}

struct Entry {
    object: Arc<dyn Any + Send + Sync>,
    /// What the application holds.
    references: usize,
    /// What the library lends, while a slot runs or an object lives.
    lent: usize,
    /// It lives as long as the process.
    is_for_good: bool,
}

#[derive(Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_usize(&mut self, number: usize) {
        // Fibonacci hashing: the map looks at the top bits, and our numbers differ in the low ones.
        self.0 = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type Shard = RwLock<HashMap<usize, Entry, BuildHasherDefault<NumberHasher>>>;

static TABLE: Lazy<[Shard; 16]> = Lazy::new(Default::default);

fn shard(number: usize) -> &'static Shard {
    &TABLE[number % TABLE.len()]
}

fn number<C>(handle: *const C) -> usize {
    handle.addr()
}

/// The pointer C sees for an object of this identity.
pub(super) fn pointer<C>(identity: Identity) -> *mut C {
    ptr::without_provenance_mut(identity.number())
}

fn count<T: Handle>(object: &Arc<T>, change: impl FnOnce(&mut Entry)) -> *mut T::C {
    let identity = object.identity();
    let mut shard = shard(identity.number()).write();
    let fresh = || Entry { object: object.clone(), references: 0, lent: 0, is_for_good: false };
    change(shard.entry(identity.number()).or_insert_with(fresh));
    pointer(identity)
}

/// Takes one count away, and the entry with the last; the object itself is dropped after the lock.
fn uncount(number: usize, change: impl FnOnce(&mut Entry)) -> Option<Entry> {
    let mut shard = shard(number).write();
    let MapEntry::Occupied(mut entry) = shard.entry(number) else { return None };
    change(entry.get_mut());
    let Entry { references, lent, is_for_good, .. } = *entry.get();
    (references + lent == 0 && !is_for_good).then(|| entry.remove())
}

/// One reference for the application.
pub(super) fn give<T: Handle>(object: Arc<T>) -> *mut T::C {
    count(&object, |entry| entry.references += 1)
}

/// A loan for as long as the process lives.
pub(super) fn lend_for_good<T: Handle>(object: &Arc<T>) -> *mut T::C {
    count(object, |entry| entry.is_for_good = true)
}

/// The object behind a handle.
pub(super) fn borrow<T: Handle>(handle: *const T::C) -> Result<Arc<T>, UrlSessionStatus> {
    if handle.is_null() {
        return Err(UrlSessionStatus::NULL_ARGUMENT);
    }
    find(number(handle)).ok_or(UrlSessionStatus::INVALID_HANDLE)
}

/// None for NULL.
pub(super) fn borrow_if_any<T: Handle>(handle: *const T::C) -> Result<Option<Arc<T>>, UrlSessionStatus> {
    if handle.is_null() { Ok(None) } else { borrow(handle).map(Some) }
}

/// The object of this identity, if C could name it.
pub(super) fn find<T: Handle>(number: usize) -> Option<Arc<T>> {
    let object = shard(number).read().get(&number)?.object.clone();
    object.downcast().ok()
}

pub(super) fn retain<T: Handle>(handle: *mut T::C) -> *mut T::C {
    let Ok(object) = borrow::<T>(handle) else { return ptr::null_mut() };
    give(object)
}

/// Takes one of the application's references; an object lent by a callback has none to take.
pub(super) fn release<T: Handle>(handle: *mut T::C) {
    let Ok(object) = borrow::<T>(handle) else { return };
    let mut last = false;
    let gone = uncount(number(handle), |entry| {
        last = entry.references == 1;
        entry.references = entry.references.saturating_sub(1);
    });
    if last {
        T::let_go(&object);
    }
    drop(gone);
}

/// Whether the application holds a reference.
pub(super) fn is_held(identity: Identity) -> bool {
    shard(identity.number()).read().get(&identity.number()).is_some_and(|entry| entry.references > 0)
}

/// A loan: the handle is good until this is dropped.
pub(super) struct Loan<C> {
    handle: *mut C,
}

impl<C> Loan<C> {
    pub(super) fn new<T: Handle<C = C>>(object: &Arc<T>) -> Self {
        Self { handle: count(object, |entry| entry.lent += 1) }
    }

    pub(super) fn handle(&self) -> *mut C {
        self.handle
    }

    /// The loan as something the core can keep without knowing what it is.
    pub(super) fn keep(self) -> KeptLoan {
        let kept = KeptLoan(number(self.handle));
        std::mem::forget(self);
        kept
    }
}

impl<C> Drop for Loan<C> {
    fn drop(&mut self) {
        drop(KeptLoan(number(self.handle)));
    }
}

pub(super) struct KeptLoan(usize);

impl Drop for KeptLoan {
    fn drop(&mut self) {
        drop(uncount(self.0, |entry| entry.lent = entry.lent.saturating_sub(1)));
    }
}

/// An application's pointer: ours to carry, never to look into.
#[derive(Clone, Copy)]
pub(super) struct Context(pub(super) *mut c_void);

// SAFETY: the library only hands the pointer back; the header says from which threads.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}
