//! Requests, raw requests, and the checks of every reply.

use std::io::{Read, Write};
use std::net::TcpStream;

use e2e::{Endpoints, Reply};
use reqwest::Method;
use serde_json::Value;

const MEMBERS: [&str; 7] = ["code", "detail", "errors", "requestId", "status", "title", "type"];

const SECURITY: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
];

/// A request, which a test may spoil.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The operation in the `OpenAPI` description, if it has one.
    pub(crate) operation: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        let (method, path) = (method.to_owned(), path.into());
        Self { method, path, operation: None, headers: Vec::new(), body: Vec::new() }
    }

    /// Sets this header.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    #[must_use]
    pub(crate) fn by(self, cookie: &str) -> Self {
        if cookie.is_empty() { self.without("cookie") } else { self.header("cookie", cookie) }
    }

    #[must_use]
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    #[must_use]
    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    #[must_use]
    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    pub(crate) async fn send(&self, endpoints: &Endpoints) -> Reply {
        let method: Method = self.method.parse().expect("a method");
        let mut request = endpoints.http.request(method, format!("{}{}", endpoints.marketplace, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        Endpoints::send(request).await
    }
}

/// Sends a request byte by byte that no HTTP client sends. Returns the status and the body.
pub(crate) async fn send_raw(endpoints: &Endpoints, bytes: Vec<u8>) -> (u16, String) {
    let address = endpoints.marketplace.trim_start_matches("http://").to_owned();
    let exchange = move || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&bytes)?;
        let mut reply = Vec::new();
        // The connection may be reset once the reply is out, since the rest of the request is never read.
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut part) {
            reply.extend_from_slice(&part[..read]);
        }
        Ok(reply)
    };
    let reply = tokio::task::spawn_blocking(exchange).await.expect("no panic").expect("a connection");
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, body.to_owned())
}

/// Asserts what holds for every reply: its headers, no 500, and a complete problem for a refusal.
pub(crate) fn check_reply(what: &str, reply: &Reply) {
    assert!(reply.status != 0 && reply.status != 500, "{what}: {} {}", reply.status, reply.json);
    for (name, value) in SECURITY {
        assert_eq!(reply.header(name), value, "{what}: {name}");
    }
    assert!(!reply.header("permissions-policy").is_empty(), "{what}: no Permissions-Policy");
    assert!(!reply.header("x-request-id").is_empty(), "{what}: no x-request-id");
    assert!(!reply.header("cache-control").is_empty(), "{what}: no Cache-Control");
    if reply.status >= 400 {
        check_problem(what, reply);
    }
}

fn check_problem(what: &str, reply: &Reply) {
    let what = format!("{what}: {} {}", reply.status, reply.json);
    assert_eq!(reply.header("content-type"), "application/problem+json", "{what}");
    assert_eq!(reply.header("cache-control"), "private, no-store", "{what}");
    let members: Vec<&str> = reply.json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members, MEMBERS, "{what}");
    assert_eq!(reply.json["status"], reply.status, "{what}");
    if reply.header("idempotent-replayed").is_empty() {
        assert_eq!(reply.json["requestId"], reply.header("x-request-id"), "{what}");
    }
    for member in ["type", "title", "detail"] {
        assert!(reply.json[member].as_str().is_some_and(|words| !words.is_empty()), "{what}: {member}");
    }
    let code = reply.text("code");
    let is_kebab =
        code.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
    assert!(is_kebab, "{what}: {code}");
    let errors = reply.json["errors"].as_array().expect("a list of errors");
    assert!(!errors.is_empty(), "{what}");
    for error in errors {
        assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "{what}");
        let known = |name: &String| name == "message" || (name == "field" && error["field"].is_string());
        assert!(error.as_object().expect("an object").keys().all(known), "{what}");
    }
    if matches!(reply.status, 429 | 503) {
        assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{what}");
    }
}

/// The fields of a refusal's errors.
pub(crate) fn fields(reply: &Reply) -> Vec<String> {
    let errors = reply.json["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error["field"].as_str().map(str::to_owned)).collect()
}

/// Asserts a refusal with this status and code.
pub(crate) fn assert_refused(what: &str, reply: &Reply, status: u16, code: &str) {
    let got = (reply.status, reply.json["code"].as_str().unwrap_or_default());
    assert_eq!(got, (status, code), "{what}: {}", reply.json);
}
