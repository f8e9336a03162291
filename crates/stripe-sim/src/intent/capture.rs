//! Taking the money that was authorized.

use super::{PaymentIntent, Refusal, Status, Step, Subject, Terms};
use crate::balance::{Reason, Transaction};
use crate::charge::ChargeState;
use crate::event::EventType;

impl PaymentIntent {
    /// Takes `amount`, or all; what is not taken is given free.
    pub(crate) fn capture(&self, amount: Option<i64>, terms: Terms) -> Result<Step, Refusal> {
        let Some(charge) = self.latest_charge().filter(|_| self.status == Status::RequiresCapture) else {
            return Err(Refusal::UnexpectedState("capture"));
        };
        let amount = amount.unwrap_or(self.amount);
        if amount > self.amount {
            return Err(Refusal::MoreThanAuthorized);
        }
        let step = Step::of(self.clone().take(charge, amount, terms));
        Ok(step
            .announcing(EventType::ChargeCaptured, Subject::Charge(charge))
            .announcing(EventType::Succeeded, Subject::Intent))
    }

    /// The money is ours.
    pub(super) fn take(mut self, place: u32, amount: i64, terms: Terms) -> Self {
        self.status = Status::Succeeded;
        self.amount_received = amount;
        if let Some(charge) = self.charges.get_mut(place as usize) {
            charge.state = ChargeState::Captured { amount, at: terms.now };
            let at_once = charge.method.behaviour.is_available_at_once();
            let fee = terms.fees.of_charge(amount);
            let reason = Reason::Charge { charge: place };
            self.transactions
                .push(Transaction::new(reason, amount, fee, terms.now).available_at_once(at_once));
        }
        self
    }
}
