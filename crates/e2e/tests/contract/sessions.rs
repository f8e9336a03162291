//! The session cookie: its attributes, its lifetime, and cookies that are refused.

use std::time::Duration;

use e2e::{Person, Reply};
use runtime::HttpOptions;
use serde_json::json;

use crate::fixture::Fixture;
use crate::forgery::SignedToken;
use crate::http::{Request, assert_refused};
use crate::routes::{ROUTES, route};

/// The name, whether there is a value, and the sorted attributes of the cookie that a reply sets.
fn cookie(reply: &Reply) -> (String, bool, Vec<String>) {
    let mut parts = reply.header("set-cookie").split(';').map(str::trim);
    let (name, value) = parts.next().unwrap_or_default().split_once('=').unwrap_or_default();
    let mut attributes: Vec<_> = parts.map(str::to_owned).collect();
    attributes.sort();
    (name.to_owned(), !value.is_empty(), attributes)
}

async fn sign_in(fixture: &Fixture) -> Reply {
    let body = json!({ "email": fixture.buyer.email, "password": Person::PASSWORD });
    fixture.send(&Request::new("POST", "/api/users/signin").json(&body)).await
}

#[tokio::test]
async fn the_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites() {
    let https =
        HttpOptions { public_url: Some("https://tickets.example".to_owned()), ..HttpOptions::default() };
    let bare = ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"].map(str::to_owned).to_vec();
    let secure = [bare.clone(), vec!["Secure".to_owned()]].concat();
    for (options, name, attributes) in
        [(HttpOptions::default(), "session", bare), (https, "__Host-session", secure)]
    {
        let fixture = Fixture::with(options).await;
        let fresh = fixture.request(route("POST", "/api/users/signup")).await;
        for reply in [sign_in(&fixture).await, fixture.send(&fresh).await] {
            assert_eq!(cookie(&reply), (name.to_owned(), true, attributes.clone()));
        }
        let session = fixture.new_session(&fixture.buyer).await;
        let out = fixture.send(&Request::new("POST", "/api/users/signout").by(&session)).await;
        let (cleared, has_value, given) = cookie(&out);
        assert_eq!((cleared.as_str(), has_value), (name, false));
        assert!(given.contains(&"Max-Age=0".to_owned()) && given.len() == attributes.len(), "{given:?}");
        fixture.world.finish().await;
    }
}

#[tokio::test]
async fn behind_https_only_the_cookie_that_is_bound_to_the_host_counts() {
    let https =
        HttpOptions { public_url: Some("https://tickets.example".to_owned()), ..HttpOptions::default() };
    let fixture = Fixture::with(https).await;
    let cookie = fixture.buyer.cookie();
    let request = Request::new("GET", "/api/orders");
    assert_eq!(fixture.send(&request.clone().by(&cookie)).await.status, 200);
    let loose = cookie.replace("__Host-session", "session");
    assert_refused("a loose cookie", &fixture.send(&request.by(&loose)).await, 401, "not-signed-in");
    fixture.world.finish().await;
}

