//! Overdue tickets: the state is published again, so that orders answers, or its replica recovers from a lost event.

use std::time::Duration;

use common::event::TicketSnapshot;
use common::{Decision, Event, Intervals, Time};

use super::ticket::{Status, Ticket, event_data};

/// Between publications of a lock past its deadline. Orders decides 15 seconds after the deadline at the latest.
const LOCK_INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(30), factor: 2, max: Duration::from_hours(1) };

/// Between publications of a ticket without an order, of which no answer is awaited: a replica may have missed its events.
const OFFER_INTERVALS: Intervals =
    Intervals { first: Duration::from_mins(2), factor: 8, max: Duration::from_hours(24) };

/// Publications of a withdrawn ticket: over a day, as buyers may still follow links to the ticket.
const MAX_WITHDRAWN_REPUBLICATIONS: u32 = 4;

impl Ticket {
    /// When the ticket is to be published again. Returns `None` for a ticket that is sold, or withdrawn long ago.
    pub fn overdue_at(&self) -> Option<Time> {
        let is_due = match self.status {
            Status::Available | Status::Reserved { .. } => true,
            Status::Withdrawn => self.republished < MAX_WITHDRAWN_REPUBLICATIONS,
            Status::Sold { .. } => false,
        };
        let (intervals, since) = self.intervals();
        is_due.then(|| intervals.due(since, self.republished))
    }

    /// Publishes the present state again, at a new version: orders answers the lock of an order that is over. `updated_at`
    /// stays, and the next publication follows later each time.
    #[must_use]
    pub fn republish(&self, now: Time) -> Decision<Self> {
        let (intervals, since) = self.intervals();
        let republished = intervals.repeated(since, self.republished, now);
        self.published_again(republished, true)
    }

    /// Answers an overdue order with the present state, at a new version.
    #[must_use]
    pub fn answer(&self) -> Decision<Self> {
        self.published_again(self.republished, false)
    }

    fn published_again(&self, republished: u32, overdue: bool) -> Decision<Self> {
        let next = Self { republished, version: self.version + 1, ..self.clone() };
        let event = match self.status {
            Status::Available => Event::TicketUpdated,
            Status::Reserved { .. } => Event::TicketReserved,
            Status::Sold { .. } => Event::TicketSold,
            Status::Withdrawn => Event::TicketWithdrawn,
        };
        let event = event(TicketSnapshot { overdue, ..event_data(&next) });
        Decision::with_event(next, event)
    }

    /// The intervals of the present state, and the time from which they count.
    fn intervals(&self) -> (Intervals, Time) {
        match self.status {
            Status::Reserved { until, .. } => (LOCK_INTERVALS, until),
            Status::Available | Status::Sold { .. } | Status::Withdrawn => (OFFER_INTERVALS, self.updated_at),
        }
    }
}
