//! Two processes of each service, behind nginx, on MongoDB and NATS.

use std::time::Duration;

use e2e::Cluster;
use tokio::join;

use crate::flows::{
    a_cancelled_order_frees_its_ticket_at_once, a_declined_card_can_be_replaced_by_another,
    a_payment_confirmed_after_the_deadline_is_voided_and_never_captured,
    a_price_that_changed_meanwhile_is_never_charged, a_three_d_secure_card_completes_after_its_step,
    an_authorized_payment_of_a_cancelled_order_is_voided, an_unpaid_order_frees_its_ticket_when_it_expires,
    of_many_simultaneous_buyers_one_gets_the_ticket, two_people_trade_a_ticket,
};
use crate::market::SHORT_HOLD;

/// One test: starting a cluster takes longer than any flow, and together they do not know how long the others take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flow_ends_alike_and_the_books_are_in_order() {
    let hold = format!("{}s", SHORT_HOLD.as_secs());
    let market = Cluster::start(&hold, |_| {}).await;
    join!(
        two_people_trade_a_ticket(&market),
        an_unpaid_order_frees_its_ticket_when_it_expires(&market),
        a_cancelled_order_frees_its_ticket_at_once(&market),
        an_authorized_payment_of_a_cancelled_order_is_voided(&market),
        a_declined_card_can_be_replaced_by_another(&market),
        a_payment_confirmed_after_the_deadline_is_voided_and_never_captured(&market),
        a_three_d_secure_card_completes_after_its_step(&market),
        a_price_that_changed_meanwhile_is_never_charged(&market),
        of_many_simultaneous_buyers_one_gets_the_ticket(&market),
    );
    let books = market.comes_to_rest(Duration::from_mins(2)).await;
    assert!(books.ended("complete") >= 5 && books.ended("expired") >= 2 && books.ended("by-buyer") >= 3);
}
