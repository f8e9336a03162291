//! `Idempotency-Key`: a repeated request gets the first reply again.

use std::time::Duration;

use e2e::Reply;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::fixture::Fixture;
use crate::http::{Request, assert_refused, fields};
use crate::routes::{Body, ROUTES, Route, route};

fn signed_in_posts() -> impl Iterator<Item = &'static Route> {
    let has_body = |route: &&Route| route.body == Body::Json;
    ROUTES.iter().filter(|route| route.takes_key()).filter(has_body)
}

fn is_replayed(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == "true"
}

/// The same JSON, spaced and ordered differently.
fn respaced(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let members = body.as_object().expect("an object").iter().rev();
    let members: Vec<_> = members.map(|(name, value)| format!("\n\t\"{name}\" :  {value} ")).collect();
    format!("  {{{}}}\r\n", members.join(","))
}

#[tokio::test]
async fn a_repeated_request_is_done_once_and_answered_alike() {
    let fixture = Fixture::new().await;
    for route in signed_in_posts() {
        let request = fixture.request(route).await.header("idempotency-key", "once");
        let first = fixture.send(&request).await;
        assert_eq!((first.status, is_replayed(&first)), (201, false), "{}: {}", route.path, first.json);
        let after = fixture.state().await;
        let again = request.clone().body(respaced(&request.body)).header("x-request-id", "again");
        let second = fixture.send(&again).await;
        assert!(is_replayed(&second), "{}", route.path);
        assert_eq!((second.status, &second.json), (first.status, &first.json), "{}", route.path);
        for name in ["location", "etag", "content-type", "cache-control"] {
            assert_eq!(second.header(name), first.header(name), "{}: {name}", route.path);
        }
        assert_eq!(second.header("x-request-id"), "again");
        assert_eq!(fixture.state().await, after, "{}: the request was performed twice", route.path);
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_repeated_request_without_a_body_sends_one_email() {
    let fixture = Fixture::new().await;
    let sent = || fixture.world.mail().emails_to(&fixture.buyer.email).len();
    fixture.world.settle().await;
    let before = sent();
    let request = fixture.request(route("POST", "/api/users/verification")).await;
    let request = request.header("idempotency-key", "once");
    let (first, second) = (fixture.send(&request).await, fixture.send(&request).await);
    assert_eq!(
        (first.status, is_replayed(&first), second.status, is_replayed(&second)),
        (202, false, 202, true)
    );
    fixture.world.settle().await;
    assert_eq!(sent(), before + 1);
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_body_one_user_and_one_path() {
    let fixture = Fixture::new().await;
    for route in signed_in_posts() {
        let request = fixture.request(route).await.header("idempotency-key", "mine");
        assert_eq!(fixture.send(&request).await.status, 201, "{}", route.path);
        let other = fixture.request(route).await.header("idempotency-key", "mine");
        let before = fixture.state().await;
        assert_refused(route.path, &fixture.send(&other).await, 409, "idempotency-key-reused");
        assert_eq!(fixture.state().await, before, "{}", route.path);

        let theirs = fixture.send(&other.by(&fixture.stranger.cookie())).await;
        assert_eq!((theirs.status, is_replayed(&theirs)), (route.statuses[1], false), "{}", route.path);
        let anonymous = fixture.send(&request.clone().by("")).await;
        assert_refused(route.path, &anonymous, 401, "not-signed-in");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn duplicates_at_the_same_time_have_one_effect() {
    let fixture = Fixture::new().await;
    for route in signed_in_posts() {
        let request = fixture.request(route).await.header("idempotency-key", "at-once");
        let replies = join_all((0..8).map(|_| fixture.send(&request))).await;
        let location = replies[0].header("location");
        for reply in &replies {
            assert_eq!(
                (reply.status, reply.header("location")),
                (201, location),
                "{}: {}",
                route.path,
                reply.json
            );
            assert_eq!(reply.json, replies[0].json, "{}", route.path);
        }
        assert_eq!(replies.iter().filter(|reply| !is_replayed(reply)).count(), 1, "{}", route.path);
        let owned = fixture.owner(route).all(if route.path == "/api/tickets" {
            "/api/tickets/mine"
        } else {
            route.path
        });
        let same = owned.await.into_iter().filter(|one| one["id"] == replies[0].json["id"]).count();
        assert_eq!(same, 1, "{}", route.path);
    }
    let sold = fixture.seller.all("/api/tickets/mine").await;
    let twice = sold.iter().filter(|one| one["title"] == sold[0]["title"]).count();
    assert_eq!(twice, 1);
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_ascii_characters() {
    let fixture = Fixture::new().await;
    let (max, too_long) = ("k".repeat(255), "k".repeat(256));
    for route in signed_in_posts() {
        let request = fixture.request(route).await;
        let before = fixture.state().await;
        let invalid: [&[u8]; 6] = [b"", too_long.as_bytes(), b"a b", b"a\tb", "ü".as_bytes(), b"\xff"];
        for key in invalid {
            let reply = fixture.send(&request.clone().header("idempotency-key", key)).await;
            assert_refused(&format!("{} {key:?}", route.path), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), ["Idempotency-Key"]);
            let anonymous = fixture.send(&request.clone().by("").header("idempotency-key", key)).await;
            assert_refused(route.path, &anonymous, 401, "not-signed-in");
        }
        assert_eq!(fixture.state().await, before, "{}", route.path);
        let request = request.header("idempotency-key", &max);
        assert_eq!(fixture.send(&request).await.status, 201, "{}", route.path);
        assert!(is_replayed(&fixture.send(&request).await), "{}", route.path);
        let request = fixture.request(route).await.header("idempotency-key", "!\"#~,;=");
        assert_eq!(fixture.send(&request).await.status, 201, "{}", route.path);
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_key_is_stored_for_24_hours() {
    let fixture = Fixture::new().await;
    let request = fixture.request(route("POST", "/api/tickets")).await.header("idempotency-key", "today");
    let first = fixture.send(&request).await;
    let later = async |by: Duration| {
        fixture.world.advance(by).await;
        fixture.seller.get("/api/users/currentuser").await;
        fixture.send(&request.clone().by(&fixture.seller.cookie())).await
    };
    let almost = later(Duration::from_hours(24) - Duration::from_mins(1)).await;
    assert!(is_replayed(&almost) && almost.json == first.json, "{}", almost.json);
    let next_day = later(Duration::from_mins(1)).await;
    assert_eq!((next_day.status, is_replayed(&next_day)), (201, false));
    assert_ne!(next_day.json["id"], first.json["id"]);
    assert_eq!(fixture.seller.all("/api/tickets/mine").await.len(), 2);
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_refusal_is_stored_too() {
    let fixture = Fixture::new().await;
    let ticket = fixture.ticket().await;
    let seen = json!({ "amount": 30_00, "currency": "USD" });
    let wanted = json!({ "ticketId": ticket["id"], "price": seen });
    fixture.world.settle().await;
    let request = fixture.request(route("POST", "/api/orders")).await.json(&wanted);
    let request = request.header("idempotency-key", "refused");
    let first = fixture.send(&request).await;
    assert_refused("a wrong price", &first, 409, "price-changed");

    let edited = json!({ "title": "Concert", "price": seen });
    let path = format!("/api/tickets/{}", ticket["id"].as_str().expect("an id"));
    let edited = fixture.send(&Request::new("PUT", path).by(&fixture.seller.cookie()).json(&edited)).await;
    assert_eq!(edited.status, 200);
    fixture.world.settle().await;
    let second = fixture.send(&request).await;
    assert!(is_replayed(&second) && second.json == first.json, "{}", second.json);
    assert_eq!(fixture.send(&request.header("idempotency-key", "anew")).await.status, 201);

    for route in signed_in_posts() {
        let request = fixture.request(route).await.body("{").header("idempotency-key", "malformed");
        let (first, second) = (fixture.send(&request).await, fixture.send(&request).await);
        assert_refused(route.path, &first, 400, "malformed-json");
        assert!(is_replayed(&second) && second.json == first.json, "{}", route.path);
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_outage_is_not_stored() {
    let fixture = Fixture::new().await;
    let request = fixture.request(route("POST", "/api/payments")).await.header("idempotency-key", "outage");
    fixture.world.endpoints.stripe_faults(json!({ "api": { "failBefore": 1000 } })).await;
    let first = fixture.send(&request).await;
    assert_eq!((first.status, is_replayed(&first)), (503, false), "{}", first.json);
    fixture.world.endpoints.stripe_faults(json!({ "api": { "failBefore": 0 } })).await;
    fixture.world.advance(Duration::from_mins(1)).await;
    let second = fixture.send(&request).await;
    assert!(matches!(second.status, 200 | 201) && !is_replayed(&second), "{} {}", second.status, second.json);
    assert!(is_replayed(&fixture.send(&request).await));
    assert_eq!(fixture.buyer.all("/api/payments").await.len(), 1);
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_route_that_takes_a_secret_ignores_the_key_and_stores_nothing_of_the_request() {
    let fixture = Fixture::new().await;
    let sign_in = json!({ "email": fixture.buyer.email, "password": e2e::Person::PASSWORD });
    let sign_up = json!({ "email": "new@example.com", "password": e2e::Person::PASSWORD });
    for (path, body, statuses) in
        [("/api/users/signin", sign_in, [200, 200]), ("/api/users/signup", sign_up, [201, 409])]
    {
        let session = fixture.new_session(&fixture.buyer).await;
        let request = Request::new("POST", path).json(&body).by(&session);
        let request = request.header("idempotency-key", "secret");
        let (first, second) = (fixture.send(&request).await, fixture.send(&request).await);
        assert_eq!([first.status, second.status], statuses, "{path}");
        assert!(!is_replayed(&second), "{path}");
    }
    let auth = fixture.world.store("auth");
    let stored = auth.backend().scan("idempotency-keys", None, None, 10).await.expect("a database");
    assert!(stored.is_empty(), "{stored:?}");
    fixture.world.finish().await;
}
