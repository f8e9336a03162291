//! Storage of payments and order replicas: collections, indexes and unique keys.

use common::OrderId;
use store::{CommitError, Document, Index, Keys, StoreError, UniqueKey, Verifier};
use uuid::Uuid;

use crate::domain::{OrderReplica, Payment};
use crate::reconcile::ReconcileSchedule;

/// The collections of this service.
pub const DOCUMENTS: &[Verifier] =
    &[Verifier::of::<Payment>(), Verifier::of::<OrderReplica>(), Verifier::of::<ReconcileSchedule>()];

/// The indexes of payments.
pub(crate) mod index {
    /// Payments with a next step, by the time when it is due.
    pub(crate) const BY_DUE: &str = "due";
    /// The payments of one buyer, by the time of their start.
    pub(crate) const BY_BUYER: &str = "buyer";
    /// The sales of one seller, by the time when their payments started.
    pub(crate) const BY_SELLER: &str = "seller";
    /// All payments, by the time of their start.
    pub(crate) const BY_CREATED: &str = "created";
    /// Payments whose order does not show their refunds and disputes, and orders that are not over, by the time when the next
    /// event of the order is overdue.
    pub(crate) const BY_OVERDUE: &str = "overdue";
}

/// The name of [`order_key`].
const ORDER: &str = "order";
/// The name of [`intent_key`].
const INTENT: &str = "intent";

/// The unique key of an order's only payment.
pub(crate) fn order_key(order: OrderId) -> UniqueKey {
    UniqueKey::new(ORDER, order)
}

/// The unique key of a `PaymentIntent`'s only payment.
pub(crate) fn intent_key(intent: &str) -> UniqueKey {
    UniqueKey::new(INTENT, intent)
}

impl Document for Payment {
    const COLLECTION: &'static str = "payments";
    const IS_REMEMBERED: bool = true;
    /// 2: the indexes by seller, by start, and of overdue documents.
    /// 3: the trace of the order.
    const FORMAT: u32 = 3;
    const INDEXES: &'static [Index] = &[
        Index::one(index::BY_BUYER),
        Index::one(index::BY_SELLER),
        Index::one(index::BY_CREATED),
        Index::one(index::BY_DUE),
        Index::one(index::BY_OVERDUE),
    ];
    const UNIQUE_KEYS: &'static [&'static str] = &[ORDER, INTENT];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::none()
            .ordered(index::BY_BUYER, [self.buyer_id.into(), self.created_at.into()])
            .ordered(index::BY_CREATED, [self.created_at.into()])
            .unique(order_key(self.order_id));
        if let Some(seller) = self.seller_id.filter(|_| self.was_a_sale()) {
            keys = keys.ordered(index::BY_SELLER, [seller.into(), self.created_at.into()]);
        }
        if let Some(due) = self.schedule.due {
            keys = keys.ordered(index::BY_DUE, [due.into()]);
        }
        if let Some(due) = self.overdue_at() {
            keys = keys.ordered(index::BY_OVERDUE, [due.into()]);
        }
        if let Some(intent) = &self.intent {
            keys = keys.unique(intent_key(&intent.id));
        }
        keys
    }
}

impl Document for OrderReplica {
    const COLLECTION: &'static str = "orders";
    const IS_REMEMBERED: bool = true;
    /// 2: the index of overdue documents.
    /// 3: the trace of the order.
    const FORMAT: u32 = 3;
    const INDEXES: &'static [Index] = &[Index::one(index::BY_OVERDUE)];

    fn id(&self) -> Uuid {
        self.state.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        match self.overdue_at() {
            Some(due) => Keys::none().ordered(index::BY_OVERDUE, [due.into()]),
            None => Keys::none(),
        }
    }
}

/// The error of an update that competes for no unique key: a duplicate is a defect.
pub(crate) fn without_duplicates(error: CommitError) -> StoreError {
    match error {
        CommitError::Store(error) => error,
        CommitError::Conflict | CommitError::DuplicateKey(_) => StoreError::Unreadable(error.into()),
    }
}
