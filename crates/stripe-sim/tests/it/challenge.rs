//! 3-D Secure: the redirect, and what the buyer answers.

use reqwest::Method;

use crate::support::{Answer, World};

async fn challenged(world: &World, return_url: &str) -> String {
    let id = world.create().await.id();
    let params = [("payment_method", "pm_card_authenticationRequired"), ("return_url", return_url)];
    let answer = world.post(&format!("/v1/payment_intents/{id}/confirm"), &params).await;
    assert_eq!(answer.body["next_action"]["redirect_to_url"]["return_url"].as_str(), Some(return_url));
    id
}

async fn as_browser(world: &World, method: Method, path: &str) -> Answer {
    world.call(method, path, &[("accept", "text/html,application/xhtml+xml")], &[]).await
}

#[tokio::test]
async fn an_accepted_challenge_reserves_the_money() {
    let world = World::start().await;
    let id = challenged(&world, "http://shop.example/done").await;
    let answer = world.call(Method::POST, &format!("/sim/3ds/{id}/accept"), &[], &[]).await;
    assert_eq!((answer.status, answer.state()), (200, "requires_capture"));
    assert!(answer.body["next_action"].is_null());
}

#[tokio::test]
async fn a_refused_challenge_fails_the_payment_which_can_be_tried_again() {
    let world = World::start().await;
    let id = challenged(&world, "http://shop.example/done").await;
    let answer = world.call(Method::POST, &format!("/sim/3ds/{id}/refuse"), &[], &[]).await;
    assert_eq!((answer.status, answer.state()), (200, "requires_payment_method"));
    let code = &answer.body["last_payment_error"]["code"];
    assert_eq!(code, "payment_intent_authentication_failure");
    assert_eq!(world.confirm(&id, "pm_card_visa").await.state(), "requires_capture");
}

#[tokio::test]
async fn a_browser_is_asked_and_sent_back_to_the_shop() {
    let world = World::start().await;
    for (answer, outcome) in [("accept", "succeeded"), ("refuse", "failed")] {
        let id = challenged(&world, "http://shop.example/done?order=7#top").await;
        let page = world.http.get(format!("{}/sim/3ds/{id}", world.url)).send().await.expect("a page");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let html = page.text().await.expect("text");
        assert!(html.contains(&format!("/sim/3ds/{id}/{answer}")) && html.contains("25.00 USD"), "{html}");

        let reply = as_browser(&world, Method::POST, &format!("/sim/3ds/{id}/{answer}")).await;
        assert_eq!(reply.status, 303);
        let location = reply.header("location").expect("a location");
        let expected =
            format!("http://shop.example/done?order=7&payment_intent={id}&payment_intent_client_secret=");
        assert!(location.starts_with(&expected), "{location}");
        assert!(location.ends_with(&format!("&redirect_status={outcome}#top")), "{location}");
    }
}

#[tokio::test]
async fn a_payment_that_waits_for_nobody_asks_nobody() {
    let world = World::start().await;
    let id = world.authorized().await;
    let page = world.http.get(format!("{}/sim/3ds/{id}", world.url)).send().await.expect("a page");
    let html = page.text().await.expect("text");
    assert!(html.contains("Nothing to confirm") && !html.contains("<form"), "{html}");
    assert_eq!(as_browser(&world, Method::GET, "/sim/3ds/pi_1").await.status, 404);
}

#[tokio::test]
async fn a_buyer_who_goes_away_leaves_the_payment_waiting() {
    let world = World::start().await;
    let id = challenged(&world, "http://shop.example/done").await;
    let path = format!("/sim/3ds/{id}/abandon");
    let answer = world.call(Method::POST, &path, &[], &[]).await;
    assert_eq!((answer.status, answer.state()), (200, "requires_action"));
    let page = as_browser(&world, Method::POST, &path).await;
    assert_eq!((page.status, page.header("location")), (200, None), "nobody is sent back to the shop");
    assert_eq!(world.call(Method::POST, &format!("/sim/3ds/{id}/accept"), &[], &[]).await.status, 200);
}
