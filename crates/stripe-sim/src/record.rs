//! The stored document: a `PaymentIntent` with its refunds, the events that wait, and the replies that idempotency keys give again.

use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};
use store::{Claim, Document, Keys, Part};
use uuid::Uuid;

use crate::event::Delivery;
use crate::intent::PaymentIntent;

/// For how long a key gives the same reply (<https://docs.stripe.com/api/idempotent_requests>).
const REPLIES_KEPT: Duration = Duration::from_hours(24);

/// All that is stored about one `PaymentIntent`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) version: u64,
    pub(crate) intent: PaymentIntent,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) replies: Vec<StoredReply>,
}

/// The reply to the first request of an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredReply {
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) request_id: String,
    pub(crate) status: u16,
    pub(crate) body: serde_json::Value,
    pub(crate) at: Time,
}

impl StoredReply {
    pub(crate) fn is_kept(&self, now: Time) -> bool {
        now < self.at.after(REPLIES_KEPT)
    }
}

impl Record {
    /// All by the time when they were created.
    pub(crate) const CREATED: &'static str = "created";
    /// Those with events to deliver, by the time when the first is due.
    pub(crate) const DUE: &'static str = "due";

    /// The claim on an idempotency key: of two requests with one key, the database lets one in.
    pub(crate) fn key_claim(key: &str) -> Claim {
        Claim::new("idempotency-key", key)
    }

    /// Finds the `PaymentIntent` of a refund.
    pub(crate) fn refund_claim(id: &str) -> Claim {
        Claim::new("refund", id)
    }

    /// The next revision with this state, without the replies that need not be kept any longer.
    pub(crate) fn next(current: Option<&Self>, intent: PaymentIntent, now: Time) -> Self {
        let mut next = match current {
            Some(current) => Self { version: current.version + 1, intent, ..current.clone() },
            None => Self { version: 1, intent, deliveries: Vec::new(), replies: Vec::new() },
        };
        next.replies.retain(|reply| reply.is_kept(now));
        next
    }

    /// When the first event is due.
    pub(crate) fn due(&self) -> Option<Time> {
        self.deliveries.iter().map(|delivery| delivery.due).min()
    }
}

impl Document for Record {
    const COLLECTION: &'static str = "stripe-payment-intents";

    fn id(&self) -> Uuid {
        self.intent.id.0
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let created = [Part::from(self.intent.created), Part::from(self.id())];
        let keys = Keys::none().ordered(Self::CREATED, created);
        let keys = match self.due() {
            Some(due) => keys.ordered(Self::DUE, [due.into()]),
            None => keys,
        };
        let keys = self.replies.iter().fold(keys, |keys, reply| keys.claim(Self::key_claim(&reply.key)));
        let refunds = self.intent.refunds.iter();
        refunds.fold(keys, |keys, refund| keys.claim(Self::refund_claim(&refund.id.to_string())))
    }
}
