//! The conformance suite: the contract of every bus, as cases that an adapter's tests run.
//!
//! Each takes an unused bus without consumers, and panics on a violation.

mod live;
mod samples;

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use common::Envelope;
use common::event::Subject;
use futures::FutureExt;
use futures::future::{BoxFuture, join, join_all};
use futures::stream::{BoxStream, StreamExt};

use self::live::{
    a_slow_live_listener_receives_lagged_and_delays_no_publisher, live_listeners_receive_only_their_subjects,
    live_listeners_receive_what_is_published_from_now_on,
};
use self::samples::Samples;
use crate::{Bus, Delivery};

/// The contract has no latency bound; this only ends a test that would hang.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

const TICKETS: &[Subject] = &[Subject::TicketUpdated];
const DEADLINES: &[Subject] = &[Subject::ExpirationCompleted];
const BOTH: &[Subject] = &[Subject::TicketUpdated, Subject::ExpirationCompleted];

/// A test of a part of the contract.
pub type Test = fn(Arc<dyn Bus>) -> BoxFuture<'static, ()>;

/// Lists the cases once, for their paths and names.
macro_rules! cases {
    ($($case:ident,)+) => {
        /// Every case with its name.
        pub fn cases() -> Vec<(&'static str, Test)> {
            vec![$((stringify!($case), (|bus| $case(bus).boxed()) as Test),)+]
        }
    };
}

cases! {
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
}

/// Every consumer of a subject receives each of its events.
async fn every_consumer_of_a_subject_receives_its_events(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let event = samples.deadline();
    let (mut first, mut second) = (bus.subscribe("first", BOTH), bus.subscribe("second", DEADLINES));
    let received = async {
        let received = (next(&mut first).await, next(&mut second).await);
        assert_eq!((received.0.envelope(), received.1.envelope()), (Some(&event), Some(&event)));
        received.0.ack();
        received.1.ack();
    };
    meanwhile(publish(&*bus, &event), received).await;
}

/// A consumer receives no event of another subject.
async fn a_consumer_receives_only_its_subjects(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (other, own) = (samples.ticket(samples.id(), 1, ""), samples.deadline());
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let published = async {
        publish(&*bus, &other).await;
        publish(&*bus, &own).await;
    };
    let received = async { expect(&mut deadlines, &own).await };
    meanwhile(published, received).await;
}

/// An event without consumers does not stay in the outbox.
async fn an_event_without_consumers_is_accepted(bus: Arc<dyn Bus>) {
    within(publish(&*bus, &Samples::new().deadline())).await;
}

/// A delivery that is dropped without an acknowledgement is redelivered, each time with the number of deliveries.
async fn what_is_not_acknowledged_is_redelivered(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (event, last) = (samples.deadline(), samples.deadline());
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let received = async {
        for deliveries in 1..=3 {
            let delivery = next(&mut deadlines).await;
            assert_eq!((delivery.envelope(), delivery.deliveries), (Some(&event), deliveries));
        }
        expect(&mut deadlines, &event).await;
    };
    meanwhile(publish(&*bus, &event), received).await;
    let received = async { expect(&mut deadlines, &last).await };
    meanwhile(publish(&*bus, &last), received).await;
}

/// An event that was delivered to a stopped consumer is delivered to the next one, if it is published again or the bus
/// stores it.
async fn what_a_stopped_consumer_left_is_delivered_to_the_next(bus: Arc<dyn Bus>) {
    let event = Samples::new().deadline();
    let mut first = bus.subscribe("deadlines", DEADLINES);
    let stopped = async {
        let delivery = next(&mut first).await;
        drop(first);
        drop(delivery);
    };
    // A bus that stores nothing must refuse the event; one that stores it may accept.
    let (accepted, ()) = within(join(bus.publish(event.clone()), stopped)).await;
    let mut second = bus.subscribe("deadlines", DEADLINES);
    let published = async {
        if accepted.is_err() {
            publish(&*bus, &event).await;
        }
    };
    let received = async { expect(&mut second, &event).await };
    meanwhile(published, received).await;
}

