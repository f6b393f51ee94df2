//! A session's connections: how many an origin may have, who waits for one, and which lie idle.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Connection, Meter, Route};

/// How long a connection idles before the system is asked whether it is still there.
const ASKED_AFTER: Duration = Duration::from_millis(100);
const IDLE_FOR: Duration = Duration::from_secs(30);
/// Idle connections to all origins together, where one origin may not have more.
const MOST_IDLE: usize = 128;

/// Whose turn it is: the most urgent's, then whoever came first.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    /// From 0 to 1, and not -0.
    pub(crate) priority: f32,
    /// No two tasks of a session have the same.
    pub(crate) number: u64,
    /// What is sent on a dead connection could not be sent again.
    pub(crate) is_only_try: bool,
}

/// Positive floats compare as their bits do.
type Ticket = (Reverse<u32>, u64);
type Given = (Place, Option<Connection>);

struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Default)]
struct Host {
    /// Connections, whether they work or lie idle, and those about to be made.
    open: usize,
    /// The newest last.
    idle: Vec<Idle>,
    waiting: BTreeMap<Ticket, Waiting>,
}

struct Waiting {
    sender: oneshot::Sender<Given>,
    meter: Arc<dyn Meter>,
}

impl Host {
    fn is_unused(&self) -> bool {
        self.open == 0 && self.waiting.is_empty()
    }

    /// The first who waits and could go now; who is suspended looks again when it is resumed.
    fn next(&mut self) -> Option<oneshot::Sender<Given>> {
        let ready = self.waiting.iter().find(|(_, waiting)| !waiting.meter.is_suspended());
        let ticket = *ready?.0;
        self.waiting.remove(&ticket).map(|waiting| waiting.sender)
    }
}

#[derive(Default)]
struct Hosts {
    by_route: HashMap<Route, Host>,
    idle: usize,
    is_swept: bool,
    is_closed: bool,
}

pub(super) struct Pool {
    limit: usize,
    hosts: Mutex<Hosts>,
}

/// The right to one connection of an origin.
pub(super) struct Place {
    pool: Arc<Pool>,
    route: Route,
    is_given_on: bool,
}

/// A connection in its place. Dropped, it is closed, and the place is free.
pub(crate) struct Lease {
    /// First, so that it is closed before its place is free.
    pub(super) connection: Connection,
    place: Place,
}

impl Pool {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, hosts: Mutex::default() })
    }

    /// A place at the origin as soon as there is one, with a connection if one is idle and may be used.
    pub(super) async fn place(
        self: &Arc<Self>,
        route: &Route,
        turn: Turn,
        fresh: bool,
        meter: &Arc<dyn Meter>,
    ) -> Given {
        loop {
            let (ticket, mut given) = match self.try_place(route, turn, fresh, meter) {
                Ok((place, Some(mut idle))) => {
                    match idle.connection.is_alive(turn.is_only_try || idle.since.elapsed() > ASKED_AFTER) {
                        true => return (place, Some(idle.connection)),
                        // The place is free again: next, please.
                        false => continue,
                    }
                }
                Ok((place, None)) => return (place, None),
                Err(queued) => queued,
            };
            let queued = Queued { pool: self, route, ticket };
            let turn_came = turn_or_wake(&mut given).await;
            // Out of the queue first: what was given until then is here now.
            drop(queued);
            let Some((place, connection)) = turn_came.or_else(|| given.try_recv().ok()) else { continue };
            let mut connection = connection.filter(|_| !fresh);
            let is_alive = connection.as_mut().is_some_and(|connection| connection.is_alive(turn.is_only_try));
            return (place, connection.filter(|_| is_alive));
        }
    }

    fn try_place(
        self: &Arc<Self>,
        route: &Route,
        turn: Turn,
        fresh: bool,
        meter: &Arc<dyn Meter>,
    ) -> Result<(Place, Option<Idle>), (Ticket, oneshot::Receiver<Given>)> {
        let mut closed = None;
        let mut hosts = self.hosts.lock();
        let hosts = &mut *hosts;
        let host = match hosts.by_route.get_mut(route) {
            Some(host) => host,
            None => hosts.by_route.entry(route.clone()).or_default(),
        };
        if let Some(idle) = host.idle.pop() {
            hosts.idle -= 1;
            match fresh {
                false => return Ok((self.take(route), Some(idle))),
                true => closed = Some(idle),
            }
        }
        match closed.is_some() || host.open < self.limit {
            true => {
                host.open += usize::from(closed.is_none());
                Ok((self.take(route), None))
            }
            false => {
                let ticket = (Reverse(turn.priority.to_bits()), turn.number);
                let (sender, receiver) = oneshot::channel();
                host.waiting.insert(ticket, Waiting { sender, meter: meter.clone() });
                Err((ticket, receiver))
            }
        }
    }

    fn take(self: &Arc<Self>, route: &Route) -> Place {
        Place { pool: self.clone(), route: route.clone(), is_given_on: false }
    }

    /// A connection that can go on: to the first who still waits, or aside.
    fn give_back(self: &Arc<Self>, mut given: (Place, Connection)) {
        loop {
            let mut hosts = self.hosts.lock();
            let Some(host) = hosts.by_route.get_mut(&given.0.route) else { return };
            let Some(waiting) = host.next() else {
                if !hosts.is_closed && hosts.idle < MOST_IDLE.max(self.limit) && hosts.lay_idle(given) {
                    tokio::spawn(sweep(Arc::downgrade(self)));
                }
                return;
            };
            drop(hosts);
            match waiting.send((given.0, Some(given.1))) {
                Err((place, Some(connection))) => given = (place, connection),
                _ => return,
            }
        }
    }

    /// The place of a connection that is gone: to the first who still waits, or free.
    fn leave(self: &Arc<Self>, route: &Route) {
        loop {
            let mut hosts = self.hosts.lock();
            let Some(host) = hosts.by_route.get_mut(route) else { return };
            let Some(waiting) = host.next() else {
                host.open -= 1;
                if host.is_unused() {
                    hosts.by_route.remove(route);
                }
                return;
            };
            drop(hosts);
            match waiting.send((self.take(route), None)) {
                Ok(()) => return,
                Err((mut place, _)) => place.is_given_on = true,
            }
        }
    }

    pub(super) fn close(&self) {
        let mut hosts = self.hosts.lock();
        hosts.is_closed = true;
        let closed = hosts.expire(None);
        drop(hosts);
        drop(closed);
    }
}

