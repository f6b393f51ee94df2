//! Sessions: they make tasks, have them driven, and end when asked to and the last task has.

mod configuration;
mod engine;
mod registry;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::sync::OnceCell;
use parking_lot::Mutex;

pub(crate) use configuration::Configuration;
pub(crate) use engine::Engine;
use registry::{Registry, Retired};

pub(crate) use crate::lifecycle::CookieAcceptPolicy;
pub(crate) use crate::transport::TlsVersion;

use crate::delegate::{Delegate, Message, Outbox, Queue};
use crate::file::PartialFile;
use crate::identity::Identity;
use crate::lifecycle::{self, Means};
use crate::message::{Data, Request, Text};
use crate::store::Admissions;
use crate::task::{Clock, Kind, ResumeData, State, Task, TimeLimits};
use crate::transport::Transport;

/// Why something was not made.
#[derive(Debug)]
pub(crate) enum Refused {
    Invalidated,
    OutOfResources,
}

pub struct Session {
    pub(crate) identity: Identity,
    engine: Engine,
    configuration: Configuration,
    transport: Arc<Transport>,
    admissions: Admissions,
    queue: Arc<Queue>,
    delegate: Option<Arc<dyn Delegate>>,
    registry: Mutex<Registry>,
    turns: AtomicU64,
    description: Mutex<Option<Text>>,
    /// What must live until the session's last message was told.
    kept: Mutex<Option<Box<dyn Any + Send + Sync>>>,
    /// Sees every task before anybody else can.
    prepare: Prepare,
    is_shared: bool,
}

pub(crate) type Prepare = fn(&Arc<Task>);

impl Session {
    pub(crate) fn new(
        engine: Engine,
        configuration: Configuration,
        delegate: Option<Arc<dyn Delegate>>,
        prepare: Prepare,
    ) -> Arc<Self> {
        Self::make(engine, configuration, delegate, prepare, false)
    }

    /// The one session that nobody can invalidate; `made` sees it when it is.
    pub(crate) fn shared(prepare: Prepare, made: impl FnOnce(&Arc<Self>)) -> Result<Arc<Self>, Refused> {
        static SHARED: OnceCell<Arc<Session>> = OnceCell::new();
        let make = || {
            let session = Self::make(Engine::running()?, Configuration::new_default(), None, prepare, true);
            made(&session);
            Ok(session)
        };
        SHARED.get_or_try_init(make).cloned()
    }

