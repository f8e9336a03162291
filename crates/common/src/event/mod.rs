//! The events that the services share: one envelope, one event per subject.

mod envelope;
mod kind;
mod snapshot;

pub use envelope::Envelope;
pub use kind::{Event, Subject};
pub use snapshot::{
    CancelReason, DeadlinePassed, DisputeStatus, OrderSnapshot, OrderStatus, OrderedTicket, PaymentSnapshot,
    PaymentStatus, RefusalReason, ReservationRefused, SessionRevoked, TicketSnapshot, TicketStatus,
};