/// Events of one aggregate are delivered in the order in which they were published, though no publication waited for the
/// former one.
async fn events_of_an_aggregate_come_in_order(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let ticket = samples.id();
    let events: Vec<_> = (1..=100).map(|version| samples.ticket(ticket, version, "")).collect();
    let mut tickets = bus.subscribe("tickets", TICKETS);
    let published = join_all(events.iter().map(|event| publish(&*bus, event)));
    let received = async {
        for event in &events {
            expect(&mut tickets, event).await;
        }
    };
    meanwhile(async { drop(published.await) }, received).await;
}

/// An event that is published twice, as by a relay after a crash, is delivered at least once.
async fn an_event_published_twice_arrives(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (event, last) = (samples.deadline(), samples.deadline());
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let published = async {
        publish(&*bus, &event).await;
        publish(&*bus, &event).await;
        publish(&*bus, &last).await;
    };
    let received = async {
        let mut deliveries = 0;
        loop {
            let delivery = next(&mut deadlines).await;
            let received = delivery.envelope().cloned();
            delivery.ack();
            if received.as_ref() == Some(&last) {
                break;
            }
            assert_eq!(received.as_ref(), Some(&event));
            deliveries += 1;
        }
        assert!(deliveries >= 1, "the event never arrived");
    };
    meanwhile(published, received).await;
}

/// A slow consumer does not delay another.
async fn a_slow_consumer_does_not_stop_another(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let events: Vec<_> = (0..500).map(|_| samples.deadline()).collect();
    let (mut slow, mut fast) = (bus.subscribe("slow", DEADLINES), bus.subscribe("fast", DEADLINES));
    let published = join_all(events.iter().map(|event| publish(&*bus, event)));
    let received = async {
        expect_all(&mut fast, &events).await;
        expect_all(&mut slow, &events).await;
    };
    meanwhile(async { drop(published.await) }, received).await;
}

/// A second aggregate's event is delivered while the first one's is unacknowledged.
async fn aggregates_do_not_wait_for_each_other(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let events = [samples.deadline(), samples.deadline()];
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let published = join_all(events.iter().map(|event| publish(&*bus, event)));
    let received = async {
        let (one, other) = (next(&mut deadlines).await, next(&mut deadlines).await);
        assert_ne!(one.envelope(), other.envelope());
        other.ack();
        one.ack();
    };
    meanwhile(async { drop(published.await) }, received).await;
}

/// Texts of 60 KiB and texts in any script arrive unchanged.
async fn large_and_foreign_texts_arrive_intact(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let texts =
        ["x".repeat(60 * 1024), "Grüße, 東京, مرحبا, 🎫\u{200d}🎟️ \"\\\n\t\u{0}\u{7f}\u{2028}".to_owned()];
    let mut tickets = bus.subscribe("tickets", TICKETS);
    for text in texts {
        let event = samples.ticket(samples.id(), 1, &text);
        let received = async { expect(&mut tickets, &event).await };
        meanwhile(publish(&*bus, &event), received).await;
    }
}

async fn publish(bus: &dyn Bus, event: &Arc<Envelope>) {
    bus.publish(Arc::clone(event)).await.expect("the bus accepts the event");
}

async fn next(deliveries: &mut BoxStream<'static, Delivery>) -> Delivery {
    deliveries.next().await.expect("a subscription does not end")
}

/// Receives and acknowledges one delivery, which must be of this event.
async fn expect(deliveries: &mut BoxStream<'static, Delivery>, event: &Arc<Envelope>) {
    let delivery = next(deliveries).await;
    assert_eq!(delivery.envelope(), Some(event));
    delivery.ack();
}

/// Receives and acknowledges deliveries until each of these events has arrived.
async fn expect_all(deliveries: &mut BoxStream<'static, Delivery>, events: &[Arc<Envelope>]) {
    let mut missing: HashSet<_> = events.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        let delivery = next(deliveries).await;
        missing.remove(&delivery.envelope().expect("readable").id);
        delivery.ack();
    }
}

/// Runs both sides to their end: a publisher may wait until the consumers are done.
async fn meanwhile(published: impl Future<Output = ()>, received: impl Future<Output = ()>) {
    within(join(published, received)).await;
}

async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(TEST_TIMEOUT, work).await.expect("the bus answers before the timeout")
}
