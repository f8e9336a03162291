//! `order.payment-accepted`, `order.completed`, `order.cancelled`: nobody needs the deadline any more.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::OrderSnapshot;

use crate::deadlines::Deadlines;
use crate::domain::Deadline;

pub(super) async fn hear(deadlines: &Deadlines, order: &OrderSnapshot) -> Result<(), ConsumeError> {
    let drop = |known: Option<&_>| Ok::<_, Infallible>(Deadline::drop(known, order, deadlines.now()));
    deadlines.collection.update(order.id, drop).await?;
    Ok(())
}
