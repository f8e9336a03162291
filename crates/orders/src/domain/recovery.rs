//! Orders after a restore of the database: adopted from copies in other services, and raised.

use common::event::{CancelReason, DisputeStatus, OrderSnapshot, OrderStatus, Word};
use common::{Decision, Time};

use super::{Order, PostCapture, Status};

impl Order {
    /// Adopts the state that another service has copied, at this version. Returns `None` if the copy is not newer than
    /// `known`.
    pub fn adopt(known: Option<&Self>, copy: &OrderSnapshot, version: u64) -> Option<Decision<Self>> {
        if known.is_some_and(|known| known.version >= copy.version) {
            return None;
        }
        let status = match (copy.status.known()?, &copy.cancel_reason) {
            (OrderStatus::Created, _) => Status::Created,
            (OrderStatus::AwaitingPayment, _) => Status::AwaitingPayment,
            (OrderStatus::Paying, _) => Status::Paying,
            (OrderStatus::Complete, _) => Status::Complete,
            (OrderStatus::Cancelled, reason) => {
                let reason = reason.as_ref().and_then(Word::known);
                Status::Cancelled(reason.unwrap_or(CancelReason::TicketUnavailable))
            }
        };
        let post_capture = PostCapture {
            refunded: copy.refunded,
            dispute: copy.dispute.as_ref().map(DisputeStatus::of_word),
            as_of: known.map_or(0, |known| known.post_capture.as_of),
        };
        let adopted = Self {
            id: copy.id,
            user_id: copy.user_id,
            ticket: copy.ticket.clone(),
            status,
            post_capture,
            expires_at: copy.expires_at,
            republished: 0,
            // `payment.started` sets this for a payment that the order does not know.
            payment_in_progress: known.is_some_and(|known| known.payment_in_progress),
            version,
            created_at: copy.created_at,
            updated_at: copy.updated_at,
        };
        Some(adopted.published())
    }

    /// The same state at a raised version. Published unless the order is over, so that others answer with their own state.
    pub fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        match self.status {
            Status::Created | Status::AwaitingPayment | Status::Paying => {
                Self { version: version.saturating_sub(1), ..self.clone() }.republish(now)
            }
            Status::Complete | Status::Cancelled(_) => {
                Decision::without_event(Self { version, ..self.clone() })
            }
        }
    }
}
