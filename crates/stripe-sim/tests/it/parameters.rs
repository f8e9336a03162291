//! What `create` refuses, in Stripe's words.

use crate::support::World;

/// Parameters, the error's code and the parameter that it names.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test]
async fn every_fault_names_its_parameter() {
    let world = World::start().await;
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
        let answer = world.post("/v1/payment_intents", params).await;
        assert_eq!((answer.status, answer.code()), (400, *code), "{params:?}");
        assert_eq!(answer.body["error"]["param"], *param, "{params:?}");
        assert_eq!(answer.body["error"]["type"], "invalid_request_error");
    }
    assert!(world.sim.payment_intents().await.expect("a list").is_empty());
}

#[tokio::test]
async fn what_stripe_accepts_is_accepted() {
    let world = World::start().await;
    let params = [
        ("amount", "50"),
        ("currency", "USD"),
        ("automatic_payment_methods[enabled]", "true"),
        ("description", "Concert"),
        ("expand[]", "latest_charge"),
        ("metadata[a]", "1"),
    ];
    let answer = world.post("/v1/payment_intents", &params).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["automatic_payment_methods"]["enabled"], true);
    assert_eq!((&answer.body["currency"], &answer.body["description"]), (&"usd".into(), &"Concert".into()));
    let types =
        world.post("/v1/payment_intents", &[params[0], params[1], ("payment_method_types[]", "card")]).await;
    assert!(types.body["automatic_payment_methods"].is_null());
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let world = World::start().await;
    let request = world.http.post(format!("{}/v1/payment_intents", world.url)).bearer_auth("sk_test_sim");
    let reply = request.header("content-type", "application/json").body("{}").send().await.expect("a reply");
    assert_eq!(reply.status(), 400);
}
