//! Overdue payments: the state is published again until the order follows.

use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus, PaymentSnapshot, PaymentStatus, Word};
use common::{Decision, Event, Intervals, Time};

use super::{LastPoll, Payment};

/// Between publications of refunds and disputes that the order does not show.
const INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(10), factor: 2, max: Duration::from_hours(24) };

/// The age from which a poll publishes the start again, once. Orders must know of the payment before the deadline.
const STARTED_DELAY: Duration = Duration::from_secs(3);

type EventOf = fn(PaymentSnapshot) -> Event;

impl Payment {
    /// When the event by which the order shows the refunds and disputes is overdue. Returns `None` if the order shows them.
    pub fn overdue_at(&self) -> Option<Time> {
        self.unconfirmed.then(|| INTERVALS.due(self.updated_at, self.republished))
    }

    /// Publishes the present state again, at a new version, because the order has not followed: orders answers with its own
    /// state. `updated_at` stays, and the next publication follows later each time. Returns `None` while the payment is
    /// being voided, of which orders knows.
    pub fn republish(&self, now: Time) -> Option<Decision<Self>> {
        use PaymentStatus as Is;
        let event: EventOf = match self.status {
            Is::RequiresPayment if self.last_poll == LastPoll::Answered => Event::PaymentNotAuthorized,
            Is::RequiresPayment => Event::PaymentStarted,
            Is::Authorized | Is::Capturing => Event::PaymentAuthorized,
            Is::Captured | Is::Refunding | Is::Refunded if !self.unconfirmed => Event::PaymentCaptured,
            Is::Captured if self.totals.refunded == 0 => Event::PaymentDisputed,
            Is::Captured | Is::Refunding | Is::Refunded => Event::PaymentRefunded,
            Is::Failed => Event::PaymentFailed,
            Is::Voiding => return None,
            Is::Voided => Event::PaymentVoided,
        };
        let republished = INTERVALS.repeated(self.updated_at, self.republished, now);
        let next = Self { republished, version: self.version + 1, ..self.clone() };
        Some(next.announced(event, true))
    }

    /// Publishes the present state for an order that has missed it. `overdue`: orders is to answer. Returns `None` if the
    /// order does not wait for this payment.
    pub fn answer(&self, order: &Word<OrderStatus>, overdue: bool) -> Option<Decision<Self>> {
        use OrderStatus::{AwaitingPayment, Created, Paying};
        use PaymentStatus as Is;
        let event: EventOf = match (order.known()?, self.status) {
            (Paying, Is::Captured | Is::Refunding | Is::Refunded) => Event::PaymentCaptured,
            (Created | AwaitingPayment | Paying, Is::Failed) => Event::PaymentFailed,
            (Created | AwaitingPayment, Is::RequiresPayment | Is::Voided)
                if self.last_poll == LastPoll::Answered =>
            {
                Event::PaymentNotAuthorized
            }
            _ => return None,
        };
        Some(Self { version: self.version + 1, ..self.clone() }.announced(event, overdue))
    }

    /// Decides for an order whose next event is overdue: schedules the last poll, of which expiration should have reminded
    /// the payment, or publishes the present state again.
    pub fn on_order_overdue(&self, order: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        let is_open =
            matches!(order.status.known(), Some(OrderStatus::Created | OrderStatus::AwaitingPayment));
        let last_poll = is_open.then(|| self.on_deadline(order.expires_at, now)).flatten();
        last_poll.or_else(|| self.answer(&order.status, true))
    }

    /// Whether the money is captured, and the order shows all refunds and disputes.
    pub fn is_settled(&self) -> bool {
        self.status == PaymentStatus::Captured && !self.unconfirmed
    }

    /// Records that the order shows the present refunds and disputes.
    pub fn on_order_shown(&self, order: &OrderSnapshot) -> Option<Decision<Self>> {
        let own = self.snapshot();
        let is_shown = (order.refunded, &order.dispute) == (own.refunded, &own.dispute);
        (self.unconfirmed && is_shown).then(|| {
            let version = self.version + 1;
            Decision::without_event(Self { unconfirmed: false, republished: 0, version, ..self.clone() })
        })
    }

    /// The next state after a poll without a change, with these events: the authorization is published again, and the start
    /// once.
    pub(super) fn reminding(self, events: Vec<Event>, before: PaymentStatus, now: Time) -> Decision<Self> {
        if !events.is_empty() || self.status != before || !self.is_polled() {
            return Decision { next: self, events };
        }
        match self.status {
            PaymentStatus::Authorized => self.announced(Event::PaymentAuthorized, true),
            _ if self.last_poll == LastPoll::NotDue
                && self.republished == 0
                && now >= self.created_at.after(STARTED_DELAY) =>
            {
                Self { republished: 1, ..self }.announced(Event::PaymentStarted, true)
            }
            _ => Decision::without_event(self),
        }
    }

    /// This state with its event.
    fn announced(self, event: EventOf, overdue: bool) -> Decision<Self> {
        let event = event(PaymentSnapshot { overdue, ..self.snapshot() });
        Decision::with_event(self, event)
    }
}
