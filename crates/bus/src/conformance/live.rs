//! The contract of live events.

use std::sync::Arc;

use common::Envelope;
use futures::stream::{BoxStream, StreamExt};

use super::samples::Samples;
use super::{BOTH, DEADLINES, publish, within};
use crate::{Bus, Lagged};

/// Far more than any bus buffers for a listener that does not read.
const FLOOD: usize = 20_000;

type Live = BoxStream<'static, Result<Arc<Envelope>, Lagged>>;

/// Every listener receives what is published after its subscription, and nothing from before.
pub(super) async fn live_listeners_receive_what_is_published_from_now_on(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let events: Vec<_> = (0..3).map(|_| samples.deadline()).collect();
    publish(&*bus, &events[0]).await;
    let mut first = bus.live(DEADLINES);
    publish(&*bus, &events[1]).await;
    let mut second = bus.live(BOTH);
    publish(&*bus, &events[2]).await;
    for event in &events[1..] {
        assert_eq!(next(&mut first).await.as_ref(), Ok(event));
    }
    assert_eq!(next(&mut second).await.as_ref(), Ok(&events[2]));
}

/// A listener receives no event of another subject.
pub(super) async fn live_listeners_receive_only_their_subjects(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (other, own) = (samples.ticket(samples.id(), 1, ""), samples.deadline());
    let mut deadlines = bus.live(DEADLINES);
    publish(&*bus, &other).await;
    publish(&*bus, &own).await;
    assert_eq!(next(&mut deadlines).await, Ok(own));
}

/// Publishing does not wait for a listener that does not read. Once it reads, it receives [`Lagged`], unless the bus has
/// buffered every event, and then the rest.
pub(super) async fn a_slow_live_listener_receives_lagged_and_delays_no_publisher(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let mut slow = bus.live(DEADLINES);
    let events: Vec<_> = (0..FLOOD).map(|_| samples.deadline()).collect();
    for event in &events {
        within(publish(&*bus, event)).await;
    }
    let (mut received, mut lagged) = (0, false);
    loop {
        match next(&mut slow).await {
            Ok(event) => {
                received += 1;
                if Some(&event) == events.last() {
                    break;
                }
            }
            Err(Lagged) => lagged = true,
        }
    }
    assert!(lagged || received == FLOOD, "{received} of {FLOOD} arrived, without `Lagged`");
}

async fn next(events: &mut Live) -> Result<Arc<Envelope>, Lagged> {
    within(events.next()).await.expect("live events do not end before the bus")
}
