//! Taking the money that was authorized.

use super::{PaymentIntent, Refusal, Status, Step};
use crate::event::EventType;

impl PaymentIntent {
    /// Takes `amount`, or all; what is not taken is given free.
    pub(crate) fn capture(&self, amount: Option<i64>) -> Result<Step, Refusal> {
        if self.status != Status::RequiresCapture {
            return Err(Refusal::UnexpectedState("capture"));
        }
        let amount = amount.unwrap_or(self.amount);
        if amount > self.amount {
            return Err(Refusal::MoreThanAuthorized);
        }
        let next = Self { status: Status::Succeeded, amount_received: amount, ..self.clone() };
        Ok(Step::with(next, EventType::Succeeded))
    }
}
