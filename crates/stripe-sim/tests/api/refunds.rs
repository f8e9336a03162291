//! Refunds: amounts, events and refusals.

use futures::TryStreamExt;
use reqwest::Method;
use serde_json::Value;
use stripe::{ApiErrorsCode, StripeError};
use stripe_core::payment_intent::RetrievePaymentIntent;
use stripe_core::refund::{CreateRefund, CreateRefundReason, ListRefund, RetrieveRefund};
use stripe_shared::{PaymentIntentStatus, Refund, RefundReason};
use stripe_types::Currency;

use crate::app::{PUBLISHABLE_KEY, Response, START, TestApp};

const REFUNDS: &str = "/v1/refunds";
const UNKNOWN: &str = "pi_0192f0c07c1e7e3a80001234567890ab";

/// Parameters, the error's status and code, and the parameter that it names.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str, &'a str);

/// A payment of 25.00 USD with these refunds, and their ids, newest first.
async fn refunded_in_parts(app: &TestApp, parts: &[&str]) -> (String, Vec<String>) {
    let id = app.captured("pm_card_visa").await;
    let mut refunds = Vec::new();
    for amount in parts {
        let response = app.post(REFUNDS, &[("payment_intent", &id), ("amount", amount)]).await;
        assert_eq!(response.status, 200, "{response:?}");
        refunds.insert(0, response.id());
    }
    (id, refunds)
}

/// The captured and the refunded total.
async fn totals(app: &TestApp) -> (i64, i64) {
    let usd = common::Currency::Usd;
    let captured = app.sim.captured_total(usd).await.expect("a sum").amount;
    (captured, app.sim.refunded_total(usd).await.expect("a sum").amount)
}

fn fault(response: &Response) -> (u16, &str, &Value) {
    (response.status, response.code(), &response.body["error"]["param"])
}

#[tokio::test]
async fn all_of_the_money_goes_back_and_the_payment_stays_succeeded() {
    let app = TestApp::start().await;
    let (client, id) = (app.stripe(), app.captured("pm_card_visa").await);
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
    assert_eq!(totals(&app).await, (2500, 2500));
    let summary = app.sim.payment_intents().await.expect("a list").remove(0);
    assert_eq!((summary.amount_received.amount, summary.amount_refunded.amount), (2500, 2500));
}

#[tokio::test]
async fn money_goes_back_in_parts_until_none_is_left() {
    let app = TestApp::start().await;
    let (client, id) = (app.stripe(), app.captured("pm_card_visa").await);
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
    assert_eq!(totals(&app).await, (2500, 2500));
}

#[tokio::test]
async fn of_a_part_that_was_captured_no_more_goes_back() {
    let app = TestApp::start().await;
    let id = app.authorized().await;
    app.post(&format!("/v1/payment_intents/{id}/capture"), &[("amount_to_capture", "1000")]).await;
    let response = app.post(REFUNDS, &[("payment_intent", &id), ("amount", "1001")]).await;
    assert_eq!(fault(&response), (400, "", &"amount".into()));
    assert_eq!(app.post(REFUNDS, &[("payment_intent", &id)]).await.body["amount"], 1000);
}

#[tokio::test]
async fn money_that_was_not_taken_does_not_go_back() {
    let app = TestApp::start().await;
    let (created, authorized) = (app.create().await.id(), app.authorized().await);
    let canceled = app.authorized().await;
    app.post(&format!("/v1/payment_intents/{canceled}/cancel"), &[]).await;
    for id in [created, authorized, canceled] {
        let response = app.post(REFUNDS, &[("payment_intent", &id)]).await;
        assert_eq!((response.status, response.code()), (400, "payment_intent_unexpected_state"), "{id}");
    }
    assert_eq!(totals(&app).await, (0, 0));
}

#[tokio::test]
async fn every_fault_names_its_parameter() {
    let app = TestApp::start().await;
    let id = app.captured("pm_card_visa").await;
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
        let response = app.post(REFUNDS, params).await;
        assert_eq!(fault(&response), (*status, *code, &(*param).into()), "{params:?}");
        assert_eq!(response.body["error"]["type"], "invalid_request_error");
    }
    assert_eq!(totals(&app).await, (2500, 0));
}

#[tokio::test]
async fn a_refund_is_found_by_its_id() {
    let app = TestApp::start().await;
    let (_, refunds) = refunded_in_parts(&app, &["1000", "500"]).await;
    let found = RetrieveRefund::new(refunds[1].as_str()).send(&app.stripe()).await.expect("found");
    assert_eq!((found.id.as_str(), found.amount), (refunds[1].as_str(), 1000));
    for id in ["re_0192f0c07c1e7e3a80001234567890ab00", "re_1", "x"] {
        let response = app.get(&format!("{REFUNDS}/{id}")).await;
        assert_eq!((response.status, response.code()), (404, "resource_missing"), "{id}");
    }
}

