//! What every bus must do, as functions that an adapter's tests call.
//!
//! Each takes a bus on which nothing was published and nobody has subscribed, and panics if a promise is broken.

#![expect(clippy::missing_panics_doc, reason = "panicking is how a suite speaks, as said above")]

mod live;
mod samples;

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use common::Envelope;
use common::event::Subject;
use futures::future::{join, join_all};
use futures::stream::{BoxStream, StreamExt};

use self::samples::Samples;
use crate::{Bus, Delivery};

pub use self::live::{
    live_listeners_hear_only_their_subjects, live_listeners_hear_what_is_published_from_now_on,
    who_listens_too_slowly_is_told_and_holds_nobody_back,
};

/// No promise is about speed; this only ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_mins(1);

const TICKETS: &[Subject] = &[Subject::TicketUpdated];
const DEADLINES: &[Subject] = &[Subject::ExpirationCompleted];
const BOTH: &[Subject] = &[Subject::TicketUpdated, Subject::ExpirationCompleted];

/// The whole suite, each part on a bus of its own.
pub async fn all<F: Future<Output = Arc<dyn Bus>>>(fresh: impl Fn() -> F) {
    every_consumer_of_a_subject_hears_it(fresh().await).await;
    a_consumer_hears_only_its_subjects(fresh().await).await;
    what_nobody_hears_is_taken(fresh().await).await;
    what_is_not_acknowledged_comes_again(fresh().await).await;
    what_a_stopped_consumer_left_comes_to_the_next(fresh().await).await;
    events_of_an_aggregate_come_in_order(fresh().await).await;
    an_event_published_twice_arrives(fresh().await).await;
    a_slow_consumer_does_not_stop_another(fresh().await).await;
    aggregates_do_not_wait_for_each_other(fresh().await).await;
    large_and_foreign_texts_arrive_intact(fresh().await).await;
    live_listeners_hear_what_is_published_from_now_on(fresh().await).await;
    live_listeners_hear_only_their_subjects(fresh().await).await;
    who_listens_too_slowly_is_told_and_holds_nobody_back(fresh().await).await;
}

/// Every consumer of a subject gets each of its events.
pub async fn every_consumer_of_a_subject_hears_it(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let event = samples.deadline();
    let (mut first, mut second) = (bus.subscribe("first", BOTH), bus.subscribe("second", DEADLINES));
    let heard = async {
        let heard = (next(&mut first).await, next(&mut second).await);
        assert_eq!((&heard.0.envelope, &heard.1.envelope), (&event, &event));
        heard.0.ack();
        heard.1.ack();
    };
    meanwhile(publish(&*bus, &event), heard).await;
}

/// A consumer gets no event of a subject that it did not ask for.
pub async fn a_consumer_hears_only_its_subjects(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (other, own) = (samples.ticket(samples.id(), 1, ""), samples.deadline());
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let published = async {
        publish(&*bus, &other).await;
        publish(&*bus, &own).await;
    };
    let heard = async { expect(&mut deadlines, &own).await };
    meanwhile(published, heard).await;
}

/// An event on whose subject nobody listens does not stay in the outbox.
pub async fn what_nobody_hears_is_taken(bus: Arc<dyn Bus>) {
    within(publish(&*bus, &Samples::new().revocation())).await;
}

/// A delivery that is dropped without an acknowledgement comes again, as often as it is dropped, and says how often
/// that was.
pub async fn what_is_not_acknowledged_comes_again(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (event, last) = (samples.deadline(), samples.deadline());
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let heard = async {
        for times in 1..=3 {
            let delivery = next(&mut deadlines).await;
            assert_eq!((&delivery.envelope, delivery.deliveries), (&event, times));
        }
        expect(&mut deadlines, &event).await;
    };
    meanwhile(publish(&*bus, &event), heard).await;
    let heard = async { expect(&mut deadlines, &last).await };
    meanwhile(publish(&*bus, &last), heard).await;
}

/// What was delivered to a consumer that then went away comes when it is back, if it is published again or the bus
/// keeps it.
pub async fn what_a_stopped_consumer_left_comes_to_the_next(bus: Arc<dyn Bus>) {
    let event = Samples::new().deadline();
    let mut first = bus.subscribe("deadlines", DEADLINES);
    let stopped = async {
        let delivery = next(&mut first).await;
        drop(first);
        drop(delivery);
    };
    // A bus that keeps nothing must refuse; one that keeps the event may take it.
    let (taken, ()) = within(join(bus.publish(event.clone()), stopped)).await;
    let mut second = bus.subscribe("deadlines", DEADLINES);
    let published = async {
        if taken.is_err() {
            publish(&*bus, &event).await;
        }
    };
    let heard = async { expect(&mut second, &event).await };
    meanwhile(published, heard).await;
}

