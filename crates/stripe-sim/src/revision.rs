//! The next revision of a stored payment: its state, its new events, and when their deliveries are due.

use std::time::Duration;

use common::Time;

use crate::endpoint::Endpoint;
use crate::event::{Cause, Delivery, EventType, NewEvent};
use crate::fault::WebhookFaults;
use crate::intent::{Context, Transition};
use crate::record::Record;
use crate::sim::StripeSim;

/// The delay with which `reorder` lets a later event overtake.
const REORDER_DELAY: Duration = Duration::from_secs(3);

/// The clock's resolution.
const TICK_INTERVAL: Duration = Duration::from_millis(1);

/// The schedule of first deliveries under the faults for webhooks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaultyDelivery(pub(crate) WebhookFaults);

impl FaultyDelivery {
    /// The deliveries of a new event. With `reorder`, waiting deliveries become due after it.
    pub(crate) fn deliveries(
        self,
        record: &mut Record,
        kind: EventType,
        endpoints: &[Endpoint],
        now: Time,
    ) -> Vec<Delivery> {
        let due = self.due(record, now);
        let receivers = endpoints.iter().filter(|endpoint| endpoint.subscribes_to(kind));
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
            return due.after(REORDER_DELAY);
        }
        let mut first = due;
        for held in waiting {
            *held = (*held).min(due);
            first = first.min(*held);
        }
        first.before(TICK_INTERVAL)
    }
}

impl StripeSim {
    /// The context of a command at this moment.
    pub(crate) fn context(&self) -> Context {
        Context { now: self.0.clock.now(), fees: self.0.settings.fees }
    }

    /// The next revision, with the transition's events.
    pub(crate) fn advance(
        &self,
        current: Option<&Record>,
        transition: Transition,
        cause: Cause<'_>,
        endpoints: &[Endpoint],
        now: Time,
    ) -> Record {
        let base = &self.0.settings.public_url;
        let faulty = FaultyDelivery(self.faults().pending().webhooks);
        let events: Vec<NewEvent> = transition
            .events
            .iter()
            .map(|(kind, subject)| NewEvent {
                kind: *kind,
                object: transition.next.object_view(*subject, base),
                before: current.map(|record| record.intent.object_view(*subject, base)),
            })
            .collect();
        let mut next = Record::next(current, transition.next, now);
        for event in &events {
            let deliveries = faulty.deliveries(&mut next, event.kind, endpoints, now);
            if let Err(error) = next.add_event(event, cause, deliveries, now) {
                tracing::error!(%error, "cannot serialize an event");
            }
        }
        next
    }
}
