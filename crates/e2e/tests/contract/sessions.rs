//! The session cookie: how it looks, how long it is good, and what is not one.

use std::time::Duration;

use e2e::{Person, Reply};
use runtime::HttpOptions;
use serde_json::json;

use crate::forgery::Genuine;
use crate::problem::refused;
use crate::routes::{ROUTES, route};
use crate::stage::{Ask, Stage};

/// The name, whether there is a value, and the sorted attributes of the cookie that a reply sets.
fn cookie(reply: &Reply) -> (String, bool, Vec<String>) {
    let mut parts = reply.header("set-cookie").split(';').map(str::trim);
    let (name, value) = parts.next().unwrap_or_default().split_once('=').unwrap_or_default();
    let mut attributes: Vec<_> = parts.map(str::to_owned).collect();
    attributes.sort();
    (name.to_owned(), !value.is_empty(), attributes)
}

async fn sign_in(stage: &Stage) -> Reply {
    let body = json!({ "email": stage.buyer.email, "password": Person::PASSWORD });
    stage.send(&Ask::new("POST", "/api/users/signin").json(&body)).await
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
        let stage = Stage::with(options).await;
        let fresh = stage.ask(route("POST", "/api/users/signup")).await;
        for reply in [sign_in(&stage).await, stage.send(&fresh).await] {
            assert_eq!(cookie(&reply), (name.to_owned(), true, attributes.clone()));
        }
        let session = stage.new_session(&stage.buyer).await;
        let out = stage.send(&Ask::new("POST", "/api/users/signout").by(&session)).await;
        let (cleared, has_value, given) = cookie(&out);
        assert_eq!((cleared.as_str(), has_value), (name, false));
        assert!(given.contains(&"Max-Age=0".to_owned()) && given.len() == attributes.len(), "{given:?}");
        stage.world.ends_well().await;
    }
}

#[tokio::test]
async fn behind_https_only_the_cookie_that_is_bound_to_the_host_counts() {
    let https =
        HttpOptions { public_url: Some("https://tickets.example".to_owned()), ..HttpOptions::default() };
    let stage = Stage::with(https).await;
    let cookie = stage.buyer.cookie();
    let ask = Ask::new("GET", "/api/orders");
    assert_eq!(stage.send(&ask.clone().by(&cookie)).await.status, 200);
    let loose = cookie.replace("__Host-session", "session");
    refused("a loose cookie", &stage.send(&ask.by(&loose)).await, 401, "not-signed-in");
    stage.world.ends_well().await;
}

#[tokio::test]
async fn the_cookie_is_found_among_others() {
    let stage = Stage::set().await;
    let cookie = stage.buyer.cookie();
    for cookies in
        [format!("a=b; {cookie}; c=d"), format!("a;{cookie}"), format!("sessions=x; {cookie}; =; ;")]
    {
        assert_eq!(stage.send(&Ask::new("GET", "/api/orders").by(&cookies)).await.status, 200, "{cookies}");
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_token_says_who_it_is_and_is_good_for_15_minutes() {
    let stage = Stage::set().await;
    let genuine = Genuine::read(&stage.buyer.cookie(), &stage.world.place).await;
    let claims = genuine.claims();
    let names: Vec<_> = claims.as_object().expect("claims").keys().collect();
    assert_eq!(names, ["email", "exp", "iat", "sid", "sub"]);
    assert_eq!((&claims["sub"], &claims["email"]), (&json!(stage.buyer.id), &json!(stage.buyer.email)));
    let second = |name: &str| claims[name].as_i64().expect("a time");
    assert_eq!(second("exp") - second("iat"), 15 * 60);
    assert_eq!((&genuine.header()["alg"], genuine.header()["kid"].is_string()), (&json!("ES256"), true));
    stage.world.ends_well().await;
}

#[tokio::test]
async fn what_auth_did_not_sign_is_nobody_everywhere() {
    let stage = Stage::set().await;
    let genuine = Genuine::read(&stage.buyer.cookie(), &stage.world.place).await;
    let forgeries = genuine.forgeries();
    for route in ROUTES.iter().filter(|route| route.needs_session()) {
        let ask = stage.ask(route).await;
        let before = stage.seen().await;
        for (trick, token) in &forgeries {
            let reply = stage.send(&ask.clone().by(&format!("session={token}"))).await;
            refused(&format!("{} {}: {trick}", route.method, route.path), &reply, 401, "not-signed-in");
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    for (trick, token) in &forgeries {
        let ask = Ask::new("GET", "/api/users/currentuser").by(&format!("session={token}"));
        assert_eq!(stage.send(&ask).await.json, json!({ "currentUser": null }), "{trick}");
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_token_runs_out_and_is_renewed_while_its_session_lives() {
    let stage = Stage::set().await;
    let old = stage.buyer.cookie();
    let orders = Ask::new("GET", "/api/orders").by(&old);
    let current = Ask::new("GET", "/api/users/currentuser").by(&old);
    let person = json!({ "currentUser": { "id": stage.buyer.id, "email": stage.buyer.email } });
    stage.world.clock.advance(Duration::from_mins(4));
    let early = stage.send(&current).await;
    assert_eq!((early.header("set-cookie"), &early.json), ("", &person));
    stage.world.clock.advance(Duration::from_mins(1) + Duration::from_secs(1));
    let fresh = stage.send(&current).await;
    assert_eq!((cookie(&fresh).0.as_str(), &fresh.json), ("session", &person));

    stage.world.clock.advance(Duration::from_mins(9));
    assert_eq!(stage.send(&orders).await.status, 200, "it is good until its last second");
    stage.world.advance(Duration::from_mins(1)).await;
    for route in ROUTES.iter().filter(|route| route.needs_session() && !route.has_id()) {
        let reply = stage.send(&Ask::new(route.method, route.path).by(&old)).await;
        refused(&format!("{} {}", route.method, route.path), &reply, 401, "not-signed-in");
    }
    let renewed = stage.send(&current).await;
    assert_eq!(renewed.json, person);
    let renewed = renewed.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    assert_eq!(stage.send(&orders.by(&renewed)).await.status, 200);
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_session_that_was_signed_out_counts_nowhere() {
    let stage = Stage::set().await;
    let gone = stage.new_session(&stage.buyer).await;
    let asks: Vec<_> = {
        let mut asks = Vec::new();
        for route in ROUTES.iter().filter(|route| route.needs_session()) {
            asks.push(stage.ask(route).await);
        }
        asks
    };
    assert_eq!(stage.send(&Ask::new("GET", "/api/orders").by(&gone)).await.status, 200);
    assert_eq!(stage.send(&Ask::new("POST", "/api/users/signout").by(&gone)).await.status, 204);
    stage.world.settle().await;
    let before = stage.seen().await;
    for ask in asks {
        let reply = stage.send(&ask.by(&gone)).await;
        refused("after signing out", &reply, 401, "not-signed-in");
    }
    let current = stage.send(&Ask::new("GET", "/api/users/currentuser").by(&gone)).await;
    assert_eq!((&current.json, cookie(&current).1), (&json!({ "currentUser": null }), false));
    assert_eq!(stage.seen().await, before, "the other sessions go on, and nothing was changed");
    stage.world.ends_well().await;
}
