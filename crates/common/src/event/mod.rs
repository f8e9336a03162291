//! The events that the services share: one envelope, one fact per subject.

mod envelope;
mod fact;
mod snapshot;

pub use envelope::Envelope;
pub use fact::{Fact, Subject};
pub use snapshot::{
    CancelReason, DeadlinePassed, DisputeStatus, OrderSnapshot, OrderStatus, OrderedTicket, PaymentSnapshot,
    PaymentStatus, RefusalReason, ReservationRefused, SessionRevoked, TicketSnapshot, TicketStatus,
};
