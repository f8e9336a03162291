//! The endpoints of a marketplace, and requests to them.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// The endpoints of a marketplace and of its Stripe simulator.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// `http://host:port` of the marketplace.
    pub marketplace: String,
    /// `http://host:port` of the simulator.
    pub stripe: String,
    /// Sends the requests.
    pub http: reqwest::Client,
}

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status; 0 if there was no reply at all.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `null` if it is not JSON.
    pub json: Value,
}

impl Reply {
    fn none() -> Self {
        Self { status: 0, headers: HeaderMap::new(), json: Value::Null }
    }

    /// A text field of the body.
    ///
    /// # Panics
    /// The body has no such text.
    pub fn text(&self, field: &str) -> String {
        self.json[field]
            .as_str()
            .unwrap_or_else(|| panic!("no `{field}` in {} {}", self.status, self.json))
            .to_owned()
    }

    /// A header as text; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Endpoints {
    /// The endpoints at these addresses.
    pub fn new(marketplace: impl Into<String>, stripe: impl Into<String>) -> Self {
        Self { marketplace: marketplace.into(), stripe: stripe.into(), http: reqwest::Client::new() }
    }

    /// Sends a request. A connection error becomes a reply of status 0.
    pub async fn send(request: reqwest::RequestBuilder) -> Reply {
        let Ok(response) = request.send().await else { return Reply::none() };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // An event stream does not end.
        if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return Reply { status, headers, json: Value::Null };
        }
        let Ok(body) = response.bytes().await else { return Reply::none() };
        Reply { status, headers, json: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    /// `GET` without a session.
    pub async fn get(&self, path: &str) -> Reply {
        Self::send(self.http.get(format!("{}{path}", self.marketplace))).await
    }

    /// `GET` from the simulator with the secret key.
    pub async fn stripe_get(&self, path: &str) -> Reply {
        Self::send(self.http.get(format!("{}{path}", self.stripe)).bearer_auth("sk_test_sim")).await
    }

    /// Sets faults of the simulator.
    ///
    /// # Panics
    /// The simulator refuses them.
    pub async fn stripe_faults(&self, faults: Value) {
        let reply = Self::send(self.http.post(format!("{}/sim/faults", self.stripe)).json(&faults)).await;
        assert!((200..300).contains(&reply.status), "{} {}", reply.status, reply.json);
    }
}
