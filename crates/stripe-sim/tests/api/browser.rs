//! The buyer's browser: the substitute for Stripe's script, and 3-D Secure.

use reqwest::Method;

use crate::app::{Response, TestApp};

#[tokio::test]
async fn the_script_is_served_as_a_script_to_every_origin() {
    let app = TestApp::start().await;
    let response = app.call(Method::GET, "/stripe.js", &[("origin", "http://shop.example")], &[]).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn the_script_sends_only_parameters_that_the_api_knows() {
    let app = TestApp::start().await;
    let script = app.http.get(format!("{}/stripe.js", app.url)).send().await.expect("a script");
    let script = script.text().await.expect("text");
    for name in ["client_secret", "return_url", "payment_method_data[type]", "payment_method_data[card]"] {
        assert!(script.contains(name), "{name}");
    }
    let created = app.create().await;
    let secret = created.secret();
    let params = [
        ("client_secret", secret.as_str()),
        ("return_url", "http://shop.example/orders/7"),
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][number]", "4242424242424242"),
        ("payment_method_data[card][exp_month]", "12"),
        ("payment_method_data[card][exp_year]", "34"),
        ("payment_method_data[card][cvc]", "123"),
    ];
    let path = format!("/v1/payment_intents/{}/confirm", created.id());
    let headers = [("authorization", "Bearer pk_test_sim"), ("origin", "http://shop.example")];
    let response = app.call(Method::POST, &path, &headers, &params).await;
    assert_eq!((response.status, response.state()), (200, "requires_capture"));
}

async fn challenged(app: &TestApp, return_url: &str) -> String {
    let id = app.create().await.id();
    let params = [("payment_method", "pm_card_authenticationRequired"), ("return_url", return_url)];
    let response = app.post(&format!("/v1/payment_intents/{id}/confirm"), &params).await;
    assert_eq!(response.body["next_action"]["redirect_to_url"]["return_url"].as_str(), Some(return_url));
    id
}

async fn as_browser(app: &TestApp, method: Method, path: &str) -> Response {
    app.call(method, path, &[("accept", "text/html,application/xhtml+xml")], &[]).await
}

#[tokio::test]
async fn an_accepted_challenge_reserves_the_money() {
    let app = TestApp::start().await;
    let id = challenged(&app, "http://shop.example/done").await;
    let response = app.call(Method::POST, &format!("/sim/3ds/{id}/accept"), &[], &[]).await;
    assert_eq!((response.status, response.state()), (200, "requires_capture"));
    assert!(response.body["next_action"].is_null());
}

#[tokio::test]
async fn a_refused_challenge_fails_the_payment_which_can_be_tried_again() {
    let app = TestApp::start().await;
    let id = challenged(&app, "http://shop.example/done").await;
    let response = app.call(Method::POST, &format!("/sim/3ds/{id}/refuse"), &[], &[]).await;
    assert_eq!((response.status, response.state()), (200, "requires_payment_method"));
    let code = &response.body["last_payment_error"]["code"];
    assert_eq!(code, "payment_intent_authentication_failure");
    assert_eq!(app.confirm(&id, "pm_card_visa").await.state(), "requires_capture");
}

#[tokio::test]
async fn a_browser_is_asked_and_sent_back_to_the_shop() {
    let app = TestApp::start().await;
    for (response, outcome) in [("accept", "succeeded"), ("refuse", "failed")] {
        let id = challenged(&app, "http://shop.example/done?order=7#top").await;
        let page = app.http.get(format!("{}/sim/3ds/{id}", app.url)).send().await.expect("a page");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let html = page.text().await.expect("text");
        assert!(html.contains(&format!("/sim/3ds/{id}/{response}")) && html.contains("25.00 USD"), "{html}");

        let reply = as_browser(&app, Method::POST, &format!("/sim/3ds/{id}/{response}")).await;
        assert_eq!(reply.status, 303);
        let location = reply.header("location").expect("a location");
        let expected =
            format!("http://shop.example/done?order=7&payment_intent={id}&payment_intent_client_secret=");
        assert!(location.starts_with(&expected), "{location}");
        assert!(location.ends_with(&format!("&redirect_status={outcome}#top")), "{location}");
    }
}

#[tokio::test]
async fn a_payment_without_a_challenge_shows_no_form() {
    let app = TestApp::start().await;
    let id = app.authorized().await;
    let page = app.http.get(format!("{}/sim/3ds/{id}", app.url)).send().await.expect("a page");
    let html = page.text().await.expect("text");
    assert!(html.contains("Nothing to confirm") && !html.contains("<form"), "{html}");
    assert_eq!(as_browser(&app, Method::GET, "/sim/3ds/pi_1").await.status, 404);
}

#[tokio::test]
async fn a_buyer_who_goes_away_leaves_the_payment_waiting() {
    let app = TestApp::start().await;
    let id = challenged(&app, "http://shop.example/done").await;
    let path = format!("/sim/3ds/{id}/abandon");
    let response = app.call(Method::POST, &path, &[], &[]).await;
    assert_eq!((response.status, response.state()), (200, "requires_action"));
    let page = as_browser(&app, Method::POST, &path).await;
    assert_eq!((page.status, page.header("location")), (200, None), "no redirect to the shop");
    assert_eq!(app.call(Method::POST, &format!("/sim/3ds/{id}/accept"), &[], &[]).await.status, 200);
}
