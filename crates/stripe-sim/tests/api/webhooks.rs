//! Webhook events: signed, complete, and sent until accepted.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::hmac;
use stripe_webhook::Webhook;

use crate::app::{START, TestApp};
use crate::receiver::Received;

/// Checks the signature as a receiver; returns the signed time.
fn verified(event: &Received, secret: &str) -> Option<i64> {
    let mut parts = event.signature.split(',');
    let time = parts.next()?.strip_prefix("t=")?;
    let signature = parts.next()?.strip_prefix("v1=")?;
    let digits = signature.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let signature: Option<Vec<u8>> = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
    let signed = [time.as_bytes(), b".", &event.body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, &signed, &signature?).ok()?;
    time.parse().ok()
}

#[tokio::test]
async fn every_step_is_announced_in_order_with_the_state_of_then() {
    let app = TestApp::delivering().await;
    let id = app.create().await.id();
    app.wait_until_idle().await;
    app.confirm(&id, "pm_card_chargeDeclined").await;
    app.wait_until_idle().await;
    app.confirm(&id, "pm_card_authenticationRequired").await;
    app.wait_until_idle().await;
    app.post(&format!("/sim/3ds/{id}/accept"), &[]).await;
    app.wait_until_idle().await;
    app.capture(&id).await;
    app.wait_until_idle().await;
    let seen: Vec<_> = app.receiver.received().iter().map(|event| (event.kind(), event.json())).collect();
    let states: Vec<_> = seen
        .iter()
        .map(|(kind, event)| (kind.as_str(), event["data"]["object"]["status"].as_str().expect("a status")))
        .collect();
    let expected = [
        ("created", "requires_payment_method"),
        ("payment_failed", "requires_payment_method"),
        ("requires_action", "requires_action"),
        ("amount_capturable_updated", "requires_capture"),
        ("succeeded", "succeeded"),
    ];
    assert_eq!(states, expected);
    for (_, event) in &seen {
        assert_eq!((&event["object"], &event["livemode"]), (&"event".into(), &false.into()));
        assert_eq!(event["data"]["object"]["id"], id.as_str());
        assert_eq!(event["created"], START);
    }
    let ids: BTreeSet<_> = seen.iter().map(|(_, event)| event["id"].to_string()).collect();
    assert_eq!(ids.len(), seen.len());
}

#[tokio::test]
async fn async_stripes_own_check_takes_every_event_and_nothing_else() {
    let app = TestApp::with_all_events().await;
    let id = app.captured("pm_card_visa").await;
    app.post("/v1/refunds", &[("payment_intent", id.as_str()), ("amount", "100")]).await;
    let charge = app.get(&format!("/v1/payment_intents/{id}")).await.body["latest_charge"].clone();
    let charge = charge.as_str().expect("a charge");
    app.post(&format!("/sim/charges/{charge}/dispute"), &[]).await;
    app.wait_until_idle().await;
    let events = app.receiver.received();
    let kinds: BTreeSet<_> = events.iter().map(Received::kind).collect();
    for kind in ["succeeded", "charge.refunded", "refund.created", "charge.dispute.created"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    for event in events {
        let payload = std::str::from_utf8(&event.body).expect("UTF-8");
        let check = |payload: &str, secret, time| {
            Webhook::construct_event_with_timestamp(payload, &event.signature, secret, time)
        };
        let read = check(payload, "whsec_sim", START).unwrap_or_else(|error| panic!("{error}: {payload}"));
        assert_eq!(read.id.as_str(), event.json()["id"]);
        assert_eq!(read.type_.as_str(), event.json()["type"]);
        let forged = payload.replacen("livemode", "lifemode", 1);
        for (payload, secret, time) in [
            (&*forged, "whsec_sim", START),
            (payload, "whsec_other", START),
            (payload, "whsec_sim", START + 301),
        ] {
            assert!(check(payload, secret, time).is_err(), "{secret} {time}");
        }
    }
}

#[tokio::test]
async fn a_cancellation_is_announced() {
    let app = TestApp::delivering().await;
    let id = app.authorized().await;
    app.post(&format!("/v1/payment_intents/{id}/cancel"), &[]).await;
    app.wait_until_idle().await;
    assert_eq!(app.receiver.kinds(), ["created", "amount_capturable_updated", "canceled"]);
}

#[tokio::test]
async fn an_event_is_signed_with_the_secret_over_its_very_bytes() {
    let app = TestApp::delivering().await;
    app.create().await;
    app.wait_until_idle().await;
    let event = app.receiver.received().remove(0);
    assert_eq!(verified(&event, "whsec_sim"), Some(START));
    assert_eq!(verified(&event, "whsec_other"), None);
    let mut forged = event.body.to_vec();
    forged.push(b' ');
    assert_eq!(verified(&Received { body: forged.into(), ..event }, "whsec_sim"), None);
}

#[tokio::test]
async fn an_event_is_sent_again_with_growing_delays_until_it_is_taken() {
    let app = TestApp::delivering().await;
    app.receiver.reply_with([500, 302]);
    app.create().await;
    app.wait_until_idle().await;
    assert_eq!(app.receiver.received().len(), 1);
    app.advance_clock(Duration::from_millis(999)).await;
    assert_eq!(app.receiver.received().len(), 1, "not before its time");
    app.advance_clock(Duration::from_millis(1)).await;
    assert_eq!(app.receiver.received().len(), 2);
    app.advance_clock(Duration::from_secs(5)).await;
    app.advance_clock(Duration::from_hours(24)).await;
    let tries = app.receiver.received();
    assert_eq!(tries.len(), 3, "no attempt after acceptance");
    assert!(tries.iter().all(|event| event.body == tries[0].body), "every try sends the same event");
    let times: Vec<_> = tries.iter().map(|event| verified(event, "whsec_sim")).collect();
    assert_eq!(times, [Some(START), Some(START + 1), Some(START + 6)]);
}

#[tokio::test]
async fn an_event_that_is_never_taken_is_given_up_after_three_days() {
    let app = TestApp::delivering().await;
    app.receiver.reply_with([500; 100]);
    app.create().await;
    app.wait_until_idle().await;
    for _ in 0..8 {
        app.advance_clock(Duration::from_hours(12)).await;
    }
    // At the start, and after each half day of three days.
    assert_eq!(app.receiver.received().len(), 7);
}

#[tokio::test]
async fn one_events_failure_holds_up_no_other() {
    let app = TestApp::delivering().await;
    app.receiver.reply_with([500]);
    let id = app.create().await.id();
    app.wait_until_idle().await;
    app.confirm(&id, "pm_card_visa").await;
    app.wait_until_idle().await;
    assert_eq!(app.receiver.kinds(), ["created", "amount_capturable_updated"]);
    app.advance_clock(Duration::from_secs(1)).await;
    assert_eq!(app.receiver.kinds(), ["created", "amount_capturable_updated", "created"]);
}

#[tokio::test]
async fn many_payments_are_all_announced() {
    let app = TestApp::delivering().await;
    let mut ids = BTreeSet::new();
    for _ in 0..40 {
        ids.insert(app.create().await.id());
    }
    app.wait_until_idle().await;
    let object = |event: &Received| event.json()["data"]["object"]["id"].as_str().expect("an id").to_owned();
    let announced: Vec<_> = app.receiver.received().iter().map(object).collect();
    assert_eq!(announced.len(), 40);
    assert_eq!(announced.into_iter().collect::<BTreeSet<_>>(), ids);
}
