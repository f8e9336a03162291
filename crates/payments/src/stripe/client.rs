//! How a request reaches Stripe and what comes back, in our words: once, within a time, and with `Retry-After`.

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

use super::Failure;
use super::failure::answered;
use crate::config::ConfigError;

/// Stripe itself.
const STRIPE: &str = "https://api.stripe.com";

/// How long Stripe may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

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
        // A connection that has lain idle may be dead, and a request on it lost: nobody could tell whether it arrived.
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

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Failure> {
        let reply = self.http.request(request).await.map_err(|error| broken(&error))?;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
        if parts.status.is_success() {
            return Ok(body);
        }
        Err(answered(parts.status.as_u16(), &body, retry_after(&parts.headers)))
    }
}

impl StripeClient for Client {
    type Err = Failure;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, Failure> {
        let (request, adjusted) = request.into_pieces();
        let request = self.request(request, adjusted.request_strategy.as_ref());
        let request = request.map_err(|error| Failure::away(error.to_string()))?;
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        answer.unwrap_or_else(|_| Err(Failure::away("no answer in time")))
    }
}

impl StripeClientErr for Failure {
    /// A reply of a newer API than the client knows.
    fn deserialize_err(words: impl std::fmt::Display) -> Self {
        Self::away(format!("an unreadable answer: {words}"))
    }
}

/// No connection, or it broke: it is not known whether the request arrived.
fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::away(format!("no connection: {}", common::error_chain(error)))
}

/// For how long Stripe wants to be left alone. Stripe says it in seconds; the other form, a date, is passed over.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
