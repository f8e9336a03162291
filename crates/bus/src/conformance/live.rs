//! What live listeners may count on.

use std::sync::Arc;

use common::Envelope;
use futures::stream::{BoxStream, StreamExt};

use super::samples::Samples;
use super::{BOTH, DEADLINES, publish, within};
use crate::{Bus, Lagged};

/// Far more than any bus keeps for a listener that does not read.
const FLOOD: usize = 20_000;

type Live = BoxStream<'static, Result<Arc<Envelope>, Lagged>>;

/// Every listener gets what is published while it is there, and nothing from before.
pub async fn live_listeners_hear_what_is_published_from_now_on(bus: Arc<dyn Bus>) {
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

/// A listener gets no event of a subject that it did not ask for.
pub async fn live_listeners_hear_only_their_subjects(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let (other, own) = (samples.ticket(samples.id(), 1, ""), samples.deadline());
    let mut deadlines = bus.live(DEADLINES);
    publish(&*bus, &other).await;
    publish(&*bus, &own).await;
    assert_eq!(next(&mut deadlines).await, Ok(own));
}

/// Publishing does not wait for a listener that does not read; once it reads, it is told that it missed some, unless
/// the bus has kept all of them, and hears the rest.
pub async fn who_listens_too_slowly_is_told_and_holds_nobody_back(bus: Arc<dyn Bus>) {
    let samples = Samples::new();
    let mut slow = bus.live(DEADLINES);
    let events: Vec<_> = (0..FLOOD).map(|_| samples.deadline()).collect();
    for event in &events {
        within(publish(&*bus, event)).await;
    }
    let (mut heard, mut missed) = (0, false);
    loop {
        match next(&mut slow).await {
            Ok(event) => {
                heard += 1;
                if Some(&event) == events.last() {
                    break;
                }
            }
            Err(Lagged) => missed = true,
        }
    }
    assert!(missed || heard == FLOOD, "{heard} of {FLOOD} came, and nobody said that some were missed");
}

async fn next(events: &mut Live) -> Result<Arc<Envelope>, Lagged> {
    within(events.next()).await.expect("a listener hears for as long as the bus is there")
}
