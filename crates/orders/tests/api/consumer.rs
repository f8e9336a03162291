use std::time::Duration;

use bus::{ConsumeError, Incoming};
use common::event::{
    CancelReason, DeadlinePassed, PaymentStatus, RefusalReason, ReservationRefused, TicketStatus,
};
use common::{Decision, Event, OrderId};
use orders::domain::{Order, Status, TicketReplica};

use crate::app::TestApp;
use crate::samples::{HOLD, buyer, id, noon, payment, seller, then, ticket, usd};

/// An order that has this status.
async fn with_status(status: Status) -> (TestApp, OrderId) {
    let (app, id) = TestApp::with_order().await;
    let order = app.order(id).await;
    app.commit(Decision::without_event(Order { status, version: 2, ..order })).await;
    app.published().await;
    (app, id)
}

/// An order that its buyer has cancelled, as it was before.
async fn cancelled() -> (TestApp, Order) {
    let (app, order) = TestApp::with_order().await;
    let placed = app.order(order).await;
    app.commit(placed.cancel(placed.created_at).expect("allowed").expect("a change")).await;
    (app, placed)
}

fn reserved(order: OrderId) -> Event {
    Event::TicketReserved(then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, Some(order)))
}

#[tokio::test]
async fn the_replica_keeps_the_newest_version() {
    let app = TestApp::start().await;
    let created = ticket(TestApp::ticket_id(), seller());
    let updated = then(&created, TicketStatus::Available, None);
    let withdrawn = then(&updated, TicketStatus::Withdrawn, None);
    app.consume_all([
        Event::TicketUpdated(updated.clone()),
        Event::TicketCreated(created),
        Event::TicketUpdated(updated.clone()),
    ])
    .await;
    let replica = app.replica().await.expect("a replica");
    assert_eq!((replica.as_of, replica.version), (2, 1), "late and repeated events write nothing");
    app.consume_all([Event::TicketWithdrawn(withdrawn), Event::TicketUpdated(updated)]).await;
    let replica = app.replica().await.expect("a replica");
    assert_eq!((replica.as_of, replica.status), (3, TicketStatus::Withdrawn.into()));
    assert_eq!(app.subjects().await, [""; 0], "a replica publishes nothing");
}

#[tokio::test]
async fn a_lock_makes_the_order_wait_for_payment_once() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([reserved(order), reserved(order)]).await;
    assert_eq!(app.order(order).await.status, Status::AwaitingPayment);
    assert_eq!(app.subjects().await, ["order.created", "order.awaiting-payment"]);
    assert_eq!(app.replica().await.expect("a replica").status, TicketStatus::Reserved);
}

#[tokio::test]
async fn a_lock_is_not_missed_though_the_replica_has_seen_later_versions() {
    let (app, order) = TestApp::with_order().await;
    let reserved = then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    let later = then(&reserved, TicketStatus::Reserved, Some(order));
    app.consume_all([Event::TicketUpdated(later), Event::TicketReserved(reserved)]).await;
    assert_eq!(app.order(order).await.status, Status::AwaitingPayment);
    assert_eq!(app.replica().await.expect("a replica").as_of, 3);
}

#[tokio::test]
async fn a_lock_for_a_cancelled_order_is_answered_with_the_truth() {
    let (app, placed) = cancelled().await;
    app.consume_all([reserved(placed.id)]).await;
    assert_eq!(app.subjects().await, ["order.created", "order.cancelled", "order.cancelled"]);
    let republished = app.order(placed.id).await;
    assert_eq!((republished.version, republished.updated_at), (3, placed.updated_at));
}

