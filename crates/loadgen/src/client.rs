//! Requests over HTTP, with a bound of those in flight.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::request::Request;

/// Past this time a browser's user has given up.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of the target.
pub(crate) struct Client {
    http: Http<HttpsConnector<HttpConnector>, Full<Bytes>>,
    target: String,
    permits: Semaphore,
}

/// A reply.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// 0 if there was none.
    pub(crate) status: u16,
    /// Why there was none.
    pub(crate) failure: Option<&'static str>,
    /// The cookies as the browser sends them back.
    pub(crate) cookies: Option<String>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn none(failure: &'static str) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }

    /// The body; `null` if it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn new(target: &str, connections: usize) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
        let http = Http::builder(TokioExecutor::new()).build(tls.wrap_connector(tcp));
        let permits = Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS));
        Self { http, target: target.to_owned(), permits }
    }

    /// Sends a request as soon as a connection is free, and reads the whole reply.
    pub(crate) async fn send(&self, request: &Request, cookie: Option<&str>) -> Reply {
        let Ok(_permit) = self.permits.acquire().await else { return Reply::none("closed") };
        let Ok(built) = self.build(request, cookie) else { return Reply::none("not a request") };
        let sent = async {
            let (head, body) = self.http.request(built).await.map_err(|_| "no connection")?.into_parts();
            let body = body.collect().await.map_err(|_| "connection lost")?.to_bytes();
            Ok((head, body))
        };
        match tokio::time::timeout(REQUEST_TIMEOUT, sent).await {
            Ok(Ok((head, body))) => {
                Reply { status: head.status.as_u16(), cookies: cookies(&head.headers), body, failure: None }
            }
            Ok(Err(failure)) => Reply::none(failure),
            Err(_) => Reply::none("timeout"),
        }
    }

    fn build(&self, request: &Request, cookie: Option<&str>) -> http::Result<http::Request<Full<Bytes>>> {
        // A path belongs to the target; the card processor has an address of its own.
        let base = if request.url.starts_with('/') { self.target.as_str() } else { "" };
        let mut built = http::Request::builder().uri(format!("{base}{}", request.url));
        built = built.method(request.method.clone());
        if let Some(cookie) = cookie {
            built = built.header(COOKIE, cookie);
        }
        let body = match (&request.body, &request.form) {
            (Some(json), _) => {
                built = built.header(CONTENT_TYPE, "application/json");
                json.to_string().into()
            }
            (None, Some((key, form))) => {
                built = built.header(AUTHORIZATION, format!("Bearer {key}"));
                built = built.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                form.clone().into()
            }
            (None, None) => Bytes::new(),
        };
        built.body(Full::new(body))
    }

    /// The text at an address of its own, such as a process's metrics.
    pub(crate) async fn text(&self, url: &str) -> Option<String> {
        let reply = self.send(&Request::new("metrics", Method::GET, url.to_owned(), 200), None).await;
        (reply.status == 200).then(|| String::from_utf8_lossy(&reply.body).into_owned())
    }
}

fn cookies(headers: &HeaderMap) -> Option<String> {
    let set = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next());
    let all = set.collect::<Vec<_>>().join("; ");
    (!all.is_empty()).then_some(all)
}
