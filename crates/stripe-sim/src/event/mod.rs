//! Events: what is announced, to whom, and how far that has come.

mod delivery;
mod kind;
mod view;

use common::Time;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub(crate) use delivery::{Delivery, Outcome};
pub(crate) use kind::EventType;

/// The version of Stripe's API whose shapes are spoken.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// Something that happened. It is kept, and retrievable, for 30 days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Its place among all events of its `PaymentIntent`, which ends its id.
    pub(crate) place: u32,
    pub(crate) kind: EventType,
    pub(crate) created: Time,
    /// What it happened to, as it was then. Text, since nobody but the receiver looks into it.
    object: Box<RawValue>,
    /// The members that changed, as they were before.
    previous: Option<Map<String, Value>>,
    request_id: Option<String>,
    idempotency_key: Option<String>,
    pub(crate) deliveries: Vec<Delivery>,
}

/// The request that caused an event; time alone causes some without one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub(crate) request_id: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
}

/// What happened, and to what.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) kind: EventType,
    pub(crate) object: Value,
    /// The object before, if there was one.
    pub(crate) before: Option<Value>,
}

impl Event {
    pub(crate) fn new(
        place: u32,
        news: &News,
        cause: Cause<'_>,
        deliveries: Vec<Delivery>,
        now: Time,
    ) -> Result<Self, serde_json::Error> {
        let before = news.before.as_ref().filter(|_| news.kind.tells_what_was());
        Ok(Self {
            place,
            kind: news.kind,
            created: now,
            object: serde_json::value::to_raw_value(&news.object)?,
            previous: before.map(|before| changed(before, &news.object)),
            request_id: cause.request_id.map(str::to_owned),
            idempotency_key: cause.idempotency_key.map(str::to_owned),
            deliveries,
        })
    }

    /// How many receivers have not taken it yet and are tried again.
    pub(crate) fn pending(&self) -> usize {
        self.deliveries.iter().filter(|delivery| delivery.due.is_some()).count()
    }
}

/// The members of `before` that are not the same in `after`.
fn changed(before: &Value, after: &Value) -> Map<String, Value> {
    let members = before.as_object().into_iter().flatten();
    let differ = members.filter(|(name, value)| after.get(name.as_str()) != Some(*value));
    differ.map(|(name, value)| (name.clone(), value.clone())).collect()
}
