//! `/v1/charges`

mod refunds;
mod update;

pub(super) use refunds::refunds;
pub(super) use update::update;