/// Events of one aggregate that are published one after another come in that order.
pub async fn events_of_an_aggregate_come_in_order(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let ticket = samples.id();
    let events: Vec<_> = (1..=100).map(|version| samples.ticket(ticket, version, "")).collect();
    let mut tickets = bus.subscribe("tickets", TICKETS);
    let published = async {
        for event in &events {
            publish(&*bus, event).await;
        }
    };
    let heard = async {
        for event in &events {
            expect(&mut tickets, event).await;
        }
    };
    meanwhile(published, heard).await;
}

/// The same event may be published again, as a relay does after a crash, and arrives at least once.
pub async fn an_event_published_twice_arrives(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (event, last) = (samples.deadline(), samples.deadline());
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let published = async {
        publish(&*bus, &event).await;
        publish(&*bus, &event).await;
        publish(&*bus, &last).await;
    };
    let heard = async {
        let mut times = 0;
        loop {
            let delivery = next(&mut deadlines).await;
            let heard = Arc::clone(&delivery.envelope);
            delivery.ack();
            if heard == last {
                break;
            }
            assert_eq!(heard, event);
            times += 1;
        }
        assert!(times >= 1, "the event never arrived");
    };
    meanwhile(published, heard).await;
}

/// A consumer that takes nothing does not keep events from another.
pub async fn a_slow_consumer_does_not_stop_another(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let events: Vec<_> = (0..500).map(|_| samples.deadline()).collect();
    let (mut slow, mut fast) = (bus.subscribe("slow", DEADLINES), bus.subscribe("fast", DEADLINES));
    let published = join_all(events.iter().map(|event| publish(&*bus, event)));
    let heard = async {
        expect_all(&mut fast, &events).await;
        expect_all(&mut slow, &events).await;
    };
    meanwhile(async { drop(published.await) }, heard).await;
}

/// A second aggregate's event comes while the first one's is not acknowledged.
pub async fn aggregates_do_not_wait_for_each_other(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let events = [samples.deadline(), samples.deadline()];
    let mut deadlines = bus.subscribe("deadlines", DEADLINES);
    let published = join_all(events.iter().map(|event| publish(&*bus, event)));
    let heard = async {
        let (one, other) = (next(&mut deadlines).await, next(&mut deadlines).await);
        assert_ne!(one.envelope, other.envelope);
        other.ack();
        one.ack();
    };
    meanwhile(async { drop(published.await) }, heard).await;
}

/// Texts of 60 KiB and texts in any script arrive as they were sent.
pub async fn large_and_foreign_texts_arrive_intact(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let texts =
        ["x".repeat(60 * 1024), "Grüße, 東京, مرحبا, 🎫\u{200d}🎟️ \"\\\n\t\u{0}\u{7f}\u{2028}".to_owned()];
    let mut tickets = bus.subscribe("tickets", TICKETS);
    for text in texts {
        let event = samples.ticket(samples.id(), 1, &text);
        let heard = async { expect(&mut tickets, &event).await };
        meanwhile(publish(&*bus, &event), heard).await;
    }
}

async fn publish(bus: &dyn Bus, event: &Arc<Envelope>) {
    bus.publish(Arc::clone(event)).await.expect("the bus takes the event");
}

async fn next(deliveries: &mut BoxStream<'static, Delivery>) -> Delivery {
    deliveries.next().await.expect("a subscription does not end")
}

/// Takes and acknowledges one delivery, which must be of this event.
async fn expect(deliveries: &mut BoxStream<'static, Delivery>, event: &Arc<Envelope>) {
    let delivery = next(deliveries).await;
    assert_eq!(&delivery.envelope, event);
    delivery.ack();
}

/// Takes and acknowledges deliveries until each of these events has come.
async fn expect_all(deliveries: &mut BoxStream<'static, Delivery>, events: &[Arc<Envelope>]) {
    let mut missing: HashSet<_> = events.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        let delivery = next(deliveries).await;
        missing.remove(&delivery.envelope.id);
        delivery.ack();
    }
}

/// Runs both sides to their end: a bus may hold a publisher until the consumers are done.
async fn meanwhile(published: impl Future<Output = ()>, heard: impl Future<Output = ()>) {
    within(join(published, heard)).await;
}

async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(PATIENCE, work).await.expect("the bus does not keep anybody waiting")
}
