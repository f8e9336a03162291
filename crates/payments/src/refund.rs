//! `payments refund <order>`: the operator gives a buyer's money back.

use std::fmt;

use common::{Money, OrderId, SharedClock};
use store::{Collection, Store, StoreError, UpdateError};

use crate::domain::{Payment, RefundRefusal};

/// The money was not given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// The order was never to be paid.
    #[error("no payment was begun for the order {0}; look whether it is the order's id")]
    NoPayment(OrderId),
    /// The payment does not allow it.
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStarted {
    /// It is decided: a running payments service asks Stripe within seconds, or as soon as one is started.
    Now(Money),
    /// It was decided before, and is not done yet.
    Before(Money),
    /// The money went back already.
    Done(Money),
}

impl fmt::Display for RefundStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(money) => {
                write!(
                    f,
                    "{money} go back to the buyer: within seconds, or when the payments service is started."
                )
            }
            Self::Before(money) => write!(f, "{money} are on their way back to the buyer already."),
            Self::Done(money) => write!(f, "{money} went back to the buyer before."),
        }
    }
}

/// Commits the intention to give back what was paid for an order. It needs no running service and disturbs none: the
/// service finds the intention as it finds every other one.
///
/// # Errors
/// [`RefundError`].
pub async fn refund(
    store: &Store,
    clock: &SharedClock,
    order: OrderId,
) -> Result<RefundStarted, RefundError> {
    let payments: Collection<Payment> = store.collection();
    let found = payments.get_by_unique_key(Payment::order_key(order)).await?;
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
        UpdateError::DuplicateKey(claim) => {
            StoreError::Unreadable(format!("the claim `{claim}` is taken").into()).into()
        }
    })?;
    let payment = after.ok_or(RefundError::NoPayment(order))?;
    let left = Money { amount: payment.moved.left(), ..payment.amount };
    Ok(match payment.status {
        _ if decided => RefundStarted::Now(left),
        common::event::PaymentStatus::Refunded => RefundStarted::Done(payment.amount),
        _ => RefundStarted::Before(left),
    })
}