impl Hosts {
    /// Whether somebody must look after it from now on.
    fn lay_idle(&mut self, (mut place, connection): (Place, Connection)) -> bool {
        place.is_given_on = true;
        let Some(host) = self.by_route.get_mut(&place.route) else { return false };
        host.idle.push(Idle { connection, since: Instant::now() });
        self.idle += 1;
        !std::mem::replace(&mut self.is_swept, true)
    }

    /// Takes out what lies idle since before the given time, or all; says when to look again.
    fn expire(&mut self, before: Option<Instant>) -> (Vec<Idle>, Option<Instant>) {
        let (mut expired, mut oldest) = (Vec::new(), None);
        self.by_route.retain(|_, host| {
            let kept = host.idle.partition_point(|idle| before.is_none_or(|before| idle.since <= before));
            expired.extend(host.idle.drain(..kept));
            host.open -= kept;
            oldest = oldest.into_iter().chain(host.idle.first().map(|idle| idle.since)).min();
            !host.is_unused()
        });
        self.idle -= expired.len();
        self.is_swept = oldest.is_some();
        (expired, oldest)
    }
}

/// Closes what lies idle for too long, and ends when nothing does.
async fn sweep(pool: Weak<Pool>) {
    let mut next = Some(Instant::now());
    while let Some(oldest) = next {
        tokio::time::sleep_until((oldest + IDLE_FOR).into()).await;
        let Some(pool) = pool.upgrade() else { return };
        let (expired, oldest) = pool.hosts.lock().expire(Instant::now().checked_sub(IDLE_FOR));
        drop(expired);
        next = oldest;
    }
}

impl Place {
    pub(super) fn lease(self, connection: Connection) -> Lease {
        Lease { place: self, connection }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_given_on {
            return;
        }
        self.pool.leave(&self.route);
    }
}

impl Lease {
    pub(super) fn route(&self) -> &Route {
        &self.place.route
    }

    /// The exchange is over and the connection can go on.
    pub(super) fn give_back(self) {
        let Self { place, mut connection } = self;
        connection.is_reused = true;
        connection.release_buffer();
        place.pool.clone().give_back((place, connection));
    }
}

/// The turn; none where the task was woken for something else, for then it may have been suspended and passed over.
async fn turn_or_wake(given: &mut oneshot::Receiver<Given>) -> Option<Given> {
    let mut has_waited = false;
    poll_fn(|context| match Pin::new(&mut *given).poll(context) {
        Poll::Ready(given) => Poll::Ready(given.ok()),
        Poll::Pending if std::mem::replace(&mut has_waited, true) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Somebody who waits, and may stop waiting.
struct Queued<'a> {
    pool: &'a Pool,
    route: &'a Route,
    ticket: Ticket,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut hosts = self.pool.hosts.lock();
        let Some(host) = hosts.by_route.get_mut(self.route) else { return };
        let waiting = host.waiting.remove(&self.ticket);
        if host.is_unused() {
            hosts.by_route.remove(self.route);
        }
        drop(hosts);
        drop(waiting);
    }
}
