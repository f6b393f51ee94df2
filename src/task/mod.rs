//! One transfer: its identity, where it stands, and what is known of it. A noun: it calls nobody.

mod clock;
mod counters;
mod known;
mod pace;
mod progress;
mod properties;
mod resume_data;
mod state;
mod under_way;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

pub(crate) use clock::{Clock, Limits as TimeLimits};
pub(crate) use counters::{Counters, expectation};
use known::Known;
pub(crate) use pace::Paces;
pub(crate) use progress::Progress;
use progress::Speedometer;
pub(crate) use resume_data::{ResumeData, Validator, checksum};
pub(crate) use state::State;
use state::{Change, StateMachine};
pub(crate) use under_way::UnderWay;

use crate::delegate::{Delegate, Outbox};
use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Data, Request, without_secrets};

/// What a task is for.
pub(crate) enum Kind {
    Data,
    Upload,
    /// With what a paused one left.
    Download(Option<ResumeData>),
}

/// Gets what a cancelled download can go on from.
pub(crate) type ResumeDataHandler = Box<dyn FnOnce(Option<&Arc<Data>>) + Send>;

pub struct Task {
    pub(crate) identity: Identity,
    kind: Kind,
    session: Identity,
    identifier: u64,
    original_request: Arc<Request>,
    state: Mutex<StateMachine>,
    known: Mutex<Known>,
    priority: AtomicU32,
    /// Its place among the tasks of its session, by when they were resumed.
    turn: AtomicU64,
    outbox: Outbox,
    pub(crate) counters: Counters,
    pub(crate) clock: Clock,
    pub(crate) under_way: UnderWay,
    speedometer: Speedometer,
    pub(crate) paces: Paces,
    /// Who drives the task, to be woken when the application changes something.
    driver: Mutex<Option<Waker>>,
}

impl Task {
    pub(crate) fn new(
        session: Identity,
        identifier: u64,
        kind: Kind,
        request: Request,
        clock: Clock,
        outbox: Outbox,
    ) -> Arc<Self> {
        let counters = Counters::new(request.body().length());
        Arc::new(Self {
            identity: Identity::next(),
            kind,
            session,
            identifier,
            original_request: Arc::new(request),
            state: Mutex::default(),
            known: Mutex::default(),
            priority: AtomicU32::new(0.5f32.to_bits()),
            turn: AtomicU64::new(0),
            outbox,
            counters,
            clock,
            under_way: UnderWay::default(),
            speedometer: Speedometer::default(),
            paces: Paces::default(),
            driver: Mutex::new(None),
        })
    }

