//! `order.created`: lock the ticket for the order, or say why not.

use std::time::Duration;

use bus::ConsumeError;
use common::event::{OrderSnapshot, RefusalReason};
use common::{Decision, Time};
use store::{CommitError, UpdateError};

use crate::domain::{ClosedOrder, Obstacle, Ticket};
use crate::tickets::Tickets;

/// How long the release of a ticket that another order still holds is waited for. That order is over, or this one
/// could not have been placed; a healthy bus brings the news within milliseconds, a busy one within this.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first delay between two looks at a ticket that is still held.
const FIRST_DELAY: Duration = Duration::from_millis(50);
/// The longest.
const LONGEST_DELAY: Duration = Duration::from_millis(500);

pub(super) async fn order_created(
    tickets: &Tickets,
    order: &OrderSnapshot,
    first_attempt_at: Time,
) -> Result<(), ConsumeError> {
    // Refused before, or cancelled before it was heard of: the answer stands. Should the cancellation be handled by
    // another process between this look and the lock, the ticket is locked for a dead order; orders hears
    // `ticket.reserved`, knows better, and announces `order.cancelled` again.
    if tickets.closed.get(order.id).await?.is_some() {
        return Ok(());
    }
    let now = tickets.now();
    let locked = tickets.collection.update(order.ticket.id, |ticket| reserve(ticket, order, now)).await;
    let reason = match locked {
        Ok(_) => return Ok(()),
        Err(UpdateError::Refused(Obstacle::Refused(reason))) => reason,
        Err(UpdateError::Refused(Obstacle::Held)) => match delay(now - first_attempt_at) {
            Some(delay) => return Err(ConsumeError::RetryLater(delay)),
            None => RefusalReason::TicketUnavailable,
        },
        Err(UpdateError::DuplicateKey(claim)) => return Err(CommitError::DuplicateKey(claim).into()),
        Err(UpdateError::Store(error)) => return Err(error.into()),
    };
    tickets.close(ClosedOrder::refuse(order, reason, now)).await
}

fn reserve(
    ticket: Option<&Ticket>,
    order: &OrderSnapshot,
    now: Time,
) -> Result<Option<Decision<Ticket>>, Obstacle> {
    let ticket = ticket.ok_or(Obstacle::Refused(RefusalReason::TicketUnavailable))?;
    ticket.reserve(order, now)
}

/// When to look again after so long; `None`: not any more. Delays grow with the time that has passed.
fn delay(waited: Duration) -> Option<Duration> {
    let left = PATIENCE.checked_sub(waited).filter(|left| !left.is_zero())?;
    Some((waited / 2).clamp(FIRST_DELAY, LONGEST_DELAY).min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end_exactly_with_the_patience() {
        let mut delays = Vec::new();
        let mut waited = Duration::ZERO;
        while let Some(next) = delay(waited) {
            delays.push(next);
            waited += next;
        }
        assert_eq!(waited, PATIENCE);
        let (_, but_last) = delays.split_last().expect("delays");
        assert!(but_last.is_sorted(), "{but_last:?}");
        assert_eq!((but_last.first(), but_last.last()), (Some(&FIRST_DELAY), Some(&LONGEST_DELAY)));
    }
}