#[tokio::test]
async fn the_cookie_is_found_among_others() {
    let fixture = Fixture::new().await;
    let cookie = fixture.buyer.cookie();
    for cookies in
        [format!("a=b; {cookie}; c=d"), format!("a;{cookie}"), format!("sessions=x; {cookie}; =; ;")]
    {
        assert_eq!(
            fixture.send(&Request::new("GET", "/api/orders").by(&cookies)).await.status,
            200,
            "{cookies}"
        );
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_token_names_its_user_and_is_valid_for_15_minutes() {
    let fixture = Fixture::new().await;
    let genuine = SignedToken::read(&fixture.buyer.cookie(), &fixture.world.endpoints).await;
    let claims = genuine.claims();
    let names: Vec<_> = claims.as_object().expect("claims").keys().collect();
    assert_eq!(names, ["aud", "email", "end", "exp", "iat", "iss", "nbf", "sid", "sub", "verified"]);
    assert_eq!((&claims["sub"], &claims["email"]), (&json!(fixture.buyer.id), &json!(fixture.buyer.email)));
    let second = |name: &str| claims[name].as_i64().expect("a time");
    assert_eq!(second("exp") - second("iat"), 15 * 60);
    let header = genuine.header();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("session+jwt")));
    assert!(header["kid"].is_string());
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_token_that_auth_did_not_sign_is_anonymous_everywhere() {
    let fixture = Fixture::new().await;
    let genuine = SignedToken::read(&fixture.buyer.cookie(), &fixture.world.endpoints).await;
    let forgeries = genuine.forgeries();
    for route in ROUTES.iter().filter(|route| route.needs_session()) {
        let request = fixture.request(route).await;
        let before = fixture.state().await;
        for (trick, token) in &forgeries {
            let reply = fixture.send(&request.clone().by(&format!("session={token}"))).await;
            assert_refused(&format!("{route}: {trick}"), &reply, 401, "not-signed-in");
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    for (trick, token) in &forgeries {
        let request = Request::new("GET", "/api/users/currentuser").by(&format!("session={token}"));
        assert_eq!(fixture.send(&request).await.json, json!({ "currentUser": null }), "{trick}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_token_runs_out_and_is_renewed_while_its_session_lives() {
    let fixture = Fixture::new().await;
    let old = fixture.buyer.cookie();
    let orders = Request::new("GET", "/api/orders").by(&old);
    let current = Request::new("GET", "/api/users/currentuser").by(&old);
    let person =
        json!({ "currentUser": { "id": fixture.buyer.id, "email": fixture.buyer.email, "verified": false } });
    fixture.world.clock.advance(Duration::from_mins(4));
    let early = fixture.send(&current).await;
    assert_eq!((early.header("set-cookie"), &early.json), ("", &person));
    fixture.world.clock.advance(Duration::from_mins(1) + Duration::from_secs(1));
    let fresh = fixture.send(&current).await;
    assert_eq!((cookie(&fresh).0.as_str(), &fresh.json), ("session", &person));

    fixture.world.clock.advance(Duration::from_mins(9));
    assert_eq!(fixture.send(&orders).await.status, 200, "valid until its last second");
    fixture.world.advance(Duration::from_mins(1)).await;
    for route in ROUTES.iter().filter(|route| route.needs_session() && !route.has_id()) {
        let reply = fixture.send(&Request::new(route.method, route.path).by(&old)).await;
        assert_refused(&route.to_string(), &reply, 401, "not-signed-in");
    }
    let renewed = fixture.send(&current).await;
    assert_eq!(renewed.json, person);
    let renewed = renewed.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    assert_eq!(fixture.send(&orders.by(&renewed)).await.status, 200);
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_session_that_was_signed_out_counts_nowhere() {
    let fixture = Fixture::new().await;
    let gone = fixture.new_session(&fixture.buyer).await;
    let requests: Vec<_> = {
        let mut requests = Vec::new();
        for route in ROUTES.iter().filter(|route| route.needs_session()) {
            requests.push(fixture.request(route).await);
        }
        requests
    };
    assert_eq!(fixture.send(&Request::new("GET", "/api/orders").by(&gone)).await.status, 200);
    assert_eq!(fixture.send(&Request::new("POST", "/api/users/signout").by(&gone)).await.status, 204);
    fixture.world.settle().await;
    let before = fixture.state().await;
    for request in requests {
        let reply = fixture.send(&request.by(&gone)).await;
        assert_refused("after signing out", &reply, 401, "not-signed-in");
    }
    let current = fixture.send(&Request::new("GET", "/api/users/currentuser").by(&gone)).await;
    assert_eq!((&current.json, cookie(&current).1), (&json!({ "currentUser": null }), false));
    assert_eq!(fixture.state().await, before, "the other sessions go on, and nothing was changed");
    fixture.world.finish().await;
}