#[tokio::test]
async fn the_refunds_of_a_payment_are_listed_newest_first() {
    let app = TestApp::start().await;
    let (id, refunds) = refunded_in_parts(&app, &["100", "200", "300", "400", "500"]).await;
    refunded_in_parts(&app, &["700"]).await;
    let page = async |query: String| {
        let response = app.get(&format!("{REFUNDS}?payment_intent={id}{query}")).await;
        assert_eq!((&response.body["object"], &response.body["url"]), (&"list".into(), &REFUNDS.into()));
        let data = response.body["data"].as_array().expect("a list");
        let ids: Vec<_> = data.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
        (ids, response.body["has_more"].as_bool().expect("has_more"))
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
    let all: Vec<Refund> = pages.stream(&app.stripe()).try_collect().await.expect("all of them");
    assert_eq!(all.iter().map(|refund| refund.id.to_string()).collect::<Vec<_>>(), refunds);
}

#[tokio::test]
async fn a_list_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let (id, _) = refunded_in_parts(&app, &["100"]).await;
    for (query, status, param) in [
        ("charge=ch_1".to_owned(), 404, "charge"),
        (format!("payment_intent={UNKNOWN}"), 404, "payment_intent"),
        (format!("payment_intent={id}&limit=0"), 400, "limit"),
        (format!("payment_intent={id}&starting_after=re_1"), 400, "starting_after"),
        (format!("payment_intent={id}&ending_before=re_1"), 400, "ending_before"),
    ] {
        let response = app.get(&format!("{REFUNDS}?{query}")).await;
        assert_eq!((response.status, &response.body["error"]["param"]), (status, &param.into()), "{query}");
    }
}

#[tokio::test]
async fn only_the_secret_key_moves_money_back_and_sees_it() {
    let app = TestApp::start().await;
    let (id, refunds) = refunded_in_parts(&app, &["100"]).await;
    let bearer = format!("Bearer {PUBLISHABLE_KEY}");
    for (method, path) in [
        (Method::POST, REFUNDS.to_owned()),
        (Method::GET, format!("{REFUNDS}?payment_intent={id}")),
        (Method::GET, format!("{REFUNDS}/{}", refunds[0])),
    ] {
        let params = [("payment_intent", id.as_str())];
        let response = app.call(method, &path, &[("authorization", &bearer)], &params).await;
        assert_eq!((response.status, response.code()), (401, "secret_key_required"), "{path}");
    }
    assert_eq!(totals(&app).await, (2500, 100));
}

#[tokio::test]
async fn under_one_key_money_goes_back_once() {
    let app = TestApp::start().await;
    let (id, other) = (app.captured("pm_card_visa").await, app.captured("pm_card_visa").await);
    let part = [("payment_intent", id.as_str()), ("amount", "1000")];
    let first = app.post_once("key-1", REFUNDS, &part).await;
    let again = app.post_once("key-1", REFUNDS, &part).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let elsewhere = app.post_once("key-1", REFUNDS, &[("payment_intent", &other), part[1]]).await;
    assert_eq!((elsewhere.status, &elsewhere.body["error"]["type"]), (400, &"idempotency_error".into()));
    assert_eq!(totals(&app).await, (5000, 1000));
}

#[tokio::test]
async fn a_refund_may_be_made_and_answered_by_a_failure() {
    let app = TestApp::start().await;
    let id = app.captured("pm_card_visa").await;
    app.sim.faults().set(|faults| faults.api.fail_after_commit = 1);
    let params = [("payment_intent", id.as_str())];
    assert_eq!(app.post_once("key-1", REFUNDS, &params).await.status, 500);
    assert_eq!(app.post_once("key-1", REFUNDS, &params).await.status, 500, "the key says so from now on");
    assert_eq!(app.post_once("key-2", REFUNDS, &params).await.code(), "charge_already_refunded");
    assert_eq!(totals(&app).await, (2500, 2500));
}

#[tokio::test]
async fn a_refund_is_announced_with_its_own_object() {
    let app = TestApp::delivering().await;
    let (id, refunds) = refunded_in_parts(&app, &["1000"]).await;
    app.wait_until_idle().await;
    let events = app.receiver.received();
    let event = events.iter().find(|event| event.kind() == "refund.created").expect("the event").json();
    let object = &event["data"]["object"];
    assert_eq!((&object["object"], &object["id"]), (&"refund".into(), &refunds[0].as_str().into()));
    assert_eq!((&object["amount"], &object["payment_intent"]), (&1000.into(), &id.as_str().into()));
}
