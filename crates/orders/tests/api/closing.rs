//! The closing of accounts.

use common::event::{CancelReason, ClosingRequest, PaymentStatus};
use common::{Decision, Event, OrderId, UserId};
use orders::domain::{Order, Status};
use runtime::testing::Person;

use crate::app::TestApp;

const ENDED: Status = Status::Cancelled(CancelReason::AccountClosed);

fn wanted(user_id: UserId, request: u64) -> ClosingRequest {
    ClosingRequest { user_id, request, if_unused: false }
}

/// Delivers a request, and returns the decisions.
async fn close(app: &TestApp, request: &ClosingRequest) -> Vec<Event> {
    app.published().await;
    app.consume(&Event::AccountClosing(request.clone())).await.expect("handled");
    let is_decision =
        |event: &Event| matches!(event, Event::OrderClosingAccepted(_) | Event::OrderClosingRefused(_));
    app.published().await.into_iter().filter(is_decision).collect()
}

async fn accepts(app: &TestApp, person: &Person) {
    let request = wanted(person.id, 1);
    assert_eq!(close(app, &request).await, [Event::OrderClosingAccepted(request)]);
}

#[tokio::test]
async fn open_orders_of_a_closed_account_and_for_its_listings_end() {
    let app = TestApp::start().await;
    let [waiting, placed, for_stranger] = [app.ticket().await, app.ticket().await, app.ticket().await];
    let awaiting = app.ordered(&waiting).await;
    app.reserve(&waiting, awaiting).await;
    let created = app.ordered(&placed).await;
    let reply = app.place(&app.stranger, &for_stranger).await;
    let other: OrderId = serde_json::from_value(reply.json["id"].clone()).expect("an id");

    accepts(&app, &app.buyer).await;
    for order in [awaiting, created] {
        assert_eq!(app.order(order).await.status, ENDED);
    }
    assert_eq!(app.order(other).await.status, Status::Created, "of another buyer");
    accepts(&app, &app.seller).await;
    assert_eq!(app.order(other).await.status, ENDED);
}

#[tokio::test]
async fn an_account_whose_purchase_or_sale_is_being_paid_stays_open() {
    let app = TestApp::start().await;
    let [paid, open] = [app.ticket().await, app.ticket().await];
    let paying = app.paid(&paid, PaymentStatus::Authorized).await;
    let other = app.ordered(&open).await;
    for person in [&app.buyer, &app.seller] {
        let request = wanted(person.id, 1);
        assert_eq!(close(&app, &request).await, [Event::OrderClosingRefused(request)]);
    }
    assert_eq!(app.order(paying).await.status, Status::Paying);
    assert_eq!(app.order(other).await.status, Status::Created, "the account stays open");
    let third = app.ticket().await;
    app.ordered(&third).await;

    app.deliver_payment(paying, PaymentStatus::Captured).await;
    for person in [&app.buyer, &app.seller] {
        let request = wanted(person.id, 2);
        assert_eq!(close(&app, &request).await, [Event::OrderClosingAccepted(request)]);
    }
    assert_eq!(app.order(paying).await.status, Status::Complete);
}

#[tokio::test]
async fn a_closed_account_neither_buys_nor_sells() {
    let app = TestApp::start().await;
    let [first, second] = [app.ticket().await, app.ticket().await];
    accepts(&app, &app.buyer).await;
    let order = app.ordered(&first).await;
    app.reserve(&first, order).await;
    assert_eq!(app.order(order).await.status, ENDED, "of a closed account");
    accepts(&app, &app.seller).await;
    let reply = app.place(&app.stranger, &second).await;
    let order: OrderId = serde_json::from_value(reply.json["id"].clone()).expect("an id");
    app.reserve(&second, order).await;
    assert_eq!(app.order(order).await.status, ENDED, "for a listing of one");
}

/// The order was committed after the account's orders were read: its ticket is confirmed later than the account was closed.
#[tokio::test]
async fn an_order_that_is_placed_while_an_account_closes_ends_before_it_can_be_paid() {
    for closes_seller in [false, true] {
        let app = TestApp::start().await;
        let ticket = app.ticket().await;
        let placed = app.order(app.ordered(&ticket).await).await;
        let closed = if closes_seller { &app.seller } else { &app.buyer };
        accepts(&app, closed).await;
        let ended = app.order(placed.id).await;
        let again = Order { version: ended.version + 1, ..placed };
        app.commit(Decision::without_event(again)).await;
        app.reserve(&ticket, ended.id).await;
        assert_eq!(app.order(ended.id).await.status, ENDED);
    }
}

#[tokio::test]
async fn a_repeated_request_is_answered_again_and_a_superseded_one_is_not() {
    let app = TestApp::start().await;
    let (first, second) = (wanted(app.buyer.id, 1), wanted(app.buyer.id, 5));
    for request in [&first, &first, &second, &second] {
        assert_eq!(close(&app, request).await, [Event::OrderClosingAccepted(request.clone())]);
    }
    assert_eq!(close(&app, &first).await, []);
}

#[tokio::test]
async fn an_account_is_in_use_if_it_has_listed_bought_or_ordered_something() {
    let app = TestApp::start().await;
    let if_unused = |user| ClosingRequest { if_unused: true, ..wanted(user, 1) };
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    for person in [&app.seller, &app.buyer] {
        let request = if_unused(person.id);
        assert_eq!(close(&app, &request).await, [Event::OrderClosingRefused(request)]);
    }
    assert_eq!(app.order(order).await.status, Status::Created, "no order ends");
    let request = if_unused(app.stranger.id);
    assert_eq!(close(&app, &request).await, [Event::OrderClosingAccepted(request)]);
}
