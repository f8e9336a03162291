//! The stored document: a `PaymentIntent` with its objects, its events, and the replies of its idempotency keys.

use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use store::{Document, Index, Keys, Part, UniqueKey};
use uuid::Uuid;

use crate::event::{Cause, Delivery, Event, NewEvent};
use crate::id::{Kind, position};
use crate::intent::PaymentIntent;

/// Stripe's retention of a key's reply (<https://docs.stripe.com/api/idempotent_requests>).
const REPLY_RETENTION: Duration = Duration::from_hours(24);

/// Stripe's retention of events (<https://docs.stripe.com/api/events>).
const EVENT_RETENTION: Duration = Duration::from_hours(30 * 24);

/// The document of one `PaymentIntent`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) version: u64,
    pub(crate) intent: PaymentIntent,
    /// Oldest first.
    pub(crate) events: Vec<Event>,
    /// The number of events ever added.
    events_so_far: u32,
    pub(crate) replies: Vec<StoredReply>,
}

/// The reply to the first request of an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredReply {
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) request_id: String,
    pub(crate) status: u16,
    /// Serialized: it is replayed rarely, and read with every revision.
    pub(crate) body: Box<RawValue>,
    pub(crate) at: Time,
}

impl StoredReply {
    pub(crate) fn is_retained(&self, now: Time) -> bool {
        now < self.at.after(REPLY_RETENTION)
    }
}

impl Record {
    /// The index by the first due delivery or transition.
    pub(crate) const BY_DUE: &'static str = "due";

    const KEY: &'static str = "idempotency-key";

    /// The kinds with an index.
    const LISTED: [Kind; 6] =
        [Kind::PaymentIntent, Kind::Charge, Kind::Refund, Kind::Dispute, Kind::Transaction, Kind::Event];

    /// The unique key of an idempotency key: the database accepts one of two concurrent requests.
    pub(crate) fn unique_key(key: &str) -> UniqueKey {
        UniqueKey::new(Self::KEY, key)
    }

    /// The next revision with this state, without replies and events past their retention.
    pub(crate) fn next(current: Option<&Self>, intent: PaymentIntent, now: Time) -> Self {
        let mut next = match current {
            Some(current) => Self { version: current.version + 1, intent, ..current.clone() },
            None => Self { version: 1, intent, events: Vec::new(), events_so_far: 0, replies: Vec::new() },
        };
        next.replies.retain(|reply| reply.is_retained(now));
        next.events.retain(|event| now < event.created.after(EVENT_RETENTION) || event.pending() > 0);
        next
    }

    /// Adds an event.
    pub(crate) fn add_event(
        &mut self,
        event: &NewEvent,
        cause: Cause<'_>,
        deliveries: Vec<Delivery>,
        now: Time,
    ) -> Result<(), serde_json::Error> {
        self.events.push(Event::new(self.events_so_far, event, cause, deliveries, now)?);
        self.events_so_far += 1;
        Ok(())
    }

    /// When the first delivery or time-driven transition is due.
    pub(crate) fn due(&self) -> Option<Time> {
        let deliveries = self.events.iter().flat_map(|event| &event.deliveries);
        deliveries.filter_map(|delivery| delivery.due).chain(self.intent.next_due()).min()
    }

    /// The objects of one kind: creation and position.
    pub(crate) fn items(&self, kind: Kind) -> Vec<(Time, u32)> {
        fn positioned<T>(items: &[T], created: impl Fn(&T) -> Time) -> Vec<(Time, u32)> {
            items.iter().enumerate().map(|(index, item)| (created(item), position(index))).collect()
        }
        let intent = &self.intent;
        match kind {
            Kind::PaymentIntent => vec![(intent.created, 0)],
            Kind::Charge => positioned(&intent.charges, |one| one.created),
            Kind::Refund => positioned(&intent.refunds, |one| one.created),
            Kind::Dispute => positioned(&intent.disputes, |one| one.created),
            Kind::Transaction => positioned(&intent.transactions, |one| one.created),
            Kind::Event => self.events.iter().map(|event| (event.created, event.position)).collect(),
        }
    }

    /// The event at this position.
    pub(crate) fn event(&self, position: u32) -> Option<&Event> {
        self.events.iter().find(|event| event.position == position)
    }

    /// Stripe's JSON of one of the objects, if it exists.
    pub(crate) fn view(&self, kind: Kind, position: u32, base: &str, now: Time) -> Option<Value> {
        let view = match kind {
            Kind::PaymentIntent => self.intent.view(base),
            Kind::Charge => self.intent.charge_view(position),
            Kind::Refund => self.intent.refund_view(position),
            Kind::Dispute => self.intent.dispute_view(position),
            Kind::Transaction => self.intent.transaction_view(position, now),
            Kind::Event => self.event(position)?.view(self.intent.id).ok()?,
        };
        Some(view).filter(|view| !view.is_null())
    }
}

impl Document for Record {
    const COLLECTION: &'static str = "stripe-payments";
    const INDEXES: &'static [Index] = &[
        Index::one(Kind::PaymentIntent.index()),
        Index::many(Kind::Charge.index()),
        Index::many(Kind::Refund.index()),
        Index::many(Kind::Dispute.index()),
        Index::many(Kind::Transaction.index()),
        Index::many(Kind::Event.index()),
        Index::one(Self::BY_DUE),
    ];
    const UNIQUE_KEYS: &'static [&'static str] = &[Self::KEY];

    fn id(&self) -> Uuid {
        self.intent.id.0
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::none();
        for kind in Self::LISTED {
            for (created, position) in self.items(kind) {
                let key = [Part::from(created), Part::from(self.id()), Part::from(i64::from(position))];
                keys = keys.ordered(kind.index(), key);
            }
        }
        if let Some(due) = self.due() {
            keys = keys.ordered(Self::BY_DUE, [due.into()]);
        }
        self.replies.iter().fold(keys, |keys, reply| keys.unique(Self::unique_key(&reply.key)))
    }
}
