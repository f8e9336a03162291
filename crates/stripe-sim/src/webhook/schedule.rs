//! When an event is first tried: at once, unless a fault delays it or holds it back.

use std::time::Duration;

use common::Time;

use crate::endpoint::Endpoint;
use crate::event::{Delivery, EventType};
use crate::fault::WebhookFaults;
use crate::record::Record;

/// How long an event waits for a later one to overtake it, while events are delivered out of order.
const HELD_BACK: Duration = Duration::from_secs(3);

/// A moment is a millisecond: so much earlier is before.
const A_MOMENT: Duration = Duration::from_millis(1);

/// The faults under which events are scheduled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faulty(pub(crate) WebhookFaults);

impl Faulty {
    /// The deliveries of a new event; with `reorder`, those that wait come after it.
    pub(crate) fn deliveries(
        self,
        record: &mut Record,
        kind: EventType,
        endpoints: &[Endpoint],
        now: Time,
    ) -> Vec<Delivery> {
        let due = self.due(record, now);
        let receivers = endpoints.iter().filter(|endpoint| endpoint.wants(kind));
        receivers.map(|endpoint| Delivery::new(endpoint.id.to_string(), due)).collect()
    }

    fn due(self, record: &mut Record, now: Time) -> Time {
        let due = now.after(Duration::from_millis(self.0.delay_ms));
        if !self.0.reorder {
            return due;
        }
        let deliveries = record.events.iter_mut().flat_map(|event| &mut event.deliveries);
        let waiting: Vec<&mut Time> = deliveries.filter_map(|delivery| delivery.due.as_mut()).collect();
        if waiting.is_empty() {
            return due.after(HELD_BACK);
        }
        let mut first = due;
        for held in waiting {
            *held = (*held).min(due);
            first = first.min(*held);
        }
        first.before(A_MOMENT)
    }
}
