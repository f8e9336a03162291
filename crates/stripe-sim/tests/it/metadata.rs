//! What callers attach: its limits, and how it changes.

use serde_json::json;

use crate::support::{NEW, World};

#[tokio::test]
async fn keys_are_set_kept_and_removed_one_by_one_or_all_at_once() {
    let world = World::start().await;
    let path = format!("/v1/payment_intents/{}", world.create().await.id());
    let changed = world.post(&path, &[("metadata[ticket]", "t-1"), ("metadata[orderId]", "")]).await;
    assert_eq!(changed.body["metadata"], json!({ "ticket": "t-1" }));
    let more = world.post(&path, &[("metadata[seat]", "7")]).await;
    assert_eq!(more.body["metadata"], json!({ "seat": "7", "ticket": "t-1" }));
    assert_eq!(world.post(&path, &[("metadata", "")]).await.body["metadata"], json!({}));
}

#[tokio::test]
async fn metadata_has_limits() {
    let world = World::start().await;
    let path = format!("/v1/payment_intents/{}", world.create().await.id());
    let (key, value) = ("k".repeat(41), "v".repeat(501));
    for (name, value, param) in [
        (format!("metadata[{key}]"), "1", "metadata"),
        ("metadata[a]".to_owned(), value.as_str(), "metadata[a]"),
        ("metadata[a[b]".to_owned(), "1", "metadata[a[b]"),
        ("metadata".to_owned(), "x", "metadata"),
    ] {
        let answer = world.post(&path, &[(&name, value)]).await;
        assert_eq!((answer.status, &answer.body["error"]["param"]), (400, &param.into()), "{name}");
    }
    let names: Vec<String> = (0..50).map(|number| format!("metadata[{number}]")).collect();
    let fifty: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(world.post(&path, &fifty).await.status, 400, "with the one that is there, 51");
    assert_eq!(world.post(&path, &[&fifty[..], &[("metadata[orderId]", "")]].concat()).await.status, 200);
}

#[tokio::test]
async fn a_charge_takes_over_what_its_payment_says_when_it_is_made() {
    let world = World::start().await;
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}"), &[("metadata[orderId]", "o-2")]).await;
    let charge = world.get(&format!("/v1/charges/ch_{}00", &id[3..])).await;
    assert_eq!(charge.body["metadata"], json!({ "orderId": "o-1" }));
}

#[tokio::test]
async fn the_amount_changes_until_money_is_reserved() {
    let world = World::start().await;
    let path = format!("/v1/payment_intents/{}", world.create().await.id());
    let changed = world.post(&path, &[("amount", "3000"), ("description", "Two seats")]).await;
    assert_eq!((&changed.body["amount"], &changed.body["description"]), (&3000.into(), &"Two seats".into()));
    assert_eq!(world.post(&path, &[("amount", "1")]).await.code(), "amount_too_small");
    assert_eq!(world.post(&path, &[("description", "")]).await.body["description"], json!(null));
    let chosen = world.post(&path, &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(chosen.state(), "requires_confirmation");
    assert_eq!(world.post(&format!("{path}/confirm"), &[]).await.state(), "requires_capture");
    let late = world.post(&path, &[("amount", "3500")]).await;
    assert_eq!((late.status, late.code()), (400, "payment_intent_unexpected_state"));
    assert_eq!(world.post(&path, &[("description", "Paid")]).await.status, 200);
}

#[tokio::test]
async fn texts_for_people_are_checked() {
    let world = World::start().await;
    for (name, value, code) in [
        ("receipt_email", "nobody", "email_invalid"),
        ("statement_descriptor", "twenty-three characters", ""),
    ] {
        let params = [&NEW[..], &[(name, value)]].concat();
        let answer = world.post("/v1/payment_intents", &params).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{name}");
        assert_eq!(answer.body["error"]["param"], name);
    }
    let params =
        [&NEW[..], &[("receipt_email", "a@b.example"), ("statement_descriptor_suffix", "SHOW")]].concat();
    let answer = world.post("/v1/payment_intents", &params).await;
    assert_eq!(answer.body["receipt_email"], "a@b.example");
    assert_eq!(answer.body["statement_descriptor_suffix"], "SHOW");
}
