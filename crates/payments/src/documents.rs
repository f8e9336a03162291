//! How a payment, and what this service knows of orders, are stored.

use common::event::OrderSnapshot;
use common::{Decision, OrderId};
use serde::{Deserialize, Serialize};
use store::{Document, Index, Keys, UniqueKey};
use uuid::Uuid;

use crate::domain::Payment;

impl Payment {
    /// Those with something to do, by when it is due.
    pub(crate) const DUE: &'static str = "due";
    /// Those of one buyer, by when they were begun.
    pub(crate) const BUYER: &'static str = "buyer";
    /// The sales of one seller, by when their payments were begun.
    pub(crate) const SELLER: &'static str = "seller";
    /// All of them, by when they were begun.
    pub(crate) const CREATED: &'static str = "created";
    const ORDER: &'static str = "order";
    const INTENT: &'static str = "intent";

    /// An order has one payment.
    pub(crate) fn order_key(order: OrderId) -> UniqueKey {
        UniqueKey::new(Self::ORDER, order)
    }

    /// A `PaymentIntent` belongs to one payment.
    pub(crate) fn intent_key(intent: &str) -> UniqueKey {
        UniqueKey::new(Self::INTENT, intent)
    }
}

impl Document for Payment {
    const COLLECTION: &'static str = "payments";
    const INDEXES: &'static [Index] = &[
        Index::one(Self::BUYER),
        Index::one(Self::SELLER),
        Index::one(Self::CREATED),
        Index::one(Self::DUE),
    ];
    const UNIQUE_KEYS: &'static [&'static str] = &[Self::ORDER, Self::INTENT];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::none()
            .ordered(Self::BUYER, [self.buyer_id.into(), self.created_at.into()])
            .ordered(Self::CREATED, [self.created_at.into()])
            .unique(Self::order_key(self.order_id));
        if let Some(seller) = self.seller_id.filter(|_| self.was_a_sale()) {
            keys = keys.ordered(Self::SELLER, [seller.into(), self.created_at.into()]);
        }
        if let Some(due) = self.work.due {
            keys = keys.ordered(Self::DUE, [due.into()]);
        }
        if let Some(intent) = &self.intent {
            keys = keys.unique(Self::intent_key(&intent.id));
        }
        keys
    }
}

/// What this service knows of an order: the newest state that it heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The revision of this copy.
    version: u64,
    /// The order as its own service announced it.
    pub(crate) state: OrderSnapshot,
}

impl Order {
    /// Keeps what is newer than what is known; `None`: it is not.
    pub(crate) fn hear(known: Option<&Self>, heard: &OrderSnapshot) -> Option<Decision<Self>> {
        let version = match known {
            Some(known) if known.state.version >= heard.version => return None,
            Some(known) => known.version + 1,
            None => 1,
        };
        Some(Decision::without_event(Self { version, state: heard.clone() }))
    }
}

impl Document for Order {
    const COLLECTION: &'static str = "orders";

    fn id(&self) -> Uuid {
        self.state.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }
}
