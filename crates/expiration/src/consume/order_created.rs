//! `order.created`: keeps the deadline.

use std::convert::Infallible;

use bus::Fault;
use common::event::OrderSnapshot;

use crate::deadlines::Deadlines;
use crate::domain::Deadline;

pub(super) async fn hear(deadlines: &Deadlines, order: &OrderSnapshot) -> Result<(), Fault> {
    let keep = |known: Option<&_>| Ok::<_, Infallible>(Deadline::keep(known, order, deadlines.now()));
    deadlines.collection.change(order.id, keep).await?;
    deadlines.alarm.arrived(order.expires_at);
    Ok(())
}
