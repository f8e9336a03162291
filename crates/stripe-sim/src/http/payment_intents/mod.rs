//! `/v1/payment_intents`

mod cancel;
mod capture;
mod confirm;
mod create;
mod retrieve;
mod update;

pub(super) use cancel::cancel;
pub(super) use capture::capture;
pub(super) use confirm::confirm;
pub(super) use create::create;
pub(super) use retrieve::retrieve;
pub(super) use update::update;

use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::intent::IntentId;

/// 404 for a `PaymentIntent` in the path.
pub(super) fn missing(id: IntentId) -> ApiError {
    ItemId::missing(Kind::PaymentIntent, &id.to_string())
}
