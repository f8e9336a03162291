//! `/v1/disputes`

mod close;
mod update;

pub(super) use close::{close, decide};
pub(super) use update::update;
