//! `/v1/refunds`

mod create;
mod list;
mod retrieve;

pub(super) use create::create;
pub(super) use list::list;
pub(super) use retrieve::retrieve;
