//! The harness: the auth service behind its real router, and its users.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use auth::testing::Authenticator;
use auth::{Config, MasterKey};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use common::clock::SimClock;
use common::http::token::Claims;
use common::{Envelope, Event};
use mail::Message;
use mail::testing::Recorder;
use runtime::ServiceContext;
use runtime::testing::{Caller, Reply, TestService};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "vexed quartz glyph";
/// The origin of the pages.
pub(crate) const ORIGIN: &str = "https://tickets.example";
pub(crate) const PASSKEYS: &str = "/api/users/passkeys";

pub(crate) struct TestApp {
    pub(crate) service: TestService,
    pub(crate) mailer: Arc<Recorder>,
}

impl TestApp {
    /// On a new database.
    pub(crate) async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let (clock, context) = runtime::testing::context();
        Self::start_on(clock, context, config).await
    }

    pub(crate) async fn start_on(clock: SimClock, context: ServiceContext, config: Config) -> Self {
        let (mailer, key) = (Recorder::new(), master_key());
        let mail = Arc::clone(&mailer).context();
        let auth = auth::service(&context, config, key, mail).await.expect("it starts");
        let service = TestService::start_on(clock, context, auth.service, Some(auth.keys)).await;
        Self { service, mailer }
    }

    /// The events published since the last call, without those of accounts.
    pub(crate) async fn published(&self) -> Vec<Envelope> {
        let mut published = self.service.published().await;
        published.retain(|event| !matches!(event.event, Event::AccountChanged(_)));
        published
    }

    pub(crate) async fn restart(self) -> Self {
        let (clock, context) = self.service.stop().await;
        Self::start_on(clock, context, Config::default()).await
    }

    /// Signs `<name>@example.com` up and returns the token.
    pub(crate) async fn sign_up(&self, name: &str) -> String {
        let body = credentials(&format!("{name}@example.com"), PASSWORD);
        let reply = self.service.anonymous().post("/api/users/signup", body).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        token_in(&reply).expect("a cookie")
    }

    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Reply {
        let body = credentials(&format!("{name}@example.com"), password);
        self.service.anonymous().post("/api/users/signin", body).await
    }

    /// Signs in from an IP address.
    pub(crate) async fn sign_in_from(&self, peer: &str, name: &str, password: &str) -> Reply {
        self.sign_in_by(self.service.anonymous(), peer, name, password).await
    }

    /// Signs in from an IP address, with the headers of this caller.
    pub(crate) async fn sign_in_by(&self, by: Caller, peer: &str, name: &str, password: &str) -> Reply {
        let body = credentials(&format!("{name}@example.com"), password);
        self.post_from(by, peer, "/api/users/signin", &body).await
    }

    /// Posts from an IP address.
    pub(crate) async fn post_from(&self, by: Caller, peer: &str, path: &str, body: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        let mut request = request.body(Body::from(body.to_string())).expect("a request");
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        request.extensions_mut().insert(ConnectInfo(peer));
        by.send(request).await
    }

    /// Sends requests with this token.
    pub(crate) fn with_token(&self, token: &str) -> Caller {
        self.service.anonymous().header("cookie", &format!("session={token}"))
    }

    /// Adds a passkey to the account of this token.
    pub(crate) async fn passkey(&self, token: &str) -> Authenticator {
        let caller = self.with_token(token);
        let options = caller.post("/api/users/passkeys/options", Value::Null).await.json;
        let mut authenticator = Authenticator::new(ORIGIN);
        let body = json!({ "credential": authenticator.register(&options) });
        let reply = caller.post(PASSKEYS, body).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        authenticator
    }

    /// The challenge of a new sign-in with a passkey.
    pub(crate) async fn sign_in_challenge(&self) -> Value {
        let caller = self.service.anonymous();
        let reply = caller.post("/api/users/signin/passkey/options", Value::Null).await;
        reply.json["publicKey"]["challenge"].clone()
    }

    /// The emails that were sent to this address so far, oldest first.
    pub(crate) async fn emails_to(&self, address: &str) -> Vec<Message> {
        // A request of a new password waits so long.
        self.service.clock.advance(Duration::from_millis(500));
        self.service.settle().await;
        self.mailer.to(address)
    }

    /// The token of the last link that was sent to this address.
    pub(crate) async fn link_token(&self, address: &str) -> String {
        let emails = self.emails_to(address).await;
        let tokens = emails.iter().rev().filter_map(|email| email.text.split("?token=").nth(1));
        let token = tokens.flat_map(str::split_whitespace).next();
        token.expect("an email with a link").to_owned()
    }

    pub(crate) async fn current_user(&self, token: &str) -> Reply {
        let reply = self.with_token(token).get("/api/users/currentuser").await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply
    }
}

/// The key that encrypts auth's secrets.
pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_bytes([1; 32])
}

pub(crate) fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

/// The token in the reply's cookie; empty if the reply removes the cookie, `None` if it sets none.
pub(crate) fn token_in(reply: &Reply) -> Option<String> {
    let cookie = reply.header("set-cookie").strip_prefix("session=")?;
    cookie.split(';').next().map(str::to_owned)
}

pub(crate) fn claims_of(token: &str) -> Claims {
    jsonwebtoken::dangerous::insecure_decode(token).expect("a token").claims
}
