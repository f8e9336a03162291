//! The services, as the pages see them: over HTTP or in the same process.

mod addresses;
mod caller;
mod error;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use common::error_chain;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use serde::Serialize;
use tower::ServiceExt;

pub use addresses::Addresses;
pub(crate) use caller::Caller;
pub(crate) use error::{ApiError, Refusal};
pub(crate) use reply::Reply;

/// The services. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Way>);

enum Way {
    /// Each service at an address of its own.
    Remote { http: reqwest::Client, addresses: Addresses },
    /// All of them behind one router of this process.
    Inside(Router),
}

/// The least time that a page has to be made from what the services said.
const MARGIN: Duration = Duration::from_secs(3);

/// How long an answer to a question may take: a page must not wait for a part of itself.
const FOR_READING: Duration = Duration::from_secs(3);

/// How long a change may take. It is below the patience of the stack, so that a page and not the stack says it.
const FOR_CHANGING: Duration =
    common::http::MiddlewareStack::REQUEST_TIMEOUT.saturating_sub(MARGIN).saturating_sub(FOR_READING);

impl Api {
    /// Services at addresses of their own.
    pub fn over_http(addresses: Addresses) -> Self {
        Self(Arc::new(Way::Remote { http: reqwest::Client::new(), addresses }))
    }

    /// Services in this process: a router that has all their routes.
    pub fn inside(services: Router) -> Self {
        Self(Arc::new(Way::Inside(services)))
    }

    /// Asks.
    pub(crate) async fn get(&self, caller: &Caller, path: &str) -> Result<Reply, ApiError> {
        self.ask(caller, Ask::new(Method::GET, path)).await
    }

    /// Creates, or does what has no other word.
    pub(crate) async fn post(
        &self,
        caller: &Caller,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        self.ask(caller, Ask::new(Method::POST, path).with(body)).await
    }

    /// The same, at most once for each key.
    pub(crate) async fn post_once(
        &self,
        caller: &Caller,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        self.ask(caller, Ask { key: key.map(str::to_owned), ..Ask::new(Method::POST, path).with(body) }).await
    }

    /// Replaces.
    pub(crate) async fn put(
        &self,
        caller: &Caller,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        self.ask(caller, Ask::new(Method::PUT, path).with(body)).await
    }

    /// Takes away.
    pub(crate) async fn delete(&self, caller: &Caller, path: &str) -> Result<Reply, ApiError> {
        self.ask(caller, Ask::new(Method::DELETE, path)).await
    }

    async fn ask(&self, caller: &Caller, ask: Ask) -> Result<Reply, ApiError> {
        let patience = if ask.method == Method::GET { FOR_READING } else { FOR_CHANGING };
        let path = ask.path.clone();
        let answer = tokio::time::timeout(patience, self.send(caller, ask)).await;
        let answered = answer.map_err(|_| "it took too long".to_owned()).and_then(|answer| answer);
        let reply = answered.map_err(|cause| {
            let path = path.split('?').next().unwrap_or_default();
            tracing::warn!(path, cause, "a service did not answer");
            ApiError::Away
        })?;
        reply.or_error()
    }

    async fn send(&self, caller: &Caller, ask: Ask) -> Result<Reply, String> {
        match &*self.0 {
            Way::Remote { http, addresses } => {
                let url = format!("{}{}", addresses.of(&ask.path), ask.path);
                let request = http.request(ask.method.clone(), url).headers(ask.headers(caller, true));
                let sent = request.body(ask.body.unwrap_or_default()).send().await;
                let reply = sent.map_err(|error| error_chain(&error.without_url()))?;
                let (status, headers) = (reply.status(), reply.headers().clone());
                let body = reply.bytes().await.map_err(|error| error_chain(&error.without_url()))?;
                Ok(Reply { status, headers, body })
            }
            Way::Inside(services) => {
                let mut request = Request::new(Body::from(ask.body.clone().unwrap_or_default()));
                *request.method_mut() = ask.method.clone();
                *request.uri_mut() = ask.path.parse().map_err(|error| error_chain(&error))?;
                *request.headers_mut() = ask.headers(caller, false);
                if let Some(peer) = caller.peer {
                    request.extensions_mut().insert(ConnectInfo(peer));
                }
                let (parts, body) = match services.clone().oneshot(request).await {
                    Ok(reply) => reply.into_parts(),
                    Err(never) => match never {},
                };
                let body = axum::body::to_bytes(body, LARGEST).await.map_err(|error| error_chain(&error))?;
                Ok(Reply { status: parts.status, headers: parts.headers, body })
            }
        }
    }
}

/// The largest reply that is read: far above a page of 100 of the largest tickets.
const LARGEST: usize = 16 * 1024 * 1024;

/// What is asked.
struct Ask {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    key: Option<String>,
}

impl Ask {
    fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), body: None, key: None }
    }

    fn with(self, body: &impl Serialize) -> Self {
        Self { body: serde_json::to_vec(body).ok(), ..self }
    }

    fn headers(&self, caller: &Caller, through_a_socket: bool) -> http::HeaderMap {
        let mut headers = caller.headers(through_a_socket);
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = self.key.as_deref().and_then(|key| HeaderValue::try_from(key).ok()) {
            headers.insert("idempotency-key", key);
        }
        headers
    }
}
