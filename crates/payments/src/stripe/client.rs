//! The HTTP client of Stripe's API: each request is sent once, has a timeout, and reports `Retry-After`, which
//! async-stripe's own client hides.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use stripe_client_core::{
    CustomizedStripeRequest, RequestBuilder, RequestStrategy, StripeClient, StripeClientErr, StripeMethod,
    VERSION,
};

use super::StripeError;
use super::error::error_of;
use crate::config::ConfigError;

/// Stripe's own address.
const STRIPE: &str = "https://api.stripe.com";

/// The timeout of a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

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
        let connector = tls.https_or_http().enable_http1().enable_http2().build();
        // No idle connections: a request lost on a stale one would leave open whether Stripe received it.
        let http = Http::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
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
            built = built.header("idempotency-key", key.as_str());
        }
        if request.body.is_some() {
            built = built.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        built.body(Full::from(request.body.unwrap_or_default()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, StripeError> {
        let reply = self.http.request(request).await.map_err(|error| broken(&error))?;
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
        let request = self.request(request, adjusted.request_strategy.as_ref());
        let request = request.map_err(|error| StripeError::unavailable(error.to_string()))?;
        let reply = tokio::time::timeout(CALL_TIMEOUT, self.exchange(request)).await;
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
