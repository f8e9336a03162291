//! Events: what is announced, and what waits to be delivered.

use common::{Ids, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::intent::seconds;

/// The version of Stripe's API whose shapes are spoken.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// What happened to a `PaymentIntent` or to its money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventType {
    Created,
    RequiresAction,
    PaymentFailed,
    AmountCapturableUpdated,
    Succeeded,
    Canceled,
    RefundCreated,
}

impl EventType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "payment_intent.created",
            Self::RequiresAction => "payment_intent.requires_action",
            Self::PaymentFailed => "payment_intent.payment_failed",
            Self::AmountCapturableUpdated => "payment_intent.amount_capturable_updated",
            Self::Succeeded => "payment_intent.succeeded",
            Self::Canceled => "payment_intent.canceled",
            Self::RefundCreated => "refund.created",
        }
    }
}

/// An event that the receiver has not acknowledged yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) kind: EventType,
    pub(crate) created: Time,
    /// The `PaymentIntent`, or the refund, as it was then.
    object: Value,
    request_id: String,
    idempotency_key: Option<String>,
    /// How often it was tried in vain.
    pub(crate) failures: u32,
    /// When it is tried next.
    pub(crate) due: Time,
}

/// The request that caused an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) idempotency_key: Option<&'a str>,
}

impl Delivery {
    pub(crate) fn new(kind: EventType, object: Value, cause: Cause<'_>, ids: &Ids, now: Time) -> Self {
        Self {
            id: format!("evt_{}", ids.next::<Uuid>().simple()),
            kind,
            created: now,
            object,
            request_id: cause.request_id.to_owned(),
            idempotency_key: cause.idempotency_key.map(str::to_owned),
            failures: 0,
            due: now,
        }
    }

    /// The event as Stripe writes it (<https://docs.stripe.com/api/events/object>); every try sends the same.
    pub(crate) fn payload(&self) -> String {
        json!({
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": seconds(self.created),
            "data": { "object": self.object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": self.request_id, "idempotency_key": self.idempotency_key },
            "type": self.kind.as_str(),
        })
        .to_string()
    }
}
