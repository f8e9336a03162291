//! A purchase, and everything else that can become of an order: in one process on a simulated clock, and on a cluster.

mod cluster;
mod cost;
mod deletion;
mod deployment;
mod emails;
mod endings;
mod flows;
mod last_poll;
mod last_poll_matrix;
mod lost_events;
mod refunds;
mod stuck_consumer;
mod unreadable;

use e2e::World;

/// A test in one process for each flow.
macro_rules! tests {
    ($($flow:ident)+) => {$(
        #[tokio::test]
        async fn $flow() {
            let world = World::start().await;
            flows::$flow(&world).await;
            // Past every retry: open work must end.
            world.advance(std::time::Duration::from_mins(2)).await;
            world.finish().await;
        }
    )+};
}

tests! {
    two_people_trade_a_ticket
    an_unpaid_order_frees_its_ticket_when_it_expires
    a_cancelled_order_frees_its_ticket_at_once
    an_authorized_payment_of_a_cancelled_order_is_voided
    a_declined_card_can_be_replaced_by_another
    a_payment_confirmed_after_the_deadline_is_voided_and_never_captured
    a_three_d_secure_card_completes_after_its_step
    a_price_that_changed_meanwhile_is_never_charged
    of_many_simultaneous_buyers_one_gets_the_ticket
}
