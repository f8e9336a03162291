//! Parameters of a `PaymentIntent`: their checks, metadata, and changes.

use serde_json::json;

use crate::app::{NEW, TestApp};

/// Parameters, the error's code and the parameter that it names.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test]
async fn every_fault_names_its_parameter() {
    let app = TestApp::start().await;
    let usd = ("currency", "usd");
    let long = "x".repeat(501);
    let cases: &[Case<'_>] = &[
        (&[usd], "parameter_missing", "amount"),
        (&[("amount", "2500")], "parameter_missing", "currency"),
        (&[usd, ("amount", "")], "parameter_invalid_empty", "amount"),
        (&[usd, ("amount", "25.00")], "parameter_invalid_integer", "amount"),
        (&[usd, ("amount", "-1")], "parameter_invalid_integer", "amount"),
        (&[usd, ("amount", "49")], "amount_too_small", "amount"),
        (&[usd, ("amount", "100000000")], "amount_too_large", "amount"),
        (&[("amount", "2500"), ("currency", "xyz")], "", "currency"),
        (&[usd, ("amount", "2500"), ("capture_method", "later")], "", "capture_method"),
        (&[usd, ("amount", "2500"), ("payment_method_types[]", "cash")], "", "payment_method_types"),
        (&[usd, ("amount", "2500"), ("confirm", "maybe")], "", "confirm"),
        (&[usd, ("amount", "2500"), ("confirm", "true")], "parameter_missing", "payment_method"),
        (&[usd, ("amount", "2500"), ("return_url", "javascript:alert(1)")], "url_invalid", "return_url"),
        (&[usd, ("amount", "2500"), ("return_url", "https://a\r\nb")], "url_invalid", "return_url"),
        (&[usd, ("amount", "2500"), ("colour", "red")], "parameter_unknown", "colour"),
        (&[usd, ("amount", "2500"), ("metadata[a]", &long)], "", "metadata[a]"),
    ];
    for (params, code, param) in cases {
        let response = app.post("/v1/payment_intents", params).await;
        assert_eq!((response.status, response.code()), (400, *code), "{params:?}");
        assert_eq!(response.body["error"]["param"], *param, "{params:?}");
        assert_eq!(response.body["error"]["type"], "invalid_request_error");
    }
    assert!(app.sim.payment_intents().await.expect("a list").is_empty());
}

#[tokio::test]
async fn what_stripe_accepts_is_accepted() {
    let app = TestApp::start().await;
    let params = [
        ("amount", "50"),
        ("currency", "USD"),
        ("automatic_payment_methods[enabled]", "true"),
        ("description", "Concert"),
        ("expand[]", "latest_charge"),
        ("metadata[a]", "1"),
    ];
    let response = app.post("/v1/payment_intents", &params).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.body["automatic_payment_methods"]["enabled"], true);
    assert_eq!(
        (&response.body["currency"], &response.body["description"]),
        (&"usd".into(), &"Concert".into())
    );
    let types =
        app.post("/v1/payment_intents", &[params[0], params[1], ("payment_method_types[]", "card")]).await;
    assert!(types.body["automatic_payment_methods"].is_null());
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let app = TestApp::start().await;
    let request = app.http.post(format!("{}/v1/payment_intents", app.url)).bearer_auth("sk_test_sim");
    let reply = request.header("content-type", "application/json").body("{}").send().await.expect("a reply");
    assert_eq!(reply.status(), 400);
}

#[tokio::test]
async fn keys_are_set_kept_and_removed_one_by_one_or_all_at_once() {
    let app = TestApp::start().await;
    let path = format!("/v1/payment_intents/{}", app.create().await.id());
    let changed = app.post(&path, &[("metadata[ticket]", "t-1"), ("metadata[orderId]", "")]).await;
    assert_eq!(changed.body["metadata"], json!({ "ticket": "t-1" }));
    let more = app.post(&path, &[("metadata[seat]", "7")]).await;
    assert_eq!(more.body["metadata"], json!({ "seat": "7", "ticket": "t-1" }));
    assert_eq!(app.post(&path, &[("metadata", "")]).await.body["metadata"], json!({}));
}

#[tokio::test]
async fn metadata_has_limits() {
    let app = TestApp::start().await;
    let path = format!("/v1/payment_intents/{}", app.create().await.id());
    let (key, value) = ("k".repeat(41), "v".repeat(501));
    for (name, value, param) in [
        (format!("metadata[{key}]"), "1", "metadata"),
        ("metadata[a]".to_owned(), value.as_str(), "metadata[a]"),
        ("metadata[a[b]".to_owned(), "1", "metadata[a[b]"),
        ("metadata".to_owned(), "x", "metadata"),
    ] {
        let response = app.post(&path, &[(&name, value)]).await;
        assert_eq!((response.status, &response.body["error"]["param"]), (400, &param.into()), "{name}");
    }
    let names: Vec<String> = (0..50).map(|number| format!("metadata[{number}]")).collect();
    let fifty: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(app.post(&path, &fifty).await.status, 400, "with the one that is there, 51");
    assert_eq!(app.post(&path, &[&fifty[..], &[("metadata[orderId]", "")]].concat()).await.status, 200);
}

#[tokio::test]
async fn a_charge_takes_over_what_its_payment_says_when_it_is_made() {
    let app = TestApp::start().await;
    let id = app.authorized().await;
    app.post(&format!("/v1/payment_intents/{id}"), &[("metadata[orderId]", "o-2")]).await;
    let charge = app.get(&format!("/v1/charges/ch_{}00", &id[3..])).await;
    assert_eq!(charge.body["metadata"], json!({ "orderId": "o-1" }));
}

#[tokio::test]
async fn the_amount_changes_until_money_is_reserved() {
    let app = TestApp::start().await;
    let path = format!("/v1/payment_intents/{}", app.create().await.id());
    let changed = app.post(&path, &[("amount", "3000"), ("description", "Two seats")]).await;
    assert_eq!((&changed.body["amount"], &changed.body["description"]), (&3000.into(), &"Two seats".into()));
    assert_eq!(app.post(&path, &[("amount", "1")]).await.code(), "amount_too_small");
    assert_eq!(app.post(&path, &[("description", "")]).await.body["description"], json!(null));
    let chosen = app.post(&path, &[("payment_method", "pm_card_visa")]).await;
    assert_eq!(chosen.state(), "requires_confirmation");
    assert_eq!(app.post(&format!("{path}/confirm"), &[]).await.state(), "requires_capture");
    let late = app.post(&path, &[("amount", "3500")]).await;
    assert_eq!((late.status, late.code()), (400, "payment_intent_unexpected_state"));
    assert_eq!(app.post(&path, &[("description", "Paid")]).await.status, 200);
}

#[tokio::test]
async fn texts_for_people_are_checked() {
    let app = TestApp::start().await;
    for (name, value, code) in [
        ("receipt_email", "no-address", "email_invalid"),
        ("statement_descriptor", "twenty-three characters", ""),
    ] {
        let params = [&NEW[..], &[(name, value)]].concat();
        let response = app.post("/v1/payment_intents", &params).await;
        assert_eq!((response.status, response.code()), (400, code), "{name}");
        assert_eq!(response.body["error"]["param"], name);
    }
    let params =
        [&NEW[..], &[("receipt_email", "a@b.example"), ("statement_descriptor_suffix", "SHOW")]].concat();
    let response = app.post("/v1/payment_intents", &params).await;
    assert_eq!(response.body["receipt_email"], "a@b.example");
    assert_eq!(response.body["statement_descriptor_suffix"], "SHOW");
}
