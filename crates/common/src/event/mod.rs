//! The events that services publish and consume.
//!
//! Consumers ignore unknown fields and read unknown words ([`Word`]), so both can be added. A removed or narrowed field
//! needs a new schema number.

mod account;
mod order;
mod payment;
mod session;
mod ticket;
mod word;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use account::{AccountDeleted, AccountSnapshot, ClosingRequest};
pub use order::{CancelReason, DeadlinePassed, OrderSnapshot, OrderStatus, OrderedTicket};
pub use payment::{DisputeStatus, PaymentSnapshot, PaymentStatus};
pub use session::SessionRevoked;
pub use ticket::{RefusalReason, ReservationRefused, TicketSnapshot, TicketStatus};
pub use word::Word;

use crate::{EventId, Time};

/// A published event with its metadata. `version` counts the aggregate's changes; `schema` is the shape of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The id of the publication; the bus deduplicates by it.
    pub id: EventId,
    /// The schema number of `data`.
    pub schema: u32,
    /// The aggregate, whose events are delivered in order.
    pub aggregate: Uuid,
    /// The aggregate's version.
    pub version: u64,
    /// The time of the commit.
    pub time: Time,
    /// The W3C `traceparent` of the request that caused the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// `subject` and `data`.
    #[serde(flatten)]
    pub event: Event,
}

impl Envelope {
    /// An event of this version of an aggregate, without a trace.
    pub fn new(id: EventId, aggregate: Uuid, version: u64, time: Time, event: Event) -> Self {
        let schema = event.subject().schema();
        Self { id, schema, aggregate, version, time, trace: None, event }
    }

    /// The subject of the event.
    pub fn subject(&self) -> Subject {
        self.event.subject()
    }
}

/// Declares the events once: the variant, the subject on the wire, the schema and the payload.
macro_rules! events {
    ($($variant:ident => $subject:literal, $schema:literal, $payload:ty;)+) => {
        /// A change of an aggregate, with the data that other services need (event-carried state transfer).
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "subject", content = "data")]
        pub enum Event {
            $(
                #[doc = concat!("`", $subject, "`")]
                #[serde(rename = $subject)]
                $variant($payload),
            )+
        }

        /// The kind of an event: `<aggregate>.<event>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Subject {
            $(#[doc = concat!("`", $subject, "`")] $variant,)+
        }

        impl Event {
            /// The subject of the event.
            pub const fn subject(&self) -> Subject {
                match self { $(Self::$variant(_) => Subject::$variant,)+ }
            }
        }

        impl Subject {
            /// Every subject.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The subject on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $subject,)+ }
            }

            /// The current schema number of the data.
            pub const fn schema(self) -> u32 {
                match self { $(Self::$variant => $schema,)+ }
            }
        }
    };
}

events! {
    TicketCreated => "ticket.created", 1, TicketSnapshot;
    TicketUpdated => "ticket.updated", 1, TicketSnapshot;
    TicketReserved => "ticket.reserved", 1, TicketSnapshot;
    TicketReleased => "ticket.released", 1, TicketSnapshot;
    TicketSold => "ticket.sold", 1, TicketSnapshot;
    TicketWithdrawn => "ticket.withdrawn", 1, TicketSnapshot;
    TicketReservationRefused => "ticket.reservation-refused", 1, ReservationRefused;
    OrderCreated => "order.created", 1, OrderSnapshot;
    OrderAwaitingPayment => "order.awaiting-payment", 1, OrderSnapshot;
    OrderPaymentAccepted => "order.payment-accepted", 1, OrderSnapshot;
    OrderCompleted => "order.completed", 1, OrderSnapshot;
    OrderCancelled => "order.cancelled", 1, OrderSnapshot;
    OrderClosingAccepted => "order.closing-accepted", 1, ClosingRequest;
    OrderClosingRefused => "order.closing-refused", 1, ClosingRequest;
    ExpirationCompleted => "expiration.completed", 1, DeadlinePassed;
    PaymentStarted => "payment.started", 1, PaymentSnapshot;
    PaymentAuthorized => "payment.authorized", 1, PaymentSnapshot;
    PaymentNotAuthorized => "payment.not-authorized", 1, PaymentSnapshot;
    PaymentCaptured => "payment.captured", 1, PaymentSnapshot;
    PaymentFailed => "payment.failed", 1, PaymentSnapshot;
    PaymentVoided => "payment.voided", 1, PaymentSnapshot;
    PaymentRefunded => "payment.refunded", 1, PaymentSnapshot;
    PaymentDisputed => "payment.disputed", 1, PaymentSnapshot;
    SessionRevoked => "session.revoked", 1, SessionRevoked;
    AccountChanged => "account.changed", 1, AccountSnapshot;
    AccountClosing => "account.closing", 1, ClosingRequest;
    AccountDeleted => "account.deleted", 1, AccountDeleted;
}

impl Event {
    /// Whether the owner published this state again, because no consequence has followed.
    pub fn is_overdue(&self) -> bool {
        self.ticket().is_some_and(|ticket| ticket.overdue)
            || self.order().is_some_and(|order| order.overdue)
            || self.payment().is_some_and(|payment| payment.overdue)
    }

    /// The order of an `order.*` event.
    pub const fn order(&self) -> Option<&OrderSnapshot> {
        match self {
            Self::OrderCreated(order)
            | Self::OrderAwaitingPayment(order)
            | Self::OrderPaymentAccepted(order)
            | Self::OrderCompleted(order)
            | Self::OrderCancelled(order) => Some(order),
            _ => None,
        }
    }

    /// The ticket of a `ticket.*` event that carries one.
    pub const fn ticket(&self) -> Option<&TicketSnapshot> {
        match self {
            Self::TicketCreated(ticket)
            | Self::TicketUpdated(ticket)
            | Self::TicketReserved(ticket)
            | Self::TicketReleased(ticket)
            | Self::TicketSold(ticket)
            | Self::TicketWithdrawn(ticket) => Some(ticket),
            _ => None,
        }
    }

    /// The payment of a `payment.*` event.
    pub const fn payment(&self) -> Option<&PaymentSnapshot> {
        match self {
            Self::PaymentStarted(payment)
            | Self::PaymentAuthorized(payment)
            | Self::PaymentNotAuthorized(payment)
            | Self::PaymentCaptured(payment)
            | Self::PaymentFailed(payment)
            | Self::PaymentVoided(payment)
            | Self::PaymentRefunded(payment)
            | Self::PaymentDisputed(payment) => Some(payment),
            _ => None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|subject| subject.as_str() == text).ok_or(())
    }
}
