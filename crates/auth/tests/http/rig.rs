//! The service at work, and people who use it.

use std::net::SocketAddr;

use auth::Config;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use common::http::token::Claims;
use runtime::testing::{Caller, Reply, TestService};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "vexed quartz glyph";

/// The service on a new database.
pub(crate) async fn start() -> TestService {
    start_with(Config::default()).await
}

pub(crate) async fn start_with(config: Config) -> TestService {
    let (clock, context) = runtime::testing::context();
    let auth = auth::start(&context, config).await.expect("it starts");
    TestService::start_on(clock, context, auth.service, Some(auth.keys)).await
}

/// The same service after a restart.
pub(crate) async fn restart(service: TestService) -> TestService {
    let (clock, context) = service.stop().await;
    let auth = auth::start(&context, Config::default()).await.expect("it starts");
    TestService::start_on(clock, context, auth.service, Some(auth.keys)).await
}

pub(crate) fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

/// Signs `<name>@example.com` up and returns the token.
pub(crate) async fn sign_up(service: &TestService, name: &str) -> String {
    let body = credentials(&format!("{name}@example.com"), PASSWORD);
    let reply = service.anonymous().post("/api/users/signup", body).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    token(&reply).expect("a cookie")
}

pub(crate) async fn sign_in(service: &TestService, name: &str, password: &str) -> Reply {
    let body = credentials(&format!("{name}@example.com"), password);
    service.anonymous().post("/api/users/signin", body).await
}

/// Signs in from an address.
pub(crate) async fn sign_in_from(service: &TestService, peer: &str, name: &str, password: &str) -> Reply {
    let body = credentials(&format!("{name}@example.com"), password).to_string();
    let mut request = Request::post("/api/users/signin")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("a request");
    let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    service.anonymous().send(request).await
}

/// Sends requests with this token.
pub(crate) fn with(service: &TestService, token: &str) -> Caller {
    service.anonymous().header("cookie", &format!("session={token}"))
}

pub(crate) async fn current_user(service: &TestService, token: &str) -> Reply {
    let reply = with(service, token).get("/api/users/currentuser").await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply
}

/// The token of the reply's cookie. `None`: it sets no cookie. An empty one takes the cookie away.
pub(crate) fn token(reply: &Reply) -> Option<String> {
    let cookie = reply.header("set-cookie").strip_prefix("session=")?;
    cookie.split(';').next().map(str::to_owned)
}

pub(crate) fn claims(token: &str) -> Claims {
    jsonwebtoken::dangerous::insecure_decode(token).expect("a token").claims
}
