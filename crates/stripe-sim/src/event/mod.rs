//! Events: their types, Stripe's JSON (<https://docs.stripe.com/api/events/object>), and their deliveries.

mod delivery;

use common::Time;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

pub(crate) use delivery::{Delivery, Outcome};

use crate::format::unix_seconds;
use crate::id::{IntentId, ItemId, Kind};

/// The simulated version of Stripe's API.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// The type of an event (<https://docs.stripe.com/api/events/types>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventType {
    Created,
    RequiresAction,
    PaymentFailed,
    AmountCapturableUpdated,
    Succeeded,
    Canceled,
    ChargeSucceeded,
    ChargeFailed,
    ChargeCaptured,
    ChargeExpired,
    ChargeUpdated,
    ChargeRefunded,
    ChargeRefundUpdated,
    RefundCreated,
    RefundUpdated,
    RefundFailed,
    DisputeCreated,
    DisputeUpdated,
    DisputeClosed,
    DisputeFundsWithdrawn,
    DisputeFundsReinstated,
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
            Self::ChargeSucceeded => "charge.succeeded",
            Self::ChargeFailed => "charge.failed",
            Self::ChargeCaptured => "charge.captured",
            Self::ChargeExpired => "charge.expired",
            Self::ChargeUpdated => "charge.updated",
            Self::ChargeRefunded => "charge.refunded",
            Self::ChargeRefundUpdated => "charge.refund.updated",
            Self::RefundCreated => "refund.created",
            Self::RefundUpdated => "refund.updated",
            Self::RefundFailed => "refund.failed",
            Self::DisputeCreated => "charge.dispute.created",
            Self::DisputeUpdated => "charge.dispute.updated",
            Self::DisputeClosed => "charge.dispute.closed",
            Self::DisputeFundsWithdrawn => "charge.dispute.funds_withdrawn",
            Self::DisputeFundsReinstated => "charge.dispute.funds_reinstated",
        }
    }

    /// Whether the event contains the former values of changed members.
    pub(crate) const fn has_previous_attributes(self) -> bool {
        matches!(
            self,
            Self::ChargeCaptured
                | Self::ChargeExpired
                | Self::ChargeUpdated
                | Self::ChargeRefunded
                | Self::ChargeRefundUpdated
                | Self::RefundUpdated
                | Self::DisputeUpdated
                | Self::DisputeClosed
        )
    }
}

/// An event, retrievable for 30 days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The position among all events of the `PaymentIntent`, which ends the id.
    #[serde(rename = "place")]
    pub(crate) position: u32,
    pub(crate) kind: EventType,
    pub(crate) created: Time,
    /// The object at that time, serialized once for all deliveries.
    object: Box<RawValue>,
    /// The former values of changed members.
    previous: Option<Box<RawValue>>,
    request_id: Option<String>,
    idempotency_key: Option<String>,
    pub(crate) deliveries: Vec<Delivery>,
}

/// The request that caused an event; time-driven events have none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub(crate) request_id: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
}

/// An event to add.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) kind: EventType,
    pub(crate) object: Value,
    /// The former object, if there was one.
    pub(crate) before: Option<Value>,
}

impl Event {
    pub(crate) fn new(
        position: u32,
        new: &NewEvent,
        cause: Cause<'_>,
        deliveries: Vec<Delivery>,
        now: Time,
    ) -> Result<Self, serde_json::Error> {
        let before = new.before.as_ref().filter(|_| new.kind.has_previous_attributes());
        Ok(Self {
            position,
            kind: new.kind,
            created: now,
            object: to_raw_value(&new.object)?,
            previous: before.map(|before| to_raw_value(&changed(before, &new.object))).transpose()?,
            request_id: cause.request_id.map(str::to_owned),
            idempotency_key: cause.idempotency_key.map(str::to_owned),
            deliveries,
        })
    }

    /// The number of deliveries that are still due.
    pub(crate) fn pending(&self) -> usize {
        self.deliveries.iter().filter(|delivery| delivery.due.is_some()).count()
    }

    /// The payload for an endpoint of this API version, the same in every attempt.
    pub(crate) fn payload(
        &self,
        intent: IntentId,
        api_version: Option<&str>,
    ) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.document(intent, api_version, self.deliveries.len()))
    }

    /// Stripe's JSON.
    pub(crate) fn view(&self, intent: IntentId) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self.document(intent, None, self.pending()))
    }

    fn document<'a>(
        &'a self,
        intent: IntentId,
        api_version: Option<&'a str>,
        pending_webhooks: usize,
    ) -> View<'a> {
        View {
            id: ItemId::new(Kind::Event, intent, self.position).to_string(),
            object: "event",
            api_version: api_version.unwrap_or(API_VERSION),
            created: unix_seconds(self.created),
            data: Data { object: &self.object, previous_attributes: self.previous.as_deref() },
            livemode: false,
            pending_webhooks,
            request: Request {
                id: self.request_id.as_deref(),
                idempotency_key: self.idempotency_key.as_deref(),
            },
            r#type: self.kind.as_str(),
        }
    }
}

#[derive(Serialize)]
struct View<'a> {
    id: String,
    object: &'static str,
    api_version: &'a str,
    created: i64,
    data: Data<'a>,
    livemode: bool,
    pending_webhooks: usize,
    request: Request<'a>,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Data<'a> {
    object: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_attributes: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Request<'a> {
    id: Option<&'a str>,
    idempotency_key: Option<&'a str>,
}

/// The members of `before` that differ in `after`.
fn changed(before: &Value, after: &Value) -> Map<String, Value> {
    let members = before.as_object().into_iter().flatten();
    let differ = members.filter(|(name, value)| after.get(name.as_str()) != Some(*value));
    differ.map(|(name, value)| (name.clone(), value.clone())).collect()
}
