use std::time::Duration;

use bus::{DeadLetter, Incoming};
use common::Event;
use common::event::{CancelReason, DisputeStatus, OrderSnapshot};
use mail::SendError;

use crate::app::{TestApp, buyer, cancelled, completed, order, refunded, seller};

const BUYER: &str = "buyer@example.com";
const SELLER: &str = "seller@example.com";
const COMPLETE: &str = "Your order is complete";
const SOLD: &str = "Your ticket was sold";

#[tokio::test]
async fn a_complete_order_is_one_email_to_each_party_however_often_its_event_arrives() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        assert!(app.receive(completed()).await);
        app.service.clock.advance(Duration::from_hours(1));
    }
    assert!(app.receive(Event::OrderCompleted(OrderSnapshot { overdue: true, version: 9, ..order() })).await);
    assert_eq!(app.subjects(BUYER).await, [COMPLETE]);
    assert_eq!(app.subjects(SELLER).await, [SOLD]);
    let email = &app.emails(BUYER).await[0];
    let link = format!("https://tickets.example/orders/{}", order().id);
    assert!(email.text.contains(&link) && email.text.contains("25.00 USD"), "{}", email.text);
    assert_eq!(email.attachments[0].name, "event.ics");
    assert_eq!(app.emails(SELLER).await[0].attachments, []);
}

#[tokio::test]
async fn a_repetition_after_a_crash_before_the_outcome_was_committed_has_the_same_message_id() {
    let app = TestApp::start().await;
    // The server accepts the email, and its reply is lost: to the service that is a failed attempt.
    app.defer(2);
    assert!(app.receive(completed()).await);
    assert_eq!(app.subjects(BUYER).await.len(), 0);
    let pending = app.order_emails().await.expect("stored").emails.pending().to_vec();
    let app = app.restart().await;
    assert!(app.receive(completed()).await);
    app.service.clock.advance(Duration::from_mins(2));
    let ids = [app.emails(BUYER).await, app.emails(SELLER).await].concat();
    let ids: Vec<_> = ids.iter().map(|email| &email.message_id).collect();
    assert_eq!(ids, pending.iter().map(|email| &email.message_id).collect::<Vec<_>>());
}

#[tokio::test]
async fn only_an_order_that_expires_informs_its_buyer_of_its_end() {
    for reason in [
        CancelReason::ByBuyer,
        CancelReason::TicketUnavailable,
        CancelReason::PriceChanged,
        CancelReason::PaymentFailed,
    ] {
        let app = TestApp::start().await;
        assert!(app.receive(cancelled(reason)).await);
        assert_eq!(app.subjects(BUYER).await.len(), 0, "{reason:?}");
        assert_eq!(app.order_emails().await, None, "{reason:?}");
    }
    let app = TestApp::start().await;
    assert!(app.receive(cancelled(CancelReason::Expired)).await);
    assert!(app.receive(cancelled(CancelReason::Expired)).await);
    assert_eq!(app.subjects(BUYER).await, ["Your order expired"]);
    assert_eq!(app.subjects(SELLER).await.len(), 0);
}

#[tokio::test]
async fn each_refunded_amount_is_one_email_to_each_party() {
    let app = TestApp::start().await;
    let disputed = OrderSnapshot { dispute: Some(DisputeStatus::Open.into()), ..order() };
    for event in
        [completed(), refunded(5_00), Event::OrderCompleted(disputed), refunded(25_00), refunded(5_00)]
    {
        assert!(app.receive(event).await);
        app.service.settle().await;
    }
    // A refund that failed later.
    assert!(app.receive(refunded(0)).await);
    assert_eq!(app.subjects(BUYER).await, [COMPLETE, "Your order was refunded", "Your order was refunded"]);
    assert_eq!(app.subjects(SELLER).await, [SOLD, "A sale was refunded", "A sale was refunded"]);
    let texts: Vec<_> = app.emails(BUYER).await.into_iter().map(|email| email.text).collect();
    assert!(texts[1].contains("5.00 USD of your payment") && texts[2].contains("25.00 USD of"), "{texts:?}");
}