    /// The download that a data task becomes, which ends without a word; none where it has ended already.
    pub(crate) fn become_download(&self, identifier: u64) -> Option<Arc<Self>> {
        let (state, handlers, known) = {
            let mut state = self.state.lock();
            let mut known = self.known.lock();
            (state.succeed()?, std::mem::take(&mut known.resume_data_handlers), known.heir())
        };
        for handler in handlers {
            self.outbox.call(move || handler(None));
        }
        let heir = Arc::new(Self {
            identity: Identity::next(),
            kind: Kind::Download(None),
            session: self.session,
            identifier,
            original_request: self.original_request.clone(),
            state: Mutex::new(state),
            known: Mutex::new(known),
            priority: AtomicU32::new(self.priority.load(Ordering::Relaxed)),
            turn: AtomicU64::new(self.turn()),
            outbox: self.outbox.heir(),
            counters: self.counters.heir(),
            clock: self.clock.heir(),
            under_way: UnderWay::default(),
            speedometer: Speedometer::default(),
            paces: Paces::default(),
            driver: Mutex::new(None),
        });
        // Whoever suspended the one in its last moment came too late.
        heir.clock.run();
        heir.restart_speed();
        Some(heir)
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(crate) fn is_download(&self) -> bool {
        matches!(self.kind, Kind::Download(_))
    }

    pub(crate) fn session(&self) -> Identity {
        self.session
    }

    pub(crate) fn identifier(&self) -> u64 {
        self.identifier
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn state(&self) -> State {
        self.state.lock().state()
    }

    /// Whether this makes the task begin; then the caller drives it.
    pub(crate) fn resume(&self) -> bool {
        self.change(StateMachine::resume)
    }

    pub(crate) fn suspend(&self) {
        self.change(StateMachine::suspend);
    }

    /// Whether the task must begin in order to end: one that was never resumed has nobody to end it.
    pub(crate) fn cancel(&self) -> bool {
        self.change(StateMachine::cancel)
    }

    /// Ends the task for a fault of ours.
    pub(crate) fn fault(&self) {
        self.known.lock().is_at_fault = true;
        self.change(StateMachine::cancel);
    }

    /// Why the task was told to end before its work did.
    pub(crate) fn interruption(&self) -> Error {
        self.known.lock().interruption()
    }

    /// From here on nothing changes any more, and the error is known before anybody is told. A cancel that came before
    /// this counts, even if the work was done, unless that has won: what was put in its place cannot be taken back.
    pub(crate) fn complete(&self, outcome: Result<(), Error>, has_won: bool) -> Option<Arc<Error>> {
        let mut state = self.state.lock();
        let mut known = self.known.lock();
        // So has a download that was to be paused, and is whole.
        let has_won = has_won || self.is_download() && !known.resume_data_handlers.is_empty();
        let outcome = match state.state() {
            State::Canceling if !has_won => outcome.and_then(|()| Err(known.interruption())),
            _ => outcome,
        };
        let request = known.current_request.as_ref().unwrap_or(&self.original_request);
        let error = outcome.err().map(|error| Arc::new(error.at(|| without_secrets(request.location()))));
        known.error = error.clone();
        state.complete();
        self.driver.lock().take();
        error
    }

    /// The error of a task that completed well, and whose last messages could not be told.
    pub(crate) fn late_fault(&self) -> Option<Arc<Error>> {
        let mut known = self.known.lock();
        if known.is_at_fault && known.error.is_none() {
            let request = known.current_request.as_ref().unwrap_or(&self.original_request);
            known.error = Some(Arc::new(Error::fault().at(|| without_secrets(request.location()))));
        }
        known.error.clone()
    }

    fn change(&self, change: impl FnOnce(&mut StateMachine) -> Change) -> bool {
        let change = {
            let mut state = self.state.lock();
            let change = change(&mut state);
            match change {
                Change::Begin | Change::Thaw => {
                    self.clock.run();
                    self.speedometer.start(&self.counters);
                }
                Change::Freeze => {
                    self.clock.freeze();
                    self.speedometer.stop();
                }
                Change::End | Change::None => {}
            }
            change
        };
        if matches!(change, Change::Thaw | Change::End) {
            self.wake();
        }
        change == Change::Begin
    }

    fn wake(&self) {
        let driver = self.driver.lock().take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Registers the driver, then says whether it may go on.
    pub(crate) fn poll_state(&self, driver: &Waker) -> State {
        {
            let mut registered = self.driver.lock();
            if !registered.as_ref().is_some_and(|registered| registered.will_wake(driver)) {
                *registered = Some(driver.clone());
            }
        }
        self.state()
    }

    /// Whether it was in time; `delegate` is only asked for if it is.
    pub(crate) fn set_delegate<E>(
        &self,
        delegate: impl FnOnce() -> Result<Option<Arc<dyn Delegate>>, E>,
    ) -> Result<bool, E> {
        let state = self.state.lock();
        if state.has_begun() {
            return Ok(false);
        }
        self.outbox.set_own(delegate()?);
        Ok(true)
    }

    /// How often it was suspended since it began.
    pub(crate) fn freezes(&self) -> u32 {
        self.state.lock().freezes()
    }

    /// The counters jumped: what they count from here on moves.
    pub(crate) fn restart_speed(&self) {
        self.speedometer.restart(&self.counters);
    }

    /// Told at once, and that there is nothing, where the task has completed or was cancelled for good.
    pub(crate) fn add_resume_data_handler(&self, handler: ResumeDataHandler) {
        let state = self.state.lock();
        let mut known = self.known.lock();
        let is_cancelled = state.state() == State::Canceling && known.resume_data_handlers.is_empty();
        if state.state() != State::Completed && !is_cancelled {
            return known.resume_data_handlers.push(handler);
        }
        drop((state, known));
        self.outbox.call(move || handler(None));
    }

    pub(crate) fn take_resume_data_handlers(&self) -> Vec<ResumeDataHandler> {
        std::mem::take(&mut self.known.lock().resume_data_handlers)
    }

    /// Whether somebody wants to go on with it later.
    pub(crate) fn is_being_paused(&self) -> bool {
        !self.known.lock().resume_data_handlers.is_empty()
    }

    /// Keeps something until the last message was told.
    pub(crate) fn keep(&self, kept: Box<dyn Any + Send + Sync>) {
        self.known.lock().kept = Some(kept);
    }

    pub(crate) fn let_go(&self) {
        let kept = self.known.lock().kept.take();
        drop(kept);
    }
}
