//! What people are told when a ticket refuses.

use common::{FieldError, Problem};

use crate::domain::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let words = refusal.to_string();
        match refusal {
            Refusal::Late => Self::not_valid(vec![FieldError::new("startsAt", words)]),
            Refusal::NotYours => Self::not_yours(),
            Refusal::Reserved => Self::conflict("ticket-reserved", words),
            Refusal::Sold => Self::conflict("ticket-sold", words),
            Refusal::Withdrawn => Self::conflict("ticket-withdrawn", words),
        }
    }
}
