use std::time::Duration;

use bus::{DeadLetter, RawEvent};
use common::event::AccountSnapshot;
use common::{Decision, Event};
use notifications::domain::Recipient;
use uuid::Uuid;

use crate::app::{TestApp, buyer, completed, refunded, seller, start};

#[tokio::test]
async fn an_email_goes_to_the_newest_address() {
    let app = TestApp::start().await;
    app.change(buyer(), "new@example.com", 3).await;
    app.change(buyer(), "late@example.com", 2).await;
    assert!(app.receive(completed()).await);
    assert_eq!(app.subjects("new@example.com").await.len(), 1);
    assert_eq!(app.subjects("late@example.com").await.len(), 0);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_address_and_its_pending_emails_are_dropped() {
    let app = TestApp::start().await;
    app.defer(2);
    assert!(app.receive(completed()).await);
    app.service.settle().await;
    app.delete(buyer()).await;
    app.delete(buyer()).await;
    app.change(buyer(), "buyer@example.com", 99).await;
    let recipient = app.recipient(buyer()).await.expect("a tombstone");
    assert_eq!(recipient, Recipient { user_id: buyer(), account: None, as_of: 1, version: 2 });
    app.service.clock.advance(Duration::from_mins(2));
    assert_eq!(app.subjects("buyer@example.com").await.len(), 0);
    assert_eq!(app.subjects("seller@example.com").await, ["Your ticket was sold"]);
    // A later event neither waits for the account nor brings an email back.
    assert!(app.receive(completed()).await && app.receive(refunded(5_00)).await);
    assert_eq!(app.subjects("buyer@example.com").await.len(), 0);
    let stored = serde_json::to_string(&app.order_emails().await.expect("stored")).expect("JSON");
    assert!(!stored.contains("example.com"), "{stored}");
}

#[tokio::test]
async fn the_deletion_of_an_unknown_account_comes_before_its_late_beginning() {
    let app = TestApp::start_empty().await;
    app.delete(seller()).await;
    app.change(seller(), "seller@example.com", 1).await;
    assert_eq!(app.recipient(seller()).await.expect("a tombstone").address(), None);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_dead_letter_with_its_address() {
    let app = TestApp::start().await;
    let store = &app.service.context.store;
    for (number, user) in [(1, buyer()), (2, seller())] {
        let account = AccountSnapshot {
            user_id: user,
            email: "typo@example.com".into(),
            verified: false,
            locale: None,
            version: 5,
        };
        let event = app.service.envelope(user.into(), 5, Event::AccountChanged(account));
        let letter = DeadLetter {
            id: Uuid::from_u128(number),
            version: 1,
            event: RawEvent::of(&event),
            consumer: notifications::NAME.into(),
            reason: "the database was unavailable".into(),
            attempts: 10,
            failed_at: start(),
            replay_requested: false,
        };
        store.collection().commit(Decision::without_event(letter)).await.expect("stored");
    }
    app.delete(buyer()).await;
    let left = DeadLetter::list(store).await.expect("a list");
    assert_eq!(
        left.iter().map(|letter| letter.event.aggregate()).collect::<Vec<_>>(),
        [Some(seller().into())]
    );
}
