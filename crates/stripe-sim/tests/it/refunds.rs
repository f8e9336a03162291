//! Refunds: what goes back, to whom it is told, and what cannot.

use futures::TryStreamExt;
use reqwest::Method;
use serde_json::Value;
use stripe::{ApiErrorsCode, StripeError};
use stripe_core::payment_intent::RetrievePaymentIntent;
use stripe_core::refund::{CreateRefund, CreateRefundReason, ListRefund, RetrieveRefund};
use stripe_shared::{PaymentIntentStatus, Refund, RefundReason};
use stripe_types::Currency;

use crate::support::{Answer, PUBLISHABLE_KEY, START, World};

const REFUNDS: &str = "/v1/refunds";
const UNKNOWN: &str = "pi_0192f0c07c1e7e3a80001234567890ab";

/// Parameters, the error's status and code, and the parameter that it names.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str, &'a str);

/// A `PaymentIntent` of 25.00 USD that was captured.
async fn captured(world: &World) -> String {
    let id = world.authorized().await;
    let answer = world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    assert_eq!(answer.state(), "succeeded", "{answer:?}");
    id
}

/// 25.00 USD of which these parts went back; the refunds' ids, newest first.
async fn refunded_in_parts(world: &World, parts: &[&str]) -> (String, Vec<String>) {
    let id = captured(world).await;
    let mut refunds = Vec::new();
    for amount in parts {
        let answer = world.post(REFUNDS, &[("payment_intent", &id), ("amount", amount)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        refunds.insert(0, answer.id());
    }
    (id, refunds)
}

/// All that was taken, and all that went back.
async fn totals(world: &World) -> (i64, i64) {
    let usd = common::Currency::Usd;
    let captured = world.sim.captured_total(usd).await.expect("a sum").amount;
    (captured, world.sim.refunded_total(usd).await.expect("a sum").amount)
}

fn fault(answer: &Answer) -> (u16, &str, &Value) {
    (answer.status, answer.code(), &answer.body["error"]["param"])
}

#[tokio::test]
async fn all_of_the_money_goes_back_and_the_payment_stays_succeeded() {
    let world = World::start().await;
    let (client, id) = (world.stripe(), captured(&world).await);
    let create = CreateRefund::new()
        .payment_intent(id.as_str())
        .reason(CreateRefundReason::RequestedByCustomer)
        .metadata([("orderId".to_owned(), "o-1".to_owned())]);
    let refund = create.send(&client).await.expect("refunded");
    assert_eq!((refund.amount, &refund.currency, refund.created), (2500, &Currency::USD, START));
    assert_eq!(refund.status.as_deref(), Some("succeeded"));
    assert_eq!(refund.reason, Some(RefundReason::RequestedByCustomer));
    assert_eq!(refund.metadata.as_ref().and_then(|all| all.get("orderId")).map(String::as_str), Some("o-1"));

    let intent = RetrievePaymentIntent::new(id.as_str()).send(&client).await.expect("retrieved");
    assert_eq!((intent.status, intent.amount_received), (PaymentIntentStatus::Succeeded, 2500));
    assert_eq!(refund.payment_intent.map(|it| it.id().to_string()), Some(id));
    assert_eq!(refund.charge.map(|it| it.id().clone()), intent.latest_charge.map(|it| it.id().clone()));
    assert_eq!(totals(&world).await, (2500, 2500));
    let summary = world.sim.payment_intents().await.expect("a list").remove(0);
    assert_eq!((summary.amount_received.amount, summary.amount_refunded.amount), (2500, 2500));
}

#[tokio::test]
async fn money_goes_back_in_parts_until_none_is_left() {
    let world = World::start().await;
    let (client, id) = (world.stripe(), captured(&world).await);
    let refund = || CreateRefund::new().payment_intent(id.as_str());
    assert_eq!(refund().amount(1000).send(&client).await.expect("a part").amount, 1000);
    let error = refund().amount(1501).send(&client).await;
    let Err(StripeError::Stripe(error, 400)) = error else { panic!("{error:?}") };
    assert_eq!((error.param.as_deref(), error.code), (Some("amount"), None));
    assert_eq!(refund().send(&client).await.expect("what is left").amount, 1500);
    for again in [refund(), refund().amount(1)] {
        let error = again.send(&client).await;
        let Err(StripeError::Stripe(error, 400)) = error else { panic!("{error:?}") };
        assert_eq!(error.code, Some(ApiErrorsCode::ChargeAlreadyRefunded));
    }
    assert_eq!(totals(&world).await, (2500, 2500));
}

#[tokio::test]
async fn of_a_part_that_was_captured_no_more_goes_back() {
    let world = World::start().await;
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[("amount_to_capture", "1000")]).await;
    let answer = world.post(REFUNDS, &[("payment_intent", &id), ("amount", "1001")]).await;
    assert_eq!(fault(&answer), (400, "", &"amount".into()));
    assert_eq!(world.post(REFUNDS, &[("payment_intent", &id)]).await.body["amount"], 1000);
}

#[tokio::test]
async fn money_that_was_not_taken_does_not_go_back() {
    let world = World::start().await;
    let (created, authorized) = (world.create().await.id(), world.authorized().await);
    let canceled = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{canceled}/cancel"), &[]).await;
    for id in [created, authorized, canceled] {
        let answer = world.post(REFUNDS, &[("payment_intent", &id)]).await;
        assert_eq!((answer.status, answer.code()), (400, "payment_intent_unexpected_state"), "{id}");
    }
    assert_eq!(totals(&world).await, (0, 0));
}

#[tokio::test]
async fn every_fault_names_its_parameter() {
    let world = World::start().await;
    let id = captured(&world).await;
    let of = ("payment_intent", id.as_str());
    let cases: &[Case<'_>] = &[
        (&[], 400, "parameter_missing", "payment_intent"),
        (&[("payment_intent", UNKNOWN)], 404, "resource_missing", "payment_intent"),
        (&[("payment_intent", "pi_1")], 404, "resource_missing", "payment_intent"),
        (&[of, ("amount", "0")], 400, "parameter_invalid_integer", "amount"),
        (&[of, ("amount", "10.00")], 400, "parameter_invalid_integer", "amount"),
        (&[of, ("reason", "expired_uncaptured_charge")], 400, "", "reason"),
        (&[of, ("metadata[a]", &"x".repeat(501))], 400, "", "metadata[a]"),
        (&[of, ("colour", "red")], 400, "parameter_unknown", "colour"),
    ];
    for (params, status, code, param) in cases {
        let answer = world.post(REFUNDS, params).await;
        assert_eq!(fault(&answer), (*status, *code, &(*param).into()), "{params:?}");
        assert_eq!(answer.body["error"]["type"], "invalid_request_error");
    }
    assert_eq!(totals(&world).await, (2500, 0));
}

#[tokio::test]
async fn a_refund_is_found_by_its_id() {
    let world = World::start().await;
    let (_, refunds) = refunded_in_parts(&world, &["1000", "500"]).await;
    let found = RetrieveRefund::new(refunds[1].as_str()).send(&world.stripe()).await.expect("found");
    assert_eq!((found.id.as_str(), found.amount), (refunds[1].as_str(), 1000));
    for id in ["re_0192f0c07c1e7e3a80001234567890ab00", "re_1", "x"] {
        let answer = world.get(&format!("{REFUNDS}/{id}")).await;
        assert_eq!((answer.status, answer.code()), (404, "resource_missing"), "{id}");
    }
}

#[tokio::test]
async fn the_refunds_of_a_payment_are_listed_newest_first() {
    let world = World::start().await;
    let (id, refunds) = refunded_in_parts(&world, &["100", "200", "300", "400", "500"]).await;
    refunded_in_parts(&world, &["700"]).await;
    let page = async |query: String| {
        let answer = world.get(&format!("{REFUNDS}?payment_intent={id}{query}")).await;
        assert_eq!((&answer.body["object"], &answer.body["url"]), (&"list".into(), &REFUNDS.into()));
        let data = answer.body["data"].as_array().expect("a list");
        let ids: Vec<_> = data.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
        (ids, answer.body["has_more"].as_bool().expect("has_more"))
    };
    assert_eq!(page(String::new()).await, (refunds.clone(), false));
    assert_eq!(page("&limit=2".to_owned()).await, (refunds[..2].to_vec(), true));
    let after = page(format!("&limit=2&starting_after={}", refunds[2])).await;
    assert_eq!(after, (refunds[3..].to_vec(), false));
    let before = page(format!("&limit=2&ending_before={}", refunds[3])).await;
    assert_eq!(before, (refunds[1..3].to_vec(), true));
    let between = page(format!("&starting_after={}&ending_before={}", refunds[3], refunds[1])).await;
    assert_eq!(between, (vec![], false));

    let pages = ListRefund::new().payment_intent(id.as_str()).limit(2).paginate();
    let all: Vec<Refund> = pages.stream(&world.stripe()).try_collect().await.expect("all of them");
    assert_eq!(all.iter().map(|refund| refund.id.to_string()).collect::<Vec<_>>(), refunds);
}

#[tokio::test]
async fn a_list_that_cannot_be_is_refused() {
    let world = World::start().await;
    let (id, _) = refunded_in_parts(&world, &["100"]).await;
    for (query, status, param) in [
        ("charge=ch_1".to_owned(), 404, "charge"),
        (format!("payment_intent={UNKNOWN}"), 404, "payment_intent"),
        (format!("payment_intent={id}&limit=0"), 400, "limit"),
        (format!("payment_intent={id}&starting_after=re_1"), 400, "starting_after"),
        (format!("payment_intent={id}&ending_before=re_1"), 400, "ending_before"),
    ] {
        let answer = world.get(&format!("{REFUNDS}?{query}")).await;
        assert_eq!((answer.status, &answer.body["error"]["param"]), (status, &param.into()), "{query}");
    }
}

#[tokio::test]
async fn only_the_secret_key_moves_money_back_and_sees_it() {
    let world = World::start().await;
    let (id, refunds) = refunded_in_parts(&world, &["100"]).await;
    let bearer = format!("Bearer {PUBLISHABLE_KEY}");
    for (method, path) in [
        (Method::POST, REFUNDS.to_owned()),
        (Method::GET, format!("{REFUNDS}?payment_intent={id}")),
        (Method::GET, format!("{REFUNDS}/{}", refunds[0])),
    ] {
        let params = [("payment_intent", id.as_str())];
        let answer = world.call(method, &path, &[("authorization", &bearer)], &params).await;
        assert_eq!((answer.status, answer.code()), (401, "secret_key_required"), "{path}");
    }
    assert_eq!(totals(&world).await, (2500, 100));
}

#[tokio::test]
async fn under_one_key_money_goes_back_once() {
    let world = World::start().await;
    let (id, other) = (captured(&world).await, captured(&world).await);
    let part = [("payment_intent", id.as_str()), ("amount", "1000")];
    let first = world.post_once("key-1", REFUNDS, &part).await;
    let again = world.post_once("key-1", REFUNDS, &part).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let elsewhere = world.post_once("key-1", REFUNDS, &[("payment_intent", &other), part[1]]).await;
    assert_eq!((elsewhere.status, &elsewhere.body["error"]["type"]), (400, &"idempotency_error".into()));
    assert_eq!(totals(&world).await, (5000, 1000));
}

#[tokio::test]
async fn a_refund_may_be_made_and_answered_by_a_failure() {
    let world = World::start().await;
    let id = captured(&world).await;
    world.sim.faults().set(|faults| faults.api.fail_after_commit = 1);
    let params = [("payment_intent", id.as_str())];
    assert_eq!(world.post_once("key-1", REFUNDS, &params).await.status, 500);
    assert_eq!(world.post_once("key-1", REFUNDS, &params).await.status, 500, "the key says so from now on");
    assert_eq!(world.post_once("key-2", REFUNDS, &params).await.code(), "charge_already_refunded");
    assert_eq!(totals(&world).await, (2500, 2500));
}

#[tokio::test]
async fn a_refund_is_announced_with_its_own_object() {
    let world = World::delivering().await;
    let (id, refunds) = refunded_in_parts(&world, &["1000"]).await;
    world.settle().await;
    let events = world.receiver.received();
    let event = events.iter().find(|event| event.kind() == "refund.created").expect("the event").json();
    let object = &event["data"]["object"];
    assert_eq!((&object["object"], &object["id"]), (&"refund".into(), &refunds[0].as_str().into()));
    assert_eq!((&object["amount"], &object["payment_intent"]), (&1000.into(), &id.as_str().into()));
}
