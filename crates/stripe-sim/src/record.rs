//! The stored document: a `PaymentIntent` with all that came of it, its events, and the replies that idempotency keys
//! give again.

use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Document, Index, Keys, Part, UniqueKey};
use uuid::Uuid;

use crate::event::{Cause, Delivery, Event, News};
use crate::id::{Kind, place};
use crate::intent::PaymentIntent;

/// For how long a key gives the same reply (<https://docs.stripe.com/api/idempotent_requests>).
const REPLIES_KEPT: Duration = Duration::from_hours(24);

/// For how long an event can be retrieved (<https://docs.stripe.com/api/events>).
const EVENTS_KEPT: Duration = Duration::from_hours(30 * 24);

/// All that is stored about one `PaymentIntent`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) version: u64,
    pub(crate) intent: PaymentIntent,
    /// Oldest first.
    pub(crate) events: Vec<Event>,
    /// How many there ever were.
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
    pub(crate) body: Value,
    pub(crate) at: Time,
}

impl StoredReply {
    pub(crate) fn is_kept(&self, now: Time) -> bool {
        now < self.at.after(REPLIES_KEPT)
    }
}

impl Record {
    /// Those that have something to do, by the time when the first of it is due.
    pub(crate) const DUE: &'static str = "due";

    const KEY: &'static str = "idempotency-key";

    /// Everything that is listed.
    const LISTED: [Kind; 6] =
        [Kind::PaymentIntent, Kind::Charge, Kind::Refund, Kind::Dispute, Kind::Transaction, Kind::Event];

    /// The claim on an idempotency key: of two requests with one key, the database lets one in.
    pub(crate) fn idempotency_key(key: &str) -> UniqueKey {
        UniqueKey::new(Self::KEY, key)
    }

    /// The next revision with this state, without what need not be kept any longer.
    pub(crate) fn next(current: Option<&Self>, intent: PaymentIntent, now: Time) -> Self {
        let mut next = match current {
            Some(current) => Self { version: current.version + 1, intent, ..current.clone() },
            None => Self { version: 1, intent, events: Vec::new(), events_so_far: 0, replies: Vec::new() },
        };
        next.replies.retain(|reply| reply.is_kept(now));
        next.events.retain(|event| now < event.created.after(EVENTS_KEPT) || event.pending() > 0);
        next
    }

    /// Adds an event.
    pub(crate) fn announce(
        &mut self,
        news: &News,
        cause: Cause<'_>,
        deliveries: Vec<Delivery>,
        now: Time,
    ) -> Result<(), serde_json::Error> {
        self.events.push(Event::new(self.events_so_far, news, cause, deliveries, now)?);
        self.events_so_far += 1;
        Ok(())
    }

    /// When something is to be done: an event to be delivered, or time changes the payment.
    pub(crate) fn due(&self) -> Option<Time> {
        let deliveries = self.events.iter().flat_map(|event| &event.deliveries);
        deliveries.filter_map(|delivery| delivery.due).chain(self.intent.changes_at()).min()
    }

    /// The objects of one kind: when each was created, and its place.
    pub(crate) fn items(&self, kind: Kind) -> Vec<(Time, u32)> {
        fn placed<T>(items: &[T], created: impl Fn(&T) -> Time) -> Vec<(Time, u32)> {
            items.iter().enumerate().map(|(index, item)| (created(item), place(index))).collect()
        }
        let intent = &self.intent;
        match kind {
            Kind::PaymentIntent => vec![(intent.created, 0)],
            Kind::Charge => placed(&intent.charges, |one| one.created),
            Kind::Refund => placed(&intent.refunds, |one| one.created),
            Kind::Dispute => placed(&intent.disputes, |one| one.created),
            Kind::Transaction => placed(&intent.transactions, |one| one.created),
            Kind::Event => self.events.iter().map(|event| (event.created, event.place)).collect(),
        }
    }

    /// The event at this place.
    pub(crate) fn event(&self, place: u32) -> Option<&Event> {
        self.events.iter().find(|event| event.place == place)
    }

    /// One of the objects as Stripe writes it; `None`: there is none (any more).
    pub(crate) fn view(&self, kind: Kind, place: u32, base: &str, now: Time) -> Option<Value> {
        let view = match kind {
            Kind::PaymentIntent => self.intent.view(base),
            Kind::Charge => self.intent.charge_view(place),
            Kind::Refund => self.intent.refund_view(place),
            Kind::Dispute => self.intent.dispute_view(place),
            Kind::Transaction => self.intent.transaction_view(place, now),
            Kind::Event => self.event(place)?.view(&self.intent).ok()?,
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
        Index::one(Self::DUE),
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
            for (created, place) in self.items(kind) {
                let key = [Part::from(created), Part::from(self.id()), Part::from(i64::from(place))];
                keys = keys.ordered(kind.index(), key);
            }
        }
        if let Some(due) = self.due() {
            keys = keys.ordered(Self::DUE, [due.into()]);
        }
        self.replies.iter().fold(keys, |keys, reply| keys.unique(Self::idempotency_key(&reply.key)))
    }
}
