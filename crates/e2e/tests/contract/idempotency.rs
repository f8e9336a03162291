//! `Idempotency-Key`: whoever repeats a request gets the first reply again.

use std::time::Duration;

use e2e::Reply;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::problem::{fields, refused};
use crate::routes::{ROUTES, Route, route};
use crate::stage::{Ask, Stage};

fn signed_in_posts() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.method == "POST" && route.needs_session())
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
    let stage = Stage::set().await;
    for route in signed_in_posts() {
        let ask = stage.ask(route).await.header("idempotency-key", "once");
        let first = stage.send(&ask).await;
        assert_eq!((first.status, is_replayed(&first)), (201, false), "{}: {}", route.path, first.json);
        let after = stage.seen().await;
        let again = ask.clone().body(respaced(&ask.body)).header("x-request-id", "again");
        let second = stage.send(&again).await;
        assert!(is_replayed(&second), "{}", route.path);
        assert_eq!((second.status, &second.json), (first.status, &first.json), "{}", route.path);
        for name in ["location", "etag", "content-type", "cache-control"] {
            assert_eq!(second.header(name), first.header(name), "{}: {name}", route.path);
        }
        assert_eq!(second.header("x-request-id"), "again");
        assert_eq!(stage.seen().await, after, "{}: it was done twice", route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_body_one_person_and_one_path() {
    let stage = Stage::set().await;
    for route in signed_in_posts() {
        let ask = stage.ask(route).await.header("idempotency-key", "mine");
        assert_eq!(stage.send(&ask).await.status, 201, "{}", route.path);
        let other = stage.ask(route).await.header("idempotency-key", "mine");
        let before = stage.seen().await;
        refused(route.path, &stage.send(&other).await, 409, "idempotency-key-reused");
        assert_eq!(stage.seen().await, before, "{}", route.path);

        let theirs = stage.send(&other.by(&stage.stranger.cookie())).await;
        assert_eq!((theirs.status, is_replayed(&theirs)), (route.answers[1], false), "{}", route.path);
        let nobody = stage.send(&ask.clone().by("")).await;
        refused(route.path, &nobody, 401, "not-signed-in");
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn duplicates_at_the_same_time_have_one_effect() {
    let stage = Stage::set().await;
    for route in signed_in_posts() {
        let ask = stage.ask(route).await.header("idempotency-key", "at-once");
        let replies = join_all((0..8).map(|_| stage.send(&ask))).await;
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
        let owned = stage.owner(route).all(if route.path == "/api/tickets" {
            "/api/tickets/mine"
        } else {
            route.path
        });
        let same = owned.await.into_iter().filter(|one| one["id"] == replies[0].json["id"]).count();
        assert_eq!(same, 1, "{}", route.path);
    }
    let sold = stage.seller.all("/api/tickets/mine").await;
    let twice = sold.iter().filter(|one| one["title"] == sold[0]["title"]).count();
    assert_eq!(twice, 1);
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_ascii_characters() {
    let stage = Stage::set().await;
    let (longest, longer) = ("k".repeat(255), "k".repeat(256));
    for route in signed_in_posts() {
        let ask = stage.ask(route).await;
        let before = stage.seen().await;
        let invalid: [&[u8]; 6] = [b"", longer.as_bytes(), b"a b", b"a\tb", "ü".as_bytes(), b"\xff"];
        for key in invalid {
            let reply = stage.send(&ask.clone().header("idempotency-key", key)).await;
            refused(&format!("{} {key:?}", route.path), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), ["Idempotency-Key"]);
            let nobody = stage.send(&ask.clone().by("").header("idempotency-key", key)).await;
            refused(route.path, &nobody, 401, "not-signed-in");
        }
        assert_eq!(stage.seen().await, before, "{}", route.path);
        let ask = ask.header("idempotency-key", &longest);
        assert_eq!(stage.send(&ask).await.status, 201, "{}", route.path);
        assert!(is_replayed(&stage.send(&ask).await), "{}", route.path);
        let ask = stage.ask(route).await.header("idempotency-key", "!\"#~,;=");
        assert_eq!(stage.send(&ask).await.status, 201, "{}", route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_key_is_remembered_for_24_hours() {
    let stage = Stage::set().await;
    let ask = stage.ask(route("POST", "/api/tickets")).await.header("idempotency-key", "today");
    let first = stage.send(&ask).await;
    let later = async |by: Duration| {
        stage.world.advance(by).await;
        stage.seller.get("/api/users/currentuser").await;
        stage.send(&ask.clone().by(&stage.seller.cookie())).await
    };
    let almost = later(Duration::from_hours(24) - Duration::from_mins(1)).await;
    assert!(is_replayed(&almost) && almost.json == first.json, "{}", almost.json);
    let next_day = later(Duration::from_mins(1)).await;
    assert_eq!((next_day.status, is_replayed(&next_day)), (201, false));
    assert_ne!(next_day.json["id"], first.json["id"]);
    assert_eq!(stage.seller.all("/api/tickets/mine").await.len(), 2);
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_refusal_is_remembered_too() {
    let stage = Stage::set().await;
    let ticket = stage.ticket().await;
    let seen = json!({ "amount": 30_00, "currency": "USD" });
    let wanted = json!({ "ticketId": ticket["id"], "price": seen });
    stage.world.settle().await;
    let ask = stage.ask(route("POST", "/api/orders")).await.json(&wanted);
    let ask = ask.header("idempotency-key", "refused");
    let first = stage.send(&ask).await;
    refused("a wrong price", &first, 409, "price-changed");

    let edited = json!({ "title": "Concert", "price": seen });
    let path = format!("/api/tickets/{}", ticket["id"].as_str().expect("an id"));
    let edited = stage.send(&Ask::new("PUT", path).by(&stage.seller.cookie()).json(&edited)).await;
    assert_eq!(edited.status, 200);
    stage.world.settle().await;
    let second = stage.send(&ask).await;
    assert!(is_replayed(&second) && second.json == first.json, "{}", second.json);
    assert_eq!(stage.send(&ask.header("idempotency-key", "anew")).await.status, 201);

    for route in signed_in_posts() {
        let ask = stage.ask(route).await.body("{").header("idempotency-key", "malformed");
        let (first, second) = (stage.send(&ask).await, stage.send(&ask).await);
        refused(route.path, &first, 400, "malformed-json");
        assert!(is_replayed(&second) && second.json == first.json, "{}", route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn an_outage_is_not_remembered() {
    let stage = Stage::set().await;
    let ask = stage.ask(route("POST", "/api/payments")).await.header("idempotency-key", "outage");
    stage.world.place.stripe_faults(json!({ "api": { "failBefore": 1000 } })).await;
    let first = stage.send(&ask).await;
    assert_eq!((first.status, is_replayed(&first)), (503, false), "{}", first.json);
    stage.world.place.stripe_faults(json!({ "api": { "failBefore": 0 } })).await;
    stage.world.advance(Duration::from_mins(1)).await;
    let second = stage.send(&ask).await;
    assert!(matches!(second.status, 200 | 201) && !is_replayed(&second), "{} {}", second.status, second.json);
    assert!(is_replayed(&stage.send(&ask).await));
    assert_eq!(stage.buyer.all("/api/payments").await.len(), 1);
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_signed_in_post_that_starts_a_session_is_never_replayed() {
    let stage = Stage::set().await;
    let body = json!({ "email": stage.buyer.email, "password": e2e::Person::PASSWORD });
    let ask = Ask::new("POST", "/api/users/signin").json(&body).by(&stage.buyer.cookie());
    let ask = ask.header("idempotency-key", "session");
    let (first, second) = (stage.send(&ask).await, stage.send(&ask).await);
    assert_eq!((first.status, second.status, is_replayed(&second)), (200, 200, false));
    assert_ne!(first.header("set-cookie"), second.header("set-cookie"));
    stage.world.ends_well().await;
}