#[tokio::test]
async fn an_unknown_recipient_is_waited_for_and_no_other_email_waits() {
    let app = TestApp::start_empty().await;
    app.change(buyer(), BUYER, 1).await;
    assert!(!app.receive(completed()).await, "the seller is unknown");
    assert_eq!(app.subjects(BUYER).await, [COMPLETE]);
    app.change(seller(), SELLER, 1).await;
    app.service.clock.advance(Incoming::MISSING_TIMEOUT);
    assert_eq!(app.subjects(SELLER).await, [SOLD]);
    assert!(app.receive(completed()).await);
    assert_eq!((app.subjects(BUYER).await.len(), app.subjects(SELLER).await.len()), (1, 1));
}

#[tokio::test]
async fn an_order_whose_seller_stays_unknown_is_a_dead_letter_whose_replay_sends_the_missing_email() {
    let app = TestApp::start_empty().await;
    app.change(buyer(), BUYER, 1).await;
    assert!(!app.receive(completed()).await, "the seller is unknown");
    let store = app.service.context.store.clone();
    let mut letters = Vec::new();
    for _ in 0..100 {
        app.service.clock.advance(Incoming::MISSING_TIMEOUT);
        app.service.settle().await;
        letters = DeadLetter::list(&store).await.expect("a database");
        if !letters.is_empty() {
            break;
        }
    }
    assert_eq!(letters.len(), 1);
    assert!(letters[0].reason.contains("a recipient of the email is unknown"), "{}", letters[0].reason);
    app.change(seller(), SELLER, 1).await;
    DeadLetter::request_replay(&store, letters[0].id).await.expect("a database");
    app.service.clock.advance(Duration::from_mins(1));
    app.service.settle().await;
    app.service.clock.advance(Duration::from_mins(1));
    assert_eq!(
        (app.subjects(BUYER).await, app.subjects(SELLER).await),
        (vec![COMPLETE.to_owned()], vec![SOLD.to_owned()])
    );
}

#[tokio::test]
async fn an_order_of_a_former_release_names_no_seller() {
    let app = TestApp::start().await;
    let mut former = order();
    former.ticket.seller_id = None;
    former.ticket.starts_at = None;
    assert!(app.receive(Event::OrderCompleted(former)).await);
    assert_eq!(app.emails(BUYER).await[0].attachments, []);
    assert_eq!(app.subjects(SELLER).await.len(), 0);
}

#[tokio::test]
async fn an_order_that_ended_long_ago_causes_no_email_when_it_is_published_again() {
    let app = TestApp::start().await;
    app.service.clock.advance(Duration::from_hours(8 * 24));
    assert!(app.receive(completed()).await && app.receive(cancelled(CancelReason::Expired)).await);
    assert_eq!(app.subjects(BUYER).await.len() + app.subjects(SELLER).await.len(), 0);
}

#[tokio::test]
async fn a_refused_email_fails_for_good_and_delays_no_other() {
    let app = TestApp::start().await;
    app.mailer.fail(SendError::Permanent("the mail server replied 550".into()));
    assert!(app.receive(completed()).await);
    assert_eq!(app.subjects(BUYER).await.len() + app.subjects(SELLER).await.len(), 1);
    let stored = app.order_emails().await.expect("stored");
    assert_eq!((stored.emails.failed().len(), stored.emails.pending().len()), (1, 0));
}

#[tokio::test]
async fn notices_are_purged_after_their_retention() {
    let app = TestApp::start().await;
    assert!(app.receive(completed()).await);
    app.service.clock.advance(Duration::from_hours(399 * 24));
    app.service.settle().await;
    assert!(app.order_emails().await.is_some());
    app.service.clock.advance(Duration::from_hours(2 * 24));
    app.service.settle().await;
    assert_eq!(app.order_emails().await, None);
}
