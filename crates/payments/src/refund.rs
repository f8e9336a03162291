//! `payments refund <order>`: the operator's refund.

use std::fmt;

use common::event::PaymentStatus;
use common::{Money, OrderId, SharedClock};
use store::{Collection, CommitError, Store, StoreError, UpdateError};

use crate::domain::{Payment, RefundRefusal};
use crate::storage::{order_key, without_duplicates};

/// The reason why no refund was started.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// The order has no payment.
    #[error("the order {0} has no payment; check the order's id")]
    NoPayment(OrderId),
    /// The payment's state does not allow a refund.
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The state of the refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStarted {
    /// Committed now: a running service asks Stripe within seconds, or at its next start.
    Now(Money),
    /// Committed before, and in progress.
    Before(Money),
    /// Done before.
    Done(Money),
}

impl fmt::Display for RefundStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(money) => {
                write!(
                    f,
                    "{money} will go back to the buyer within seconds, or when the payments service starts."
                )
            }
            Self::Before(money) => write!(f, "A refund of {money} is in progress already."),
            Self::Done(money) => write!(f, "{money} went back to the buyer before."),
        }
    }
}

/// Commits the step that refunds an order's payment. The step is run by a running service, or by the next one.
///
/// # Errors
/// [`RefundError`].
pub async fn refund(
    store: &Store,
    clock: &SharedClock,
    order: OrderId,
) -> Result<RefundStarted, RefundError> {
    let payments: Collection<Payment> = store.collection();
    let found = payments.get_by_unique_key(order_key(order)).await?;
    let id = found.ok_or(RefundError::NoPayment(order))?.id;
    let mut decided = false;
    let after = payments.update(id, |payment| {
        let decision = payment.map_or(Ok(None), |payment| payment.refund(clock.now()))?;
        decided = decision.is_some();
        Ok::<_, RefundRefusal>(decision)
    });
    let after = after.await.map_err(|error| match error {
        UpdateError::Refused(why) => RefundError::Refused(why),
        UpdateError::Store(error) => error.into(),
        UpdateError::DuplicateKey(key) => without_duplicates(CommitError::DuplicateKey(key)).into(),
    })?;
    let payment = after.ok_or(RefundError::NoPayment(order))?;
    let left = Money { amount: payment.totals.left(), ..payment.amount };
    Ok(match payment.status {
        _ if decided => RefundStarted::Now(left),
        PaymentStatus::Refunded => RefundStarted::Done(payment.amount),
        _ => RefundStarted::Before(left),
    })
}
