//! `/v1/webhook_endpoints`

mod change;
mod create;
mod delete;
mod list;
mod retrieve;
mod roll;
mod update;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use list::list;
pub(super) use retrieve::retrieve;
pub(super) use roll::roll;
pub(super) use update::update;

use crate::StripeSim;
use crate::webhook::hex;

/// A secret in Stripe's shape.
fn new_secret(sim: &StripeSim) -> String {
    format!("whsec_{}", hex(&sim.0.ids.bytes::<16>()))
}
