//! Step 4: as whom a task's requests go, and what a 401 or a 407 leads to.

use std::sync::Arc;

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION};
use http::{HeaderName, HeaderValue};
use tokio::task::spawn_blocking;
use url::{Position, Url};

use super::Means;
use super::challenge::Challenges;
use super::errand::Errand;
use super::party::Party;
use crate::challenge::{Credential, Persistence};
use crate::error::Error;
use crate::message::{Request, RequestCredential, Response, is_default_port_upgrade, is_same_origin, user_info};
use crate::store::Netrc;
use crate::task::Task;
use crate::transport::{ExtraField, Route};

/// What the netrc file says of a host, or of one login there.
struct Entry {
    host: String,
    login: Option<String>,
    credential: Option<Arc<Credential>>,
}

pub(super) struct Authorization<'a> {
    task: &'a Arc<Task>,
    means: Means<'a>,
    pub(super) challenges: Challenges<'a>,
    origin: Party,
    netrc: Option<Entry>,
    /// Where a delegate said who to be in place of what the application wrote itself.
    taken_over: Option<Url>,
}

impl<'a> Authorization<'a> {
    pub(super) fn new(task: &'a Arc<Task>, means: Means<'a>) -> Self {
        Self {
            task,
            means,
            challenges: Challenges::new(task, means.keys()),
            origin: Party::default(),
            netrc: None,
            taken_over: None,
        }
    }

    /// Looks up what takes its time, before the request's turn comes.
    pub(super) async fn look_up(&mut self, request: &Request) -> Result<(), Error> {
        let Some(file) = self.means.rules.netrc.path() else { return Ok(()) };
        let url = request.url()?;
        let Some(host) = url.host_str() else { return Ok(()) };
        let login = user_info(url).map(|(user, _)| user);
        let is_known = self.netrc.as_ref().is_some_and(|entry| entry.host == host && entry.login == login);
        let says_who = request.headers().contains(AUTHORIZATION.as_str())
            || !matches!(request.credential(), RequestCredential::Inherit);
        if is_known || says_who {
            return Ok(());
        }
        let (asked, of) = (host.to_owned(), login.clone());
        let read = spawn_blocking(move || Netrc::read(&file).credential(&asked, of.as_deref())).await;
        self.netrc = Some(Entry { host: host.to_owned(), login, credential: read.unwrap_or_default() });
        Ok(())
    }

    /// What goes out beside the request.
    pub(super) async fn fields(&mut self, route: &Route, request: &Request) -> Result<Vec<ExtraField>, Error> {
        let errand = self.errand(route, request)?;
        let value = self.origin.field(&errand, self.means.keys());
        let for_origin = value.and_then(|value| Some((AUTHORIZATION, secret(value)?)));
        let for_proxy = self.challenges.proxy_field(route, request).await?;
        Ok(for_origin.into_iter().chain(for_proxy).collect())
    }

    /// Whether the request is to go out again, because there is something to say to the answer.
    pub(super) async fn meet(
        &mut self,
        route: &Route,
        request: &mut Arc<Request>,
        response: &Arc<Response>,
    ) -> Result<bool, Error> {
        // Boxed, for few go through a proxy.
        if route.proxy().is_some() && Box::pin(self.challenges.meet_proxy(route, request, response)).await? {
            self.take_over(request, PROXY_AUTHORIZATION);
            return Ok(true);
        }
        if response.status() == 407 {
            // Of the proxy, and nothing that the origin says.
            return Ok(false);
        }
        let keys = self.means.keys();
        let errand = self.errand(route, request)?;
        if response.status() != 401 {
            self.origin.settle(&errand, keys, Some(response));
            return Ok(false);
        }
        if request.headers().suppresses(AUTHORIZATION.as_str()) {
            // Whatever the answer were, it would not go out.
            return Ok(false);
        }
        // Boxed, for few answers are refusals.
        let is_met = Box::pin(self.origin.meet(&self.challenges, &errand, keys, response)).await?;
        if is_met {
            if request.headers().contains(AUTHORIZATION.as_str()) {
                self.taken_over = request.url().ok().cloned();
            }
            self.take_over(request, AUTHORIZATION);
        }
        Ok(is_met)
    }

    /// What the application wrote itself was refused, and something else goes in its place.
    fn take_over(&self, request: &mut Arc<Request>, name: HeaderName) {
        if request.headers().contains(name.as_str()) {
            Arc::make_mut(request).headers_mut().drop_field(name.as_str());
            self.task.set_current_request(request.clone());
        }
    }

    fn errand<'r>(&self, route: &'r Route, request: &'r Request) -> Result<Errand<'r>, Error> {
        let url = request.url()?;
        let is_explicit = request.headers().contains(AUTHORIZATION.as_str());
        let is_left_alone = is_explicit || matches!(request.credential(), RequestCredential::Nobody);
        let is_taken_over = self.taken_over.as_ref().is_some_and(|there| is_same_origin(there, url));
        // Row R020: the request's own first.
        let given = match request.credential() {
            RequestCredential::This(credential) => Some(credential.clone()),
            RequestCredential::Inherit | RequestCredential::Nobody => None,
        };
        Ok(Errand {
            peer: route.peer(),
            url: Some(url),
            method: request.method_text().as_str(),
            target: url[Position::BeforePath..Position::AfterQuery].into(),
            body: request.body(),
            is_given: given.is_some() || is_taken_over,
            own: if is_left_alone || is_taken_over { None } else { given.or_else(|| self.inherited(url)) },
            is_left_alone,
        })
    }

    /// Then the session's, the URL's, the netrc file's.
    fn inherited(&self, url: &Url) -> Option<Arc<Credential>> {
        let of_session = self.means.rules.credentials.iter().find(|(origin, _)| is_same_origin(origin, url));
        let first = || self.task.original_request().url().ok();
        let of_netrc = || {
            let entry = self.netrc.as_ref()?;
            // What began with TLS does not go on without it.
            let is_safe = url.scheme() == "https" || first().is_none_or(|first| first.scheme() == "http");
            entry.credential.clone().filter(|_| is_safe && url.host_str() == Some(&entry.host))
        };
        let of_url = || {
            let (user, password) = user_info(url).or_else(|| user_info(first()?).filter(|_| self.stays(url)))?;
            // A password that is not in the URL may be in the file.
            let credential = match password {
                Some(password) => return Credential::password(&user, &password, Persistence::None).ok(),
                None => of_netrc(),
            };
            credential.or_else(|| Credential::password(&user, "", Persistence::None).ok())
        };
        of_session.map(|(_, credential)| credential.clone()).or_else(of_url).or_else(of_netrc)
    }

    /// Whether this is where the task was sent, or better.
    fn stays(&self, url: &Url) -> bool {
        let first = self.task.original_request().url();
        first.is_ok_and(|first| is_same_origin(first, url) || is_default_port_upgrade(first, url))
    }
}

pub(super) fn secret(value: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some(value)
}
