//! Webhook endpoints: made, changed, rolled and removed over the API.

use std::time::Duration;

use aws_lc_rs::hmac;
use reqwest::Method;

use crate::support::{Received, World};

const PATH: &str = "/v1/webhook_endpoints";

/// Whether this secret signed it.
fn is_signed(event: &Received, secret: &str) -> bool {
    let parts: Vec<_> = event.signature.split(',').filter_map(|part| part.split_once('=')).collect();
    let time = parts.iter().find(|(name, _)| *name == "t").expect("a time").1;
    let mut signed = format!("{time}.").into_bytes();
    signed.extend_from_slice(&event.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let bytes = |digits: &str| -> Vec<u8> {
        let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).expect("hexadecimal digits");
        (0..digits.len()).step_by(2).map(byte).collect()
    };
    let mut signatures = parts.iter().filter(|(name, _)| *name == "v1");
    signatures.any(|(_, digits)| hmac::verify(&key, &signed, &bytes(digits)).is_ok())
}

async fn delete(world: &World, id: &str) -> u16 {
    let headers = [("authorization", "Bearer sk_test_sim")];
    world.call(Method::DELETE, &format!("{PATH}/{id}"), &headers, &[]).await.status
}

#[tokio::test]
async fn an_endpoint_is_told_its_secret_once_and_then_of_what_it_wants() {
    let world = World::delivering().await;
    let url = format!("{}?second", world.receiver.url);
    let params = [
        ("url", url.as_str()),
        ("enabled_events[]", "charge.succeeded"),
        ("api_version", "2026-10-28.endive"),
        ("description", "Second"),
    ];
    let made = world.post(PATH, &params).await;
    let secret = made.body["secret"].as_str().expect("a secret").to_owned();
    let found = world.get(&format!("{PATH}/{}", made.id())).await;
    assert!(found.body.get("secret").is_none());
    assert_eq!((&found.body["status"], &found.body["url"]), (&"enabled".into(), &url.as_str().into()));
    world.authorized().await;
    world.settle().await;
    let events = world.receiver.received();
    let second = events.iter().find(|event| event.kind() == "charge.succeeded").expect("the event");
    assert!(is_signed(second, &secret) && !is_signed(second, "whsec_sim"));
    assert_eq!(second.json()["api_version"], "2026-10-28.endive");
    let first = events.iter().find(|event| event.kind() == "created").expect("the event");
    assert!(is_signed(first, "whsec_sim") && !is_signed(first, &secret));
}

#[tokio::test]
async fn while_a_secret_is_rolled_two_sign_and_then_one() {
    let world = World::delivering().await;
    let wanted = [("url", world.receiver.url.as_str()), ("enabled_events[]", "charge.succeeded")];
    let made = world.post(PATH, &wanted).await;
    let former = made.body["secret"].as_str().expect("a secret").to_owned();
    let rolled =
        world.post(&format!("/sim/webhook_endpoints/{}/roll", made.id()), &[("expires_in", "3600")]).await;
    let secret = rolled.body["secret"].as_str().expect("a secret").to_owned();
    let signed = async || {
        world.authorized().await;
        world.settle().await;
        let events = world.receiver.received();
        let latest = events.iter().rev().find(|event| event.kind() == "charge.succeeded").expect("the event");
        (is_signed(latest, &former), is_signed(latest, &secret))
    };
    assert_eq!(signed().await, (true, true));
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(signed().await, (false, true));
}

#[tokio::test]
async fn a_disabled_or_removed_endpoint_hears_nothing() {
    let world = World::delivering().await;
    let wanted = [("url", world.receiver.url.as_str()), ("enabled_events[]", "*")];
    let id = world.post(PATH, &wanted).await.id();
    let heard = async || {
        let before = world.receiver.received().len();
        world.create().await;
        world.settle().await;
        world.receiver.received().len() - before
    };
    assert_eq!(heard().await, 2);
    let disabled = world.post(&format!("{PATH}/{id}"), &[("disabled", "true")]).await;
    assert_eq!(disabled.state(), "disabled");
    assert_eq!(heard().await, 1);
    assert_eq!(world.post(&format!("{PATH}/{id}"), &[("disabled", "false")]).await.state(), "enabled");
    world.receiver.answers([500, 500]);
    world.create().await;
    world.settle().await;
    assert_eq!(delete(&world, &id).await, 200);
    let before = world.receiver.received().len();
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(world.receiver.received().len() - before, 1, "what was on its way there is not sent any more");
    assert_eq!(delete(&world, &id).await, 404);
}

#[tokio::test]
async fn the_endpoint_of_the_start_is_listed_and_stays() {
    let world = World::start().await;
    let made = world.post(PATH, &[("url", "http://127.0.0.1:9/x"), ("enabled_events[]", "*")]).await.id();
    let ids = async |query: &str| {
        let page = world.get(&format!("{PATH}?{query}")).await.body;
        let data = page["data"].as_array().expect("a list").clone();
        data.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [made.as_str(), "we_configured"]);
    assert_eq!(ids(&format!("starting_after={made}")).await, ["we_configured"]);
    assert_eq!(ids("ending_before=we_configured").await, [made.as_str()]);
    assert_eq!(delete(&world, "we_configured").await, 400);
    assert_eq!(world.post("/sim/webhook_endpoints/we_configured/roll", &[]).await.status, 400);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_is_refused() {
    let world = World::start().await;
    let (url, all) = (("url", "http://127.0.0.1:9/x"), ("enabled_events[]", "*"));
    for (params, code, param) in [
        (vec![all], "parameter_missing", "url"),
        (vec![url], "parameter_missing", "enabled_events"),
        (vec![url, ("enabled_events[]", "everything")], "", "enabled_events"),
        (vec![("url", "https://shop.example/hook"), all], "url_invalid", "url"),
        (vec![("url", "shop.example"), all], "url_invalid", "url"),
    ] {
        let answer = world.post(PATH, &params).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{params:?}");
        assert_eq!(answer.body["error"]["param"], param);
    }
    for _ in 1..16 {
        assert_eq!(world.post(PATH, &[url, all]).await.status, 200);
    }
    assert_eq!(world.post(PATH, &[url, all]).await.status, 400, "Stripe allows 16");
    assert_eq!(world.get(&format!("{PATH}/we_1")).await.code(), "resource_missing");
}
