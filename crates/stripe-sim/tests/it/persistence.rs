//! What is left when the process is gone.

use crate::support::{NEW, PUBLISHABLE_KEY, World};
use reqwest::Method;

#[tokio::test]
async fn payments_replies_and_events_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stripe.db");
    let world = World::on_file(&file, 1).await;
    let created = world.post_once("key-1", "/v1/payment_intents", &NEW).await;
    let id = created.id();
    world.confirm(&id, "pm_card_visa").await;
    assert!(world.receiver.received().is_empty());
    world.stop().await;

    let mut world = World::on_file(&file, 2).await;
    assert_eq!(world.state(&id).await, "requires_capture");
    let again = world.post_once("key-1", "/v1/payment_intents", &NEW).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&created.body, Some("true")));
    world.deliver();
    world.settle().await;
    assert_eq!(world.receiver.kinds(), ["created", "amount_capturable_updated"]);
    world.stop().await;

    let mut world = World::on_file(&file, 3).await;
    world.deliver();
    world.settle().await;
    assert!(world.receiver.received().is_empty(), "what was delivered is not delivered again");
    world.stop().await;
}

#[tokio::test]
async fn card_numbers_are_nowhere_in_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::on_file(&folder.path().join("stripe.db"), 1).await;
    let created = world.create().await;
    let secret = created.secret();
    for number in ["4000000000000002", "4242424242424242"] {
        let params = [
            ("client_secret", secret.as_str()),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", number),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "34"),
            ("payment_method_data[card][cvc]", "987"),
        ];
        let bearer = format!("Bearer {PUBLISHABLE_KEY}");
        // A key makes the request's fingerprint be stored, too.
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", &number[12..])];
        world
            .call(Method::POST, &format!("/v1/payment_intents/{}/confirm", created.id()), &headers, &params)
            .await;
    }
    assert_eq!(world.state(&created.id()).await, "requires_capture");
    world.stop().await;
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        kept.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let keeps = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(keeps(&created.id()), "the files that were looked at are the database");
    for number in ["4000000000000002", "4242424242424242"] {
        assert!(!keeps(number), "{number}");
    }
}
