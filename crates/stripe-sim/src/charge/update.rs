//! Changing what is attached to a charge.

use super::Charge;
use crate::error::ApiError;
use crate::event::EventType;
use crate::intent::{PaymentIntent, Step, Subject};
use crate::metadata::MetadataChange;
use crate::param::Params;

const KNOWN: &[&str] = &["description", "expand", "metadata"];

/// What is to be changed, checked.
#[derive(Debug, Clone)]
pub(crate) struct ChargeUpdate {
    description: Option<String>,
    metadata: MetadataChange,
}

impl ChargeUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.only(KNOWN)?;
        let description = params.given("description").map(str::to_owned);
        Ok(Self { description, metadata: MetadataChange::read(params)? })
    }
}

impl PaymentIntent {
    /// Changes the charge at this place; `None`: there is none.
    pub(crate) fn update_charge(&self, place: u32, wanted: &ChargeUpdate) -> Result<Option<Step>, ApiError> {
        let mut next = self.clone();
        let Some(charge) = next.charges.get_mut(place as usize) else { return Ok(None) };
        let description = wanted.description.clone().or_else(|| charge.description.clone());
        *charge = Charge {
            description: description.filter(|text| !text.is_empty()),
            metadata: wanted.metadata.apply(std::mem::take(&mut charge.metadata))?,
            ..charge.clone()
        };
        let subject = Subject::Charge(place);
        Ok(Some(Step::of(next).announcing(EventType::ChargeUpdated, subject).showing(subject)))
    }
}
