//! `order.created`: keeps the deadline.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::OrderSnapshot;

use crate::deadlines::Deadlines;
use crate::domain::Deadline;

pub(super) async fn hear(deadlines: &Deadlines, order: &OrderSnapshot) -> Result<(), ConsumeError> {
    let keep = |known: Option<&_>| Ok::<_, Infallible>(Deadline::keep(known, order, deadlines.now()));
    deadlines.collection.update(order.id, keep).await?;
    deadlines.alarm.arrived(order.expires_at);
    Ok(())
}
