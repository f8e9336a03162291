//! Delivery of a payment's due events: signed requests, and the record of their outcomes.

use aws_lc_rs::hmac;
use common::{Decision, Time};
use store::CommitError;

use crate::endpoint::Endpoint;
use crate::event::{Event, Outcome};
use crate::format::{hex, unix_seconds};
use crate::record::Record;
use crate::sim::StripeSim;

/// The outcome of one attempt: of the event at this position, at this endpoint.
struct AttemptResult {
    position: u32,
    endpoint: String,
    outcome: Outcome,
}

impl StripeSim {
    /// Sends the due events one after another and stores the outcomes.
    pub(super) async fn deliver(&self, record: Record, client: &reqwest::Client) -> Result<(), CommitError> {
        let endpoints = self.endpoints().await?;
        let mut attempts = Vec::new();
        for (event, endpoint) in due(&record, self.0.clock.now()) {
            let receiver = endpoints.iter().find(|one| one.id.to_string() == endpoint && !one.disabled);
            let outcome = match receiver {
                Some(receiver) => self.attempt(&record, event, receiver, client).await,
                None => Outcome::NoEndpoint,
            };
            attempts.push(AttemptResult { position: event.position, endpoint: endpoint.to_owned(), outcome });
        }
        if attempts.is_empty() {
            return Ok(());
        }
        let record_outcomes = |current: Option<&Record>| {
            let next = current.map(|record| apply(record, &attempts, self.0.clock.now()));
            next.map(Decision::without_event)
        };
        self.commit(record.intent.id.0, Some(&record), record_outcomes).await?;
        Ok(())
    }

    async fn attempt(
        &self,
        record: &Record,
        event: &Event,
        endpoint: &Endpoint,
        client: &reqwest::Client,
    ) -> Outcome {
        if self.faults().consume(|faults| &mut faults.webhooks.drop) {
            return Outcome::Dropped;
        }
        let twice = self.faults().consume(|faults| &mut faults.webhooks.duplicate);
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
        let payload = match event.payload(record.intent.id, endpoint.api_version.as_deref()) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(%error, "cannot serialize an event");
                return Outcome::Unreachable;
            }
        };
        let now = self.0.clock.now();
        let request = client
            .post(&endpoint.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", sign(&endpoint.secrets(now), unix_seconds(now), &payload))
            .body(payload);
        let (payment, kind) = (record.intent.id.to_string(), event.kind.as_str());
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                tracing::debug!(payment, kind, "delivered");
                Outcome::Accepted(response.status().as_u16())
            }
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::warn!(payment, kind, status, "the receiver rejected an event");
                Outcome::Refused(status)
            }
            Err(error) => {
                tracing::warn!(payment, kind, %error, "the receiver is unavailable");
                Outcome::Unreachable
            }
        }
    }
}

/// The due events with their endpoints, in due order.
fn due(record: &Record, now: Time) -> Vec<(&Event, &str)> {
    let mut due: Vec<_> = record
        .events
        .iter()
        .flat_map(|event| event.deliveries.iter().map(move |delivery| (event, delivery)))
        .filter_map(|(event, delivery)| Some((delivery.due.filter(|due| *due <= now)?, event, delivery)))
        .collect();
    due.sort_by_key(|(due, event, _)| (*due, event.position));
    due.into_iter().map(|(_, event, delivery)| (event, delivery.endpoint.as_str())).collect()
}

/// The next revision: failed deliveries are due later or abandoned, the others are finished.
fn apply(record: &Record, attempts: &[AttemptResult], now: Time) -> Record {
    let mut next = Record::next(Some(record), record.intent.clone(), now);
    for one in attempts {
        let Some(event) = next.events.iter_mut().find(|event| event.position == one.position) else {
            continue;
        };
        let created = event.created;
        let mut at_endpoint =
            event.deliveries.iter_mut().filter(|delivery| delivery.endpoint == one.endpoint);
        if let Some(delivery) = at_endpoint.next() {
            delivery.record_attempt(one.outcome, created, now);
        }
    }
    next
}

/// The value of `Stripe-Signature` (<https://docs.stripe.com/webhooks#verify-manually>) for a payload sent at `seconds`
/// since 1970: one signature for each secret.
fn sign(secrets: &[&str], seconds: i64, payload: &str) -> String {
    let signed = format!("{seconds}.{payload}");
    let mut header = format!("t={seconds}");
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, signed.as_bytes());
        header.push_str(",v1=");
        header.push_str(&hex(tag.as_ref()));
    }
    header
}
