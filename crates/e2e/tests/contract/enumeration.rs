//! Every operation of the `OpenAPI` documents with every kind of credential. What each must answer is derived from the
//! document, so a new operation is covered without a change here, or fails for want of a row in the table of routes.

use std::time::Duration;

use common::http::VerifiedEmail;
use e2e::Reply;
use serde_json::{Value, json};

use crate::credentials::bad_credentials;
use crate::fixture::{Fixture, UNKNOWN_ID, documents};
use crate::http::{Request, assert_refused};
use crate::routes::{Route, route};

/// A moment longer than an authentication counts as recent.
const STALE_AGE: Duration = Duration::from_secs(10 * 60 + 1);

/// The operations of all services, in a fixed order.
fn operations(fixture: &Fixture) -> Vec<(String, Value)> {
    let mut all: Vec<_> = fixture.operations.clone().into_iter().collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(all.len() > 30, "{}", all.len());
    all
}

fn needs_session(operation: &Value) -> bool {
    operation["security"] == json!([{ "session": [] }])
}

/// A request that names the operation and nothing that exists.
fn bare(name: &str, operation: &Value) -> Request {
    let (method, path) = name.split_once(' ').expect("a method and a path");
    let mut request = Request::new(method, path.replace("{id}", UNKNOWN_ID));
    request.operation = Some(name.to_owned());
    if operation["requestBody"].is_object() { request.json(&json!({})) } else { request }
}

/// The row of an operation.
fn row(name: &str) -> &'static Route {
    let (method, path) = name.split_once(' ').expect("a method and a path");
    route(method, path)
}

fn class(reply: &Reply) -> (u16, Value) {
    (reply.status, reply.json["code"].clone())
}

#[tokio::test]
async fn no_bad_credential_opens_more_than_none() {
    let fixture = Fixture::new().await;
    let credentials = bad_credentials(&fixture).await;
    let before = fixture.state().await;
    for (kind, cookie) in &credentials {
        let reply = fixture.send(&Request::new("GET", "/api/users/currentuser").by(cookie)).await;
        let is_renewed = *kind == "an expired token";
        assert_eq!(reply.json["currentUser"].is_object(), is_renewed, "{kind}: {}", reply.json);
    }
    for (name, operation) in operations(&fixture) {
        let request = bare(&name, &operation);
        let anonymous = fixture.send(&request).await;
        for (kind, cookie) in &credentials {
            let (what, reply) =
                (format!("{name} with {kind}"), fixture.send(&request.clone().by(cookie)).await);
            if needs_session(&operation) {
                assert_refused(&what, &reply, 401, "not-signed-in");
            } else {
                assert_eq!(class(&reply), class(&anonymous), "{what}");
                assert_ne!(reply.json["code"], "not-signed-in", "{what}: its document requires no session");
            }
        }
    }
    assert_eq!(fixture.state().await, before);
    fixture.world.finish().await;
}

#[tokio::test]
async fn another_persons_thing_opens_to_its_owner_alone() {
    let fixture = Fixture::new().await;
    for (name, operation) in operations(&fixture).into_iter().filter(|(_, one)| needs_session(one)) {
        let is_private = documents(&operation, "403", "not-yours");
        let has_id = name.contains("{id}");
        if !is_private && !has_id {
            continue;
        }
        let route = row(&name);
        let request = fixture.request(route).await;
        let before = fixture.state().await;
        let reply = fixture.send(&request.clone().by(&fixture.stranger.cookie())).await;
        let (status, code) = if is_private { (403, "not-yours") } else { (404, "not-found") };
        assert_refused(&name, &reply, status, code);
        assert_eq!(fixture.state().await, before, "{name}");
        let reply = fixture.send(&request).await;
        assert!((200..300).contains(&reply.status), "{name}: {} {}", reply.status, reply.json);
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_authentication_that_is_stale_gets_what_the_document_says() {
    let fixture = Fixture::new().await;
    fixture.world.advance(STALE_AGE).await;
    // Renews the token of the session.
    assert_eq!(fixture.buyer.get("/api/users/currentuser").await.json["currentUser"]["id"], fixture.buyer.id);
    let before = fixture.state().await;
    let mut refused = 0;
    for (name, operation) in operations(&fixture).into_iter().filter(|(_, one)| needs_session(one)) {
        let reply = fixture.send(&bare(&name, &operation).by(&fixture.buyer.cookie())).await;
        let is_refused = reply.json["code"] == "reauthentication-required";
        assert_eq!(
            is_refused,
            documents(&operation, "403", "reauthentication-required"),
            "{name}: {}",
            reply.json
        );
        refused += usize::from(is_refused);
    }
    assert!(refused > 0);
    assert_eq!(fixture.state().await, before);
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_unverified_account_gets_what_the_document_says() {
    let fixture = Fixture::with_verified_people(VerifiedEmail::Both).await;
    let mut refused = Vec::new();
    for (name, operation) in operations(&fixture).into_iter().filter(|(_, one)| needs_session(one)) {
        let route = row(&name);
        let cookie = fixture.unverified_cookie(route).to_owned();
        let request = fixture.request(route).await;
        let request = if route.needs_own_account() { request } else { request.by(&cookie) };
        let reply = fixture.send(&request).await;
        if documents(&operation, "403", "email-not-verified") {
            assert_refused(&name, &reply, 403, "email-not-verified");
            refused.push(name);
        } else {
            let is_open = (200..300).contains(&reply.status) || reply.json["code"] == "already-verified";
            assert!(is_open, "{name}: {} {}", reply.status, reply.json);
        }
    }
    let expected = ["POST /api/orders", "POST /api/payments", "POST /api/tickets", "PUT /api/tickets/{id}"];
    assert_eq!(refused, expected);
    fixture.world.finish().await;
}
