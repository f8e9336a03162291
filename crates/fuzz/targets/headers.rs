//! The headers of a request: cookies, forwarded addresses, ids, trace contexts, conditions, origins. An input is one
//! header a line, `name: value`.

#![no_main]

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::routing::post;
use axum::{Json, Router};
use common::http::token::{KeysUnavailable, VerifyingKeys};
use common::http::{
    ClientAddress, CurrentUser, HttpContext, HttpSettings, IfMatch, MiddlewareStack, Sessions, VerifiedEmail,
    current_request_id,
};
use common::{Problem, trace};
use futures::future::BoxFuture;
use http::{HeaderName, Request};
use jsonwebtoken::DecodingKey;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// No key: every token is a foreign one.
struct NoKeys;

impl VerifyingKeys for NoKeys {
    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        Box::pin(async { Ok(None) })
    }
}

async fn answer(
    ClientAddress(address): ClientAddress,
    user: Option<CurrentUser>,
    seen: IfMatch,
) -> Result<Json<Value>, Problem> {
    assert!(user.is_none(), "no token is valid");
    seen.check(7)?;
    assert_eq!(address, address.to_canonical());
    Ok(Json(json!({ "id": current_request_id(), "trace": trace::current() })))
}

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let (_, context) = runtime::testing::context();
    let context = HttpContext::new(HttpSettings {
        service: "fuzz",
        clock: context.clock,
        ids: context.ids,
        sessions: Sessions::new(Arc::new(NoKeys)),
        public_url: Some("https://tickets.example".to_owned()),
        trusted_proxies: vec![
            "0.0.0.0/0".parse().expect("a network"),
            "10.0.0.0/8".parse().expect("a network"),
        ],
        max_writes: 120,
        max_streams: 20,
        verified_email: VerifiedEmail::Both,
    });
    MiddlewareStack::new(context, &[]).wrap(Router::new().route("/", post(answer)))
});
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

fuzz_target!(|data: &[u8]| {
    let mut request = Request::post("/").body(Body::empty()).expect("a request");
    for line in data.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]).ok();
        if let Some((name, value)) = name.zip(fuzz::header(line[colon + 1..].trim_ascii())) {
            request.headers_mut().append(name, value);
        }
    }
    let reply = RUNTIME.block_on(ROUTER.clone().oneshot(request)).expect("a reply");
    assert!(reply.status().as_u16() < 500, "{reply:?}");
    let id = reply.headers()["x-request-id"].as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    assert!((1..=64).contains(&id.len()) && id.iter().all(is_plain), "{id:?}");
});
