//! Sending the events of one payment that are due, and noting what became of them.

use std::convert::Infallible;

use common::{Decision, Time};
use store::{StoreError, UpdateError};
use uuid::Uuid;

use super::signature::sign;
use crate::StripeSim;
use crate::endpoint::Endpoint;
use crate::event::{Event, Outcome};
use crate::intent::seconds;
use crate::record::Record;

/// What became of one try: of the event at this place, at this endpoint.
struct Tried {
    place: u32,
    endpoint: String,
    outcome: Outcome,
}

impl StripeSim {
    /// Sends what is due, one after another, and stores what became of it.
    pub(super) async fn deliver(&self, id: Uuid, client: &reqwest::Client) -> Result<(), StoreError> {
        let Some(record) = self.0.records.get(id).await? else { return Ok(()) };
        let endpoints = self.endpoints().await?;
        let mut tried = Vec::new();
        for (event, endpoint) in due(&record, self.0.clock.now()) {
            let receiver = endpoints.iter().find(|one| one.id.to_string() == endpoint && !one.disabled);
            let outcome = match receiver {
                Some(receiver) => self.attempt(&record, event, receiver, client).await,
                None => Outcome::NoEndpoint,
            };
            tried.push(Tried { place: event.place, endpoint: endpoint.to_owned(), outcome });
        }
        if tried.is_empty() {
            return Ok(());
        }
        let settle = |current: Option<&Record>| {
            let next = current.map(|record| apply(record, &tried, self.0.clock.now()));
            Ok::<_, Infallible>(next.map(Decision::without_event))
        };
        match self.0.records.update(id, settle).await {
            Ok(_) => Ok(()),
            Err(UpdateError::Refused(never)) => match never {},
            Err(UpdateError::Store(error)) => Err(error),
            Err(UpdateError::DuplicateKey(claim)) => {
                tracing::error!(claim, "a delivery collides with a claim");
                Ok(())
            }
        }
    }

    async fn attempt(
        &self,
        record: &Record,
        event: &Event,
        endpoint: &Endpoint,
        client: &reqwest::Client,
    ) -> Outcome {
        if self.faults().take(|faults| &mut faults.webhooks.drop) {
            return Outcome::Dropped;
        }
        let twice = self.faults().take(|faults| &mut faults.webhooks.duplicate);
        let first = self.send(record, event, endpoint, client).await;
        match first {
            Outcome::Accepted(_) if twice => self.send(record, event, endpoint, client).await,
            _ => first,
        }
    }

    async fn send(
        &self,
        record: &Record,
        event: &Event,
        endpoint: &Endpoint,
        client: &reqwest::Client,
    ) -> Outcome {
        let payload = match event.payload(&record.intent, endpoint.api_version.as_deref()) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(%error, "an event cannot be written");
                return Outcome::Unreachable;
            }
        };
        let now = self.0.clock.now();
        let request = client
            .post(&endpoint.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", sign(&endpoint.secrets(now), seconds(now), &payload))
            .body(payload);
        let (payment, kind) = (record.intent.id.to_string(), event.kind.as_str());
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                tracing::debug!(payment, kind, "delivered");
                Outcome::Accepted(response.status().as_u16())
            }
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::warn!(payment, kind, status, "refused by the receiver");
                Outcome::Refused(status)
            }
            Err(error) => {
                tracing::warn!(payment, kind, %error, "the receiver cannot be reached");
                Outcome::Unreachable
            }
        }
    }
}

/// The events and endpoints whose time has come, in its order.
fn due(record: &Record, now: Time) -> Vec<(&Event, &str)> {
    let mut due: Vec<_> = record
        .events
        .iter()
        .flat_map(|event| event.deliveries.iter().map(move |delivery| (event, delivery)))
        .filter_map(|(event, delivery)| Some((delivery.due.filter(|due| *due <= now)?, event, delivery)))
        .collect();
    due.sort_by_key(|(due, event, _)| (*due, event.place));
    due.into_iter().map(|(_, event, delivery)| (event, delivery.endpoint.as_str())).collect()
}

/// The next revision: what failed is due later or given up, the rest is done with.
fn apply(record: &Record, tried: &[Tried], now: Time) -> Record {
    let mut next = Record::next(Some(record), record.intent.clone(), now);
    for one in tried {
        let Some(event) = next.events.iter_mut().find(|event| event.place == one.place) else { continue };
        let created = event.created;
        let mut at_endpoint =
            event.deliveries.iter_mut().filter(|delivery| delivery.endpoint == one.endpoint);
        if let Some(delivery) = at_endpoint.next() {
            delivery.tried(one.outcome, created, now);
        }
    }
    next
}
