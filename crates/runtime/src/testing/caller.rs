//! A client of a router.

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::EventStream;

/// A client that sends its headers with every request.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    headers: Vec<(String, String)>,
}

/// A complete reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `null` if the body is not JSON.
    pub json: Value,
    /// The body as bytes.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header as text; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The problem's code; empty without one.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// The fields that the problem names.
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["field"].as_str()).collect()
    }
}

impl Caller {
    pub(super) fn new(router: Router, token: Option<String>) -> Self {
        let headers = token.map(|token| (COOKIE.to_string(), format!("session={token}")));
        Self { router, headers: headers.into_iter().collect() }
    }

    /// The same caller with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, None).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request(Method::POST, path, Some(body)).await
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.request(Method::PUT, path, Some(body)).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Reply {
        self.request(Method::DELETE, path, None).await
    }

    /// Any method, with or without a JSON body.
    ///
    /// # Panics
    /// The path is invalid.
    pub async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let builder = Request::builder().method(method).uri(path);
        let request = match body {
            Some(body) => builder.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => builder.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }

    /// `GET` of an event stream.
    ///
    /// # Panics
    /// The path is invalid.
    pub async fn watch(&self, path: &str) -> EventStream {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        EventStream::new(self.response(request).await)
    }

    /// Any request; the client's headers are added to it.
    ///
    /// # Panics
    /// A header is invalid, or the reply is incomplete.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.response(request).await.into_parts();
        let body = body.collect().await.expect("a complete body").to_bytes().to_vec();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Reply { status: parts.status.as_u16(), headers: parts.headers, json, body }
    }

    async fn response(&self, mut request: Request<Body>) -> Response<Body> {
        for (name, value) in &self.headers {
            let name: http::HeaderName = name.parse().expect("a header's name");
            request.headers_mut().append(name, value.parse().expect("a header's value"));
        }
        self.router.clone().oneshot(request).await.expect("a router always answers")
    }
}
