//! Changing what is attached to a refund.

use crate::error::ApiError;
use crate::event::EventType;
use crate::intent::{PaymentIntent, Step, Subject};
use crate::metadata::MetadataChange;
use crate::param::Params;

/// What is to be changed, checked.
#[derive(Debug, Clone)]
pub(crate) struct RefundUpdate(MetadataChange);

impl RefundUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.only(&["expand", "metadata"])?;
        MetadataChange::read(params).map(Self)
    }
}

impl PaymentIntent {
    /// Changes the refund at this place; `None`: there is none.
    pub(crate) fn update_refund(&self, place: u32, wanted: &RefundUpdate) -> Result<Option<Step>, ApiError> {
        let mut next = self.clone();
        let Some(refund) = next.refunds.get_mut(place as usize) else { return Ok(None) };
        refund.metadata = wanted.0.apply(std::mem::take(&mut refund.metadata))?;
        let subject = Subject::Refund(place);
        Ok(Some(
            Step::of(next)
                .announcing(EventType::RefundUpdated, subject)
                .announcing(EventType::ChargeRefundUpdated, subject)
                .showing(subject),
        ))
    }
}
