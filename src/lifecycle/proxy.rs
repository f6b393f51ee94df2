//! Step 4 at a proxy: as whom its requests and its tunnels go, and what a 407 leads to.

use std::sync::Arc;

use http::header::PROXY_AUTHORIZATION;
use url::Position;

use super::authorization::secret;
use super::challenge::Challenges;
use super::errand::Errand;
use crate::error::Error;
use crate::message::{Body, Field, Request, Response, Text};
use crate::transport::{ExtraField, Peer, Route};

impl Challenges<'_> {
    /// What goes out beside a request to a proxy that reads it. In a tunnel nothing does; that there is one means that
    /// the proxy let us in.
    pub(super) async fn proxy_field(&self, route: &Route, request: &Request) -> Result<Option<ExtraField>, Error> {
        if route.proxy().is_none() {
            return Ok(None);
        }
        let mut proxy = self.proxy.lock().await;
        let Some(errand) = of_request(route, request)? else {
            if let Some(errand) = of_tunnel(route, "") {
                proxy.settle(&errand, self.keys, None);
            }
            return Ok(None);
        };
        let value = proxy.field(&errand, self.keys);
        Ok(value.and_then(|value| Some((PROXY_AUTHORIZATION, secret(value)?))))
    }

    /// Whether there is something to say to what a proxy answered a request; true only for a 407.
    pub(super) async fn meet_proxy(
        &self,
        route: &Route,
        request: &Request,
        response: &Arc<Response>,
    ) -> Result<bool, Error> {
        let Some(errand) = of_request(route, request)? else { return Ok(false) };
        let mut proxy = self.proxy.lock().await;
        if response.status() == 407 {
            return proxy.meet(self, &errand, self.keys, response).await;
        }
        proxy.settle(&errand, self.keys, Some(response));
        Ok(false)
    }

    /// The Proxy-Authorization of a tunnel; none where there is nothing to say to a refusal.
    pub(super) async fn tunnel_field(
        &self,
        route: &Route,
        target: &str,
        refusal: Option<Arc<Response>>,
    ) -> Result<Option<Field>, Error> {
        let Some(errand) = of_tunnel(route, target) else { return Ok(None) };
        let mut proxy = self.proxy.lock().await;
        if let Some(refusal) = refusal
            && !proxy.meet(self, &errand, self.keys, &refusal).await?
        {
            return Ok(None);
        }
        let value = proxy.field(&errand, self.keys).map(Text::from);
        // The application's own, until that was refused and another was chosen.
        let value = value.or_else(|| route.tunnel_authorization().cloned());
        Ok(value.map(|value| Field::new(Text::from_static("Proxy-Authorization\0"), value)))
    }
}

/// To a proxy that reads the request; none where there is none, or nothing may be said to it.
fn of_request<'r>(route: &'r Route, request: &'r Request) -> Result<Option<Errand<'r>>, Error> {
    let is_silent = request.headers().suppresses(PROXY_AUTHORIZATION.as_str());
    let Some(proxy) = route.proxy_of_requests().filter(|_| !is_silent) else { return Ok(None) };
    let url = request.url()?;
    let is_left_alone = request.headers().contains(PROXY_AUTHORIZATION.as_str());
    Ok(Some(Errand {
        peer: Peer::of(proxy),
        url: None,
        method: request.method_text().as_str(),
        target: format!("http://{}", &url[Position::BeforeHost..Position::AfterQuery]).into(),
        body: request.body(),
        own: proxy.credential().filter(|_| !is_left_alone).cloned(),
        is_given: false,
        is_left_alone,
    }))
}

/// The same to a proxy that passes on what it cannot read.
fn of_tunnel<'r>(route: &'r Route, target: &'r str) -> Option<Errand<'r>> {
    let proxy = route.proxy().filter(|proxy| proxy.kind().is_http() && !route.has_silent_tunnel())?;
    let is_left_alone = route.tunnel_authorization().is_some();
    Some(Errand {
        peer: Peer::of(proxy),
        url: None,
        method: "CONNECT",
        target: target.into(),
        body: &Body::None,
        own: proxy.credential().filter(|_| !is_left_alone).cloned(),
        is_given: false,
        is_left_alone,
    })
}
