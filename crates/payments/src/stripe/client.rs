//! The HTTP client of Stripe's API: each request has a timeout and reports `Retry-After`, which async-stripe's own client
//! hides. Connections are reused, since a new one costs a TLS handshake.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use stripe_client_core::{
    CustomizedStripeRequest, RequestBuilder, RequestStrategy, StripeClient, StripeClientErr, StripeMethod,
    VERSION,
};
use tracing::{Instrument, debug_span};

use super::StripeError;
use super::error::error_of;
use crate::config::ConfigError;

/// Stripe's own address.
const STRIPE: &str = "https://api.stripe.com";

/// The timeout of a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept: less than servers and load balancers keep theirs, mostly 60 seconds or more.
const CONNECTION_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest number of idle connections: as many as the steps in flight.
const MAX_IDLE_CONNECTIONS: usize = 32;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A client of Stripe's API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: Http<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    key: HeaderValue,
}

impl Client {
    /// A client with this key; `url`: another address than Stripe's own.
    pub(super) fn new(secret_key: &str, url: Option<&str>) -> Result<Self, ConfigError> {
        let url = url.unwrap_or(STRIPE).trim_end_matches('/').to_owned();
        url.parse::<http::Uri>().ok().filter(|url| url.host().is_some()).ok_or(ConfigError::Client)?;
        let mut key =
            HeaderValue::try_from(format!("Bearer {secret_key}")).map_err(|_| ConfigError::Client)?;
        key.set_sensitive(true);
        let tls = HttpsConnectorBuilder::new().with_webpki_roots();
        // Not HTTP/2: its one connection would be used again after calls without a reply. A connection of HTTP/1.1 is
        // closed with such a call.
        let connector = tls.https_or_http().enable_http1().build();
        let http = Http::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(CONNECTION_IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .build(connector);
        Ok(Self { http, url, key })
    }

    fn request(
        &self,
        request: RequestBuilder,
        strategy: Option<&RequestStrategy>,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut built = Request::builder()
            .method(method)
            .uri(format!("{}/v1{}{query}", self.url, request.path))
            .header(AUTHORIZATION, self.key.clone())
            .header(USER_AGENT, concat!("ticketing-payments/", env!("CARGO_PKG_VERSION")))
            .header("stripe-version", VERSION.as_str());
        if let Some(RequestStrategy::Idempotent(key)) = strategy {
            built = built.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if request.body.is_some() {
            built = built.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        built.body(Full::from(request.body.unwrap_or_default()))
    }

    /// Sends a request, once more on another connection if the first breaks and Stripe performs the call at most once.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, StripeError> {
        let is_repeatable =
            request.method() == Method::GET || request.headers().contains_key(IDEMPOTENCY_KEY);
        let mut reply = self.http.request(request.clone()).await;
        // A server may close an idle connection in the moment of its reuse.
        if is_repeatable && reply.as_ref().is_err_and(|error| !error.is_connect()) {
            reply = self.http.request(request).await;
        }
        let reply = reply.map_err(|error| broken(&error))?;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
        if parts.status.is_success() {
            return Ok(body);
        }
        Err(error_of(parts.status.as_u16(), &body, retry_after(&parts.headers)))
    }
}

impl StripeClient for Client {
    type Err = StripeError;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, StripeError> {
        let (request, adjusted) = request.into_pieces();
        let span = debug_span!("stripe", method = ?request.method, path = request.path);
        let request = self.request(request, adjusted.request_strategy.as_ref());
        let request = request.map_err(|error| StripeError::unavailable(error.to_string()))?;
        let reply = tokio::time::timeout(CALL_TIMEOUT, self.exchange(request)).instrument(span).await;
        reply.unwrap_or_else(|_| Err(StripeError::unavailable("no reply within the timeout")))
    }
}

impl StripeClientErr for StripeError {
    /// A reply that the client cannot read.
    fn deserialize_err(words: impl std::fmt::Display) -> Self {
        Self::unavailable(format!("an unreadable reply: {words}"))
    }
}

/// No connection, or a broken one: whether the request arrived is unknown.
fn broken(error: &(dyn std::error::Error + 'static)) -> StripeError {
    StripeError::unavailable(format!("no connection: {}", common::error_chain(error)))
}

/// Stripe sends `Retry-After` in seconds; the other form, a date, is ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Replies to the first request of each connection, and closes the connection when the second one has arrived.
    async fn close_at_the_second_request(listener: TcpListener, connections: &AtomicUsize) {
        while let Ok((mut connection, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            assert!(connection.read(&mut request).await.expect("the first request") > 0);
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            connection.write_all(reply).await.expect("it is sent");
            assert!(connection.read(&mut request).await.expect("the second request") > 0);
        }
    }

    #[tokio::test]
    async fn a_call_on_a_connection_that_closes_is_repeated_if_it_is_performed_at_most_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let client = Client::new("sk_test_sim", Some(&url)).expect("a client");
        let connections = AtomicUsize::new(0);
        let calls = async {
            let call = async |method: &Method, key: Option<&str>| {
                let request = Request::builder().method(method).uri(format!("{url}/v1/refunds"));
                let request =
                    key.into_iter().fold(request, |request, key| request.header(IDEMPOTENCY_KEY, key));
                let reply = client.exchange(request.body(Full::default()).expect("a request")).await;
                (reply.is_ok(), connections.load(Ordering::SeqCst))
            };
            assert_eq!(call(&Method::GET, None).await, (true, 1));
            assert_eq!(call(&Method::GET, None).await, (true, 2), "on a connection of its own");
            assert_eq!(call(&Method::POST, Some("a key")).await, (true, 3), "on a connection of its own");
            assert_eq!(call(&Method::POST, None).await, (false, 3), "it may have been performed");
        };
        tokio::select! {
            () = close_at_the_second_request(listener, &connections) => panic!("the server ended"),
            () = calls => {}
        }
    }
}
