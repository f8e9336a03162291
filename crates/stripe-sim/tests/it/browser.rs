//! The stand-in for Stripe's script.

use reqwest::Method;

use crate::support::World;

#[tokio::test]
async fn the_script_is_served_as_a_script_to_every_origin() {
    let world = World::start().await;
    let answer = world.call(Method::GET, "/stripe.js", &[("origin", "http://shop.example")], &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn the_script_sends_only_parameters_that_the_api_knows() {
    let world = World::start().await;
    let script = world.http.get(format!("{}/stripe.js", world.url)).send().await.expect("a script");
    let script = script.text().await.expect("text");
    for name in ["client_secret", "return_url", "payment_method_data[type]", "payment_method_data[card]"] {
        assert!(script.contains(name), "{name}");
    }
    let created = world.create().await;
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
    let answer = world.call(Method::POST, &path, &headers, &params).await;
    assert_eq!((answer.status, answer.state()), (200, "requires_capture"));
}
