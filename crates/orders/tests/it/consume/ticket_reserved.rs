use bus::ConsumeError;
use common::Event;
use common::event::TicketStatus;
use orders::domain::Status;

use crate::desk::Desk;
use crate::samples::{id, seller, then, ticket};

#[tokio::test]
async fn a_lock_makes_the_order_wait_for_payment_once() {
    let (desk, order) = Desk::with_order().await;
    let reserved = Event::TicketReserved(then(
        &ticket(Desk::ticket_id(), seller()),
        TicketStatus::Reserved,
        Some(order),
    ));
    desk.hears([reserved.clone(), reserved]).await;
    assert_eq!(desk.order(order).await.status, Status::AwaitingPayment);
    assert_eq!(desk.subjects().await, ["order.created", "order.awaiting-payment"]);
    assert_eq!(desk.ticket().await.expect("a replica").status, TicketStatus::Reserved);
}

#[tokio::test]
async fn a_lock_is_not_missed_though_the_replica_has_seen_later_versions() {
    let (desk, order) = Desk::with_order().await;
    let reserved = then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    let later = then(&reserved, TicketStatus::Reserved, Some(order));
    desk.hears([Event::TicketUpdated(later), Event::TicketReserved(reserved)]).await;
    assert_eq!(desk.order(order).await.status, Status::AwaitingPayment);
    assert_eq!(desk.ticket().await.expect("a replica").as_of, 3);
}

#[tokio::test]
async fn a_lock_for_a_cancelled_order_is_answered_with_the_truth() {
    let (desk, order) = Desk::with_order().await;
    let placed = desk.order(order).await;
    desk.commit(placed.cancel(placed.created_at).expect("allowed").expect("a change")).await;
    let reserved = then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    desk.hears([Event::TicketReserved(reserved)]).await;
    assert_eq!(desk.subjects().await, ["order.created", "order.cancelled", "order.cancelled"]);
    let told_again = desk.order(order).await;
    assert_eq!((told_again.version, told_again.updated_at), (3, placed.updated_at));
}

#[tokio::test]
async fn a_lock_for_an_unknown_order_only_feeds_the_replica() {
    let desk = Desk::new();
    let reserved = then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, Some(id(404)));
    desk.hears([Event::TicketReserved(reserved)]).await;
    assert_eq!(desk.ticket().await.expect("a replica").locked_for(), Some(id(404)));
    assert_eq!(desk.subjects().await, [""; 0]);
}

#[tokio::test]
async fn a_lock_for_nobody_is_a_fault() {
    let desk = Desk::new();
    let reserved = then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, None);
    assert!(matches!(desk.hear(&Event::TicketReserved(reserved)).await, Err(ConsumeError::Failed(_))));
}
