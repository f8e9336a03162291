//! `/v1/refunds`

mod create;
mod update;

pub(super) use create::create;
pub(super) use update::update;
