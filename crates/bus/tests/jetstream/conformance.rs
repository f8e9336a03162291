//! JetStream keeps every promise of a bus.

use bus::conformance;

use crate::support::Marketplace;

macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            let marketplace = Marketplace::new();
            conformance::$promise(marketplace.process().await).await;
            marketplace.end().await;
        }
    )+};
}

promises!(
    every_consumer_of_a_subject_hears_it,
    a_consumer_hears_only_its_subjects,
    what_nobody_hears_is_taken,
    what_is_not_acknowledged_comes_again,
    what_a_stopped_consumer_left_comes_to_the_next,
    events_of_an_aggregate_come_in_order,
    an_event_published_twice_arrives,
    a_slow_consumer_does_not_stop_another,
    aggregates_do_not_wait_for_each_other,
    large_and_foreign_texts_arrive_intact,
    live_listeners_hear_what_is_published_from_now_on,
    live_listeners_hear_only_their_subjects,
    who_listens_too_slowly_is_told_and_holds_nobody_back,
);