/// Every event that followed from an order is retried while the order is missing, which a superseded database may
/// claim. Then the event is ignored, unless money was captured.
#[tokio::test]
async fn an_event_about_an_unknown_order_is_retried_for_thirty_seconds() {
    let payment = |status| payment(id(404), status);
    for event in [
        reserved(id(404)),
        refused(id(404), RefusalReason::TicketUnavailable),
        passed(id(404)),
        authorized(id(404)),
        captured(id(404)),
        Event::PaymentFailed(payment(PaymentStatus::Failed)),
        Event::PaymentVoided(payment(PaymentStatus::Voided)),
        Event::PaymentRefunded(payment(PaymentStatus::Refunded)),
    ] {
        let app = TestApp::start().await;
        for ago in [Duration::ZERO, Incoming::MISSING_TIMEOUT.saturating_sub(Duration::from_millis(1))] {
            let result = app.retry(&event, ago).await;
            assert!(matches!(result, Err(ConsumeError::RetryLater(_))), "{event:?}: {result:?}");
        }
        let result = app.retry(&event, Incoming::MISSING_TIMEOUT).await;
        assert_eq!(result.is_ok(), !matches!(event, Event::PaymentCaptured(_)), "{event:?}: {result:?}");
        assert_eq!(app.subjects().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_lock_that_is_read_before_its_order_is_applied_once_the_order_is_there() {
    let app = TestApp::start().await;
    let wanted = ticket(TestApp::ticket_id(), seller());
    let replica = TicketReplica::apply(None, &wanted).expect("new").next;
    let locked = then(&wanted, TicketStatus::Reserved, Some(id(300)));
    let handled = app.service.receive(TestApp::ticket_id().into(), 2, Event::TicketReserved(locked)).await;
    assert!(!handled, "retried");
    app.commit(Order::place(id(300), buyer(), &replica, usd(2500), noon(), HOLD).expect("placed")).await;
    app.service.clock.advance(Duration::from_secs(1));
    assert_eq!(app.subjects().await, ["order.created", "order.awaiting-payment"]);
}

#[tokio::test]
async fn a_lock_for_an_unknown_order_feeds_the_replica_at_once() {
    let app = TestApp::start().await;
    assert!(app.consume(&reserved(id(404))).await.is_err());
    assert_eq!(app.replica().await.expect("a replica").locked_for(), Some(id(404)));
    assert_eq!(app.subjects().await, [""; 0]);
}

#[tokio::test]
async fn a_lock_without_an_order_is_an_error() {
    let app = TestApp::start().await;
    let reserved = then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, None);
    assert!(matches!(app.consume(&Event::TicketReserved(reserved)).await, Err(ConsumeError::Failed(_))));
}

fn refused(order_id: OrderId, reason: RefusalReason) -> Event {
    Event::TicketReservationRefused(ReservationRefused {
        ticket_id: TestApp::ticket_id(),
        order_id,
        reason: reason.into(),
    })
}

#[tokio::test]
async fn a_refused_lock_cancels_the_order_with_the_reason() {
    for (reason, why) in [
        (RefusalReason::TicketUnavailable, CancelReason::TicketUnavailable),
        (RefusalReason::PriceChanged, CancelReason::PriceChanged),
    ] {
        let (app, order) = TestApp::with_order().await;
        app.consume_all([refused(order, reason), refused(order, reason)]).await;
        assert_eq!(app.order(order).await.status, Status::Cancelled(why));
        assert_eq!(app.subjects().await, ["order.created", "order.cancelled"]);
    }
}

#[tokio::test]
async fn a_refusal_that_comes_after_the_lock_changes_nothing() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([reserved(order), refused(order, RefusalReason::TicketUnavailable)]).await;
    assert_eq!(app.order(order).await.status, Status::AwaitingPayment);
}

fn passed(order_id: OrderId) -> Event {
    Event::ExpirationCompleted(DeadlinePassed { order_id, expires_at: noon() })
}

#[tokio::test]
async fn an_order_expires_by_its_own_clock_and_only_once() {
    let (app, order) = TestApp::with_order().await;
    let early = app.consume(&passed(order)).await;
    assert!(matches!(early, Err(ConsumeError::RetryLater(wait)) if wait == HOLD), "{early:?}");
    app.service.clock.advance(HOLD);
    app.consume_all([passed(order), passed(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Cancelled(CancelReason::Expired));
    assert_eq!(app.subjects().await, ["order.created", "order.cancelled"]);
}

fn authorized(order: OrderId) -> Event {
    Event::PaymentAuthorized(payment(order, PaymentStatus::Authorized))
}

#[tokio::test]
async fn a_payment_in_time_is_accepted_once() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([reserved(order)]).await;
    app.service.clock.advance(HOLD.saturating_sub(Duration::from_millis(1)));
    app.consume_all([authorized(order), authorized(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Paying);
    assert_eq!(app.subjects().await, ["order.created", "order.awaiting-payment", "order.payment-accepted"]);
}

#[tokio::test]
async fn a_late_payment_is_refused_at_the_pivot_step_though_expiration_is_silent() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([reserved(order)]).await;
    app.service.clock.advance(HOLD);
    app.consume_all([authorized(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Cancelled(CancelReason::Expired));
    assert_eq!(app.subjects().await, ["order.created", "order.awaiting-payment", "order.cancelled"]);
}

/// Payments publishes an authorization again until the order follows, so no permit waits for the lock.
#[tokio::test]
async fn a_payment_before_the_lock_is_retried_for_a_second_and_accepted_when_it_comes_again() {
    let (app, order) = TestApp::with_order().await;
    let mut waited = Duration::ZERO;
    while let Err(ConsumeError::RetryLater(wait)) = app.retry(&authorized(order), waited).await {
        app.service.clock.advance(wait);
        waited += wait;
    }
    assert_eq!(waited.as_secs(), 1);
    assert_eq!(app.order(order).await.status, Status::Created);
    app.consume_all([reserved(order), authorized(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Paying);
}

#[tokio::test]
async fn a_payment_before_the_lock_is_not_retried_past_the_deadline() {
    let (app, order) = TestApp::with_order().await;
    app.service.clock.advance(HOLD.saturating_sub(Duration::from_millis(40)));
    let early = app.retry(&authorized(order), Duration::from_millis(500)).await;
    assert!(matches!(early, Err(ConsumeError::RetryLater(wait)) if wait == Duration::from_millis(40)));
    app.service.clock.advance(Duration::from_millis(40));
    app.consume_all([authorized(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Cancelled(CancelReason::Expired));
}

#[tokio::test]
async fn a_payment_for_a_cancelled_order_is_answered_with_the_truth() {
    let (app, placed) = cancelled().await;
    app.consume_all([authorized(placed.id)]).await;
    assert_eq!(app.subjects().await, ["order.created", "order.cancelled", "order.cancelled"]);
    assert_eq!(app.order(placed.id).await.status, Status::Cancelled(CancelReason::ByBuyer));
}

fn captured(order: OrderId) -> Event {
    Event::PaymentCaptured(payment(order, PaymentStatus::Captured))
}

#[tokio::test]
async fn a_captured_payment_completes_the_order_once_and_a_refund_leaves_it_so() {
    let (app, order) = with_status(Status::Paying).await;
    app.consume_all([captured(order), captured(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Complete);
    assert_eq!(app.subjects().await, ["order.completed"]);
    app.consume_all([Event::PaymentRefunded(payment(order, PaymentStatus::Refunded))]).await;
    assert_eq!(app.order(order).await.status, Status::Complete);
}

#[tokio::test]
async fn money_that_was_captured_without_an_accepted_payment_is_never_ignored() {
    for status in [Status::Created, Status::AwaitingPayment, Status::Cancelled(CancelReason::Expired)] {
        let (app, order) = with_status(status).await;
        let result = app.consume(&captured(order)).await;
        assert!(matches!(result, Err(ConsumeError::Failed(_))), "{status:?}: {result:?}");
        assert_eq!(app.order(order).await.status, status);
        assert_eq!(app.subjects().await, [""; 0]);
    }
}

#[tokio::test]
async fn money_that_was_captured_for_an_unknown_order_is_an_error() {
    let app = TestApp::start().await;
    let result = app.retry(&captured(id(404)), Incoming::MISSING_TIMEOUT).await;
    let Err(ConsumeError::Failed(cause)) = result else { panic!("ignored") };
    assert_eq!(cause.to_string(), "money was captured for an unknown order");
}

#[tokio::test]
async fn a_payment_that_failed_cancels_the_order_once() {
    let (app, id) = with_status(Status::Paying).await;
    let failed = Event::PaymentFailed(payment(id, PaymentStatus::Failed));
    app.consume_all([failed.clone(), failed]).await;
    assert_eq!(app.order(id).await.status, Status::Cancelled(CancelReason::PaymentFailed));
    assert_eq!(app.subjects().await, ["order.cancelled"]);
}

#[tokio::test]
async fn a_complete_order_is_not_cancelled_by_a_payment_that_failed() {
    let (app, id) = with_status(Status::Complete).await;
    let result = app.consume(&Event::PaymentFailed(payment(id, PaymentStatus::Failed))).await;
    assert!(matches!(result, Err(ConsumeError::Failed(_))), "{result:?}");
    assert_eq!(app.order(id).await.status, Status::Complete);
}

#[tokio::test]
async fn a_voided_payment_changes_nothing_unless_the_order_relies_on_it() {
    for status in [Status::Created, Status::AwaitingPayment, Status::Cancelled(CancelReason::Expired)] {
        let (app, id) = with_status(status).await;
        app.consume_all([voided(id)]).await;
        assert_eq!(app.order(id).await.version, 2);
    }
    let (app, id) = with_status(Status::Complete).await;
    let result = app.consume(&voided(id)).await;
    assert!(matches!(result, Err(ConsumeError::Failed(_))), "{result:?}");
    assert_eq!(app.order(id).await.version, 2);
}

fn voided(order: OrderId) -> Event {
    Event::PaymentVoided(payment(order, PaymentStatus::Voided))
}

/// The other half: `an_authorization_that_the_bank_let_go_of_fails_the_accepted_order` in the tests of payments.
#[tokio::test]
async fn a_void_that_precedes_the_acceptance_is_answered_with_the_acceptance_and_the_failure_ends_the_order()
{
    let (app, id) = with_status(Status::Paying).await;
    app.consume_all([voided(id)]).await;
    assert_eq!(app.order(id).await.status, Status::Paying);
    assert_eq!(app.subjects().await, ["order.payment-accepted"], "payments answers it with `payment.failed`");
    app.consume_all([Event::PaymentFailed(payment(id, PaymentStatus::Failed)), voided(id)]).await;
    assert_eq!(app.order(id).await.status, Status::Cancelled(CancelReason::PaymentFailed));
    assert_eq!(app.subjects().await, ["order.cancelled"]);
}
