//! JetStream passes the conformance suite.

use bus::conformance;

use crate::support::Marketplace;

macro_rules! conformance_tests {
    ($($test:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            let marketplace = Marketplace::new();
            conformance::$test(marketplace.process().await).await;
            marketplace.end().await;
        }
    )+};
}

conformance_tests!(
    every_consumer_of_a_subject_receives_its_events,
    a_consumer_receives_only_its_subjects,
    an_event_without_consumers_is_accepted,
    what_is_not_acknowledged_is_redelivered,
    what_a_stopped_consumer_left_is_delivered_to_the_next,
    events_of_an_aggregate_come_in_order,
    an_event_published_twice_arrives,
    a_slow_consumer_does_not_stop_another,
    aggregates_do_not_wait_for_each_other,
    large_and_foreign_texts_arrive_intact,
    live_listeners_receive_what_is_published_from_now_on,
    live_listeners_receive_only_their_subjects,
    a_slow_live_listener_receives_lagged_and_delays_no_publisher,
);
