//! The API of the services, called over HTTP or in the same process.

mod caller;
mod reply;
mod service_urls;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use common::error_chain;
use common::http::MiddlewareStack;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

pub(crate) use caller::Caller;
pub(crate) use reply::{ApiError, ListReply, Refusal, Reply};
pub use service_urls::ServiceUrls;

/// A client of the services. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Transport>);

enum Transport {
    /// Each service at a URL of its own.
    Http { http: reqwest::Client, urls: ServiceUrls },
    /// All services behind one router of this process.
    InProcess(Router),
}

/// The time that rendering keeps after all calls.
const RENDER_MARGIN: Duration = Duration::from_secs(3);

/// Short, since a page renders without the parts whose service is slow.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// Ends before the request timeout, so that the reply is the page's own error and not the middleware's.
const WRITE_TIMEOUT: Duration =
    MiddlewareStack::REQUEST_TIMEOUT.saturating_sub(RENDER_MARGIN).saturating_sub(READ_TIMEOUT);

/// Far above a list page of 100 of the largest tickets.
const MAX_REPLY_BYTES: usize = 16 * 1024 * 1024;

impl Api {
    /// A client of services at URLs of their own.
    pub fn over_http(urls: ServiceUrls) -> Self {
        Self(Arc::new(Transport::Http { http: reqwest::Client::new(), urls }))
    }

    /// A client of services in this process: `services` has all their routes.
    pub fn in_process(services: Router) -> Self {
        Self(Arc::new(Transport::InProcess(services)))
    }

    pub(crate) async fn get(&self, caller: &Caller, path: &str) -> Result<Reply, ApiError> {
        self.call(caller, ApiRequest::new(Method::GET, path)).await
    }

    /// Reads one page of a list: its items, `None` while the service is unavailable, and the cursor of the next page.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        path: &str,
    ) -> Result<(Option<Vec<T>>, Option<String>), ApiError> {
        match self.get(caller, path).await.and_then(|reply| reply.json::<ListReply<T>>()) {
            Ok(list) => Ok((Some(list.items), list.next)),
            Err(ApiError::Unavailable) => Ok((None, None)),
            Err(refused) => Err(refused),
        }
    }

    pub(crate) async fn post(
        &self,
        caller: &Caller,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        self.call(caller, ApiRequest::new(Method::POST, path).json(body)).await
    }

    /// Posts under an idempotency key.
    pub(crate) async fn post_once(
        &self,
        caller: &Caller,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        let request = ApiRequest::new(Method::POST, path).json(body);
        self.call(caller, ApiRequest { idempotency_key: key.map(str::to_owned), ..request }).await
    }

    pub(crate) async fn put(
        &self,
        caller: &Caller,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        self.call(caller, ApiRequest::new(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, caller: &Caller, path: &str) -> Result<Reply, ApiError> {
        self.call(caller, ApiRequest::new(Method::DELETE, path)).await
    }

    pub(crate) async fn delete_with(
        &self,
        caller: &Caller,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, ApiError> {
        self.call(caller, ApiRequest::new(Method::DELETE, path).json(body)).await
    }

    async fn call(&self, caller: &Caller, request: ApiRequest) -> Result<Reply, ApiError> {
        let timeout = if request.method == Method::GET { READ_TIMEOUT } else { WRITE_TIMEOUT };
        let path = request.path.clone();
        let result = tokio::time::timeout(timeout, self.send(caller, request)).await;
        let result = result.map_err(|_| "timed out".to_owned()).and_then(|sent| sent);
        let reply = result.map_err(|cause| {
            let path = path.split('?').next().unwrap_or_default();
            tracing::warn!(path, cause, "a service is unavailable");
            ApiError::Unavailable
        })?;
        reply.into_result()
    }

    async fn send(&self, caller: &Caller, request: ApiRequest) -> Result<Reply, String> {
        match &*self.0 {
            Transport::Http { http, urls } => {
                let url = format!("{}{}", urls.for_path(&request.path), request.path);
                let call = http.request(request.method.clone(), url).headers(request.headers(caller, true));
                let sent = call.body(request.body.unwrap_or_default()).send().await;
                let reply = sent.map_err(|error| error_chain(&error.without_url()))?;
                let (status, headers) = (reply.status(), reply.headers().clone());
                let body = reply.bytes().await.map_err(|error| error_chain(&error.without_url()))?;
                Ok(Reply { status, headers, body })
            }
            Transport::InProcess(services) => {
                let mut call = Request::new(Body::from(request.body.clone().unwrap_or_default()));
                *call.method_mut() = request.method.clone();
                *call.uri_mut() = request.path.parse().map_err(|error| error_chain(&error))?;
                *call.headers_mut() = request.headers(caller, false);
                if let Some(peer) = caller.peer {
                    call.extensions_mut().insert(ConnectInfo(peer));
                }
                let (parts, body) = match services.clone().oneshot(call).await {
                    Ok(reply) => reply.into_parts(),
                    Err(never) => match never {},
                };
                let body = to_bytes(body, MAX_REPLY_BYTES).await.map_err(|error| error_chain(&error))?;
                Ok(Reply { status: parts.status, headers: parts.headers, body })
            }
        }
    }
}

struct ApiRequest {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    idempotency_key: Option<String>,
}

impl ApiRequest {
    fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), body: None, idempotency_key: None }
    }

    fn json(self, body: &impl Serialize) -> Self {
        Self { body: serde_json::to_vec(body).ok(), ..self }
    }

    fn headers(&self, caller: &Caller, over_http: bool) -> HeaderMap {
        let mut headers = caller.headers(over_http);
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = self.idempotency_key.as_deref().and_then(|key| HeaderValue::try_from(key).ok()) {
            headers.insert("idempotency-key", key);
        }
        headers
    }
}