    fn make(
        engine: Engine,
        configuration: Configuration,
        delegate: Option<Arc<dyn Delegate>>,
        prepare: Prepare,
        is_shared: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            identity: Identity::next(),
            engine,
            transport: Transport::new(configuration.transport.clone()),
            configuration,
            admissions: Admissions::default(),
            queue: Arc::default(),
            delegate,
            registry: Mutex::default(),
            turns: AtomicU64::new(0),
            description: Mutex::new(None),
            kept: Mutex::new(None),
            prepare,
            is_shared,
        })
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    pub(crate) fn description(&self) -> Option<Arc<Data>> {
        self.description.lock().as_ref().map(Data::text)
    }

    pub(crate) fn set_description(&self, description: Option<&str>) {
        *self.description.lock() = description.map(Text::new);
    }

    /// Keeps something until the last message was told.
    pub(crate) fn keep(&self, kept: Box<dyn Any + Send + Sync>) {
        *self.kept.lock() = Some(kept);
    }

    /// A suspended task; the delegate sees it before this returns.
    pub(crate) fn make_task(
        self: &Arc<Self>,
        kind: Kind,
        request: Request,
        handler: Option<Arc<dyn Delegate>>,
    ) -> Result<Arc<Task>, Refused> {
        let outbox = Outbox::new(self.queue.clone(), handler, self.delegate.clone());
        let clock = Clock::new(self.time_limits(&request));
        let task = self.registry.lock().enter(|identifier| {
            let task = Task::new(self.identity, identifier, kind, request, clock, outbox);
            (self.prepare)(&task);
            task
        })?;
        task.outbox().did_create_task(&task);
        if self.registry.lock().announce(&task) {
            self.cancel(&task);
        }
        Ok(task)
    }

    fn time_limits(&self, request: &Request) -> TimeLimits {
        TimeLimits {
            connect: self.configuration.timeouts.connect().duration(),
            request: request.timeout().or(self.configuration.timeouts.request()).duration(),
            resource: request.resource_timeout().or(self.configuration.timeouts.resource()).duration(),
        }
    }

    pub(crate) fn resume(self: &Arc<Self>, task: &Arc<Task>) {
        if task.resume() {
            self.drive(task);
        }
    }

    pub(crate) fn cancel(self: &Arc<Self>, task: &Arc<Task>) {
        if task.cancel() {
            self.drive(task);
        }
    }

    fn drive(self: &Arc<Self>, task: &Arc<Task>) {
        task.set_turn(self.turns.fetch_add(1, Ordering::Relaxed));
        let (session, task) = (self.clone(), task.clone());
        self.engine.spawn(async move {
            let means = session.means();
            let Some(handover) = lifecycle::drive(&task, means).await else { return session.retire(&task) };
            let Some(download) = session.become_download(&task) else {
                lifecycle::interrupt(&task);
                return session.retire(&task);
            };
            session.retire(&task);
            lifecycle::take_over(&download, means, Some(handover)).await;
            session.retire(&download);
        });
    }

    fn means(&self) -> Means<'_> {
        Means { rules: &self.configuration.rules, transport: &self.transport, admissions: &self.admissions }
    }

    /// The download that a data task becomes; none where it was cancelled meanwhile.
    fn become_download(self: &Arc<Self>, task: &Arc<Task>) -> Option<Arc<Task>> {
        let mut registry = self.registry.lock();
        let download = registry.succeed(|identifier| {
            let download = task.become_download(identifier)?;
            (self.prepare)(&download);
            Some(download)
        })?;
        let cancels = registry.cancels();
        drop(registry);
        download.outbox().did_become_download(task, &download);
        if cancels {
            self.cancel(&download);
        }
        Some(download)
    }

    /// Removes what a paused download left, unless it is somebody's again.
    pub(crate) fn discard(&self, resume_data: &ResumeData) {
        let directory = self.configuration.rules.download_directory();
        drop(PartialFile::reopen(&directory, &resume_data.file, resume_data.offset, resume_data.tail));
    }

    /// The task's last message is on its way.
    fn retire(&self, task: &Task) {
        let retired = self.registry.lock().leave(task);
        if retired == Retired::Last {
            self.become_invalid();
        }
    }

    /// All tasks that have not completed, in the order they were made.
    pub(crate) fn tasks(&self) -> Vec<Arc<Task>> {
        self.registry.lock().tasks()
    }

    /// Those of them that were announced.
    pub(crate) fn announced_tasks(&self) -> Vec<Arc<Task>> {
        self.registry.lock().announced()
    }

    /// All tasks, told where the session's messages are.
    pub(crate) fn all_tasks(self: &Arc<Self>, handler: impl FnOnce(&[Arc<Task>]) + Send + 'static) {
        let session = self.clone();
        let all = move || {
            let mut tasks = session.tasks();
            // A task whose end is just being told is still in the list.
            tasks.retain(|task| task.state() != State::Completed);
            handler(&tasks);
        };
        self.queue.push(Message::call(all));
    }

    pub(crate) fn finish_tasks_and_invalidate(&self) {
        if !self.is_shared && self.registry.lock().close(false) == Retired::Last {
            self.become_invalid();
        }
    }

    pub(crate) fn invalidate_and_cancel(self: &Arc<Self>) {
        if self.is_shared {
            return;
        }
        let (retired, tasks) = {
            let mut registry = self.registry.lock();
            (registry.close(true), registry.announced())
        };
        if retired == Retired::Last {
            return self.become_invalid();
        }
        for task in tasks {
            self.cancel(&task);
        }
    }

    /// Comes once: the registry says so.
    fn become_invalid(&self) {
        self.transport.close();
        // Told also where there is nobody to tell: delegates of tasks may still use the session until then.
        let kept = self.kept.lock().take();
        self.queue.push(match &self.delegate {
            Some(delegate) => Message::DidBecomeInvalid(delegate.clone(), self.identity, kept),
            None => Message::call(move || drop(kept)),
        });
    }
}
