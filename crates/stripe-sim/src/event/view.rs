//! The event as Stripe writes it (<https://docs.stripe.com/api/events/object>).

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{API_VERSION, Event};
use crate::id::Kind;
use crate::intent::{PaymentIntent, seconds};

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
    previous_attributes: Option<&'a Map<String, Value>>,
}

#[derive(Serialize)]
struct Request<'a> {
    id: Option<&'a str>,
    idempotency_key: Option<&'a str>,
}

impl Event {
    /// What is posted to an endpoint that speaks this version; every try sends the same.
    pub(crate) fn payload(
        &self,
        intent: &PaymentIntent,
        api_version: Option<&str>,
    ) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.written(intent, api_version, self.deliveries.len()))
    }

    /// What the API answers.
    pub(crate) fn view(&self, intent: &PaymentIntent) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self.written(intent, None, self.pending()))
    }

    fn written<'a>(
        &'a self,
        intent: &PaymentIntent,
        api_version: Option<&'a str>,
        pending_webhooks: usize,
    ) -> View<'a> {
        View {
            id: intent.item(Kind::Event, self.place),
            object: "event",
            api_version: api_version.unwrap_or(API_VERSION),
            created: seconds(self.created),
            data: Data { object: &self.object, previous_attributes: self.previous.as_ref() },
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
