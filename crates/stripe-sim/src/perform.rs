//! Performing a command: replay, decide, and commit state, events and reply in one write.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::StatusCode;
use common::{Decision, Time};
use serde_json::Value;
use store::ChangeError;

use crate::StripeSim;
use crate::error::ApiError;
use crate::event::{Cause, Delivery};
use crate::http::{Call, Reply};
use crate::intent::{IntentId, PaymentIntent, Refusal, Step, for_browser};
use crate::record::{Record, StoredReply};

/// How long an event waits for a later one to overtake it, while events are delivered out of order.
const HELD_BACK: Duration = Duration::from_secs(3);

impl StripeSim {
    /// Performs a command on the `PaymentIntent` of this id; `decide` sees it, or `None` if there is none.
    ///
    /// The reply to an idempotency key is stored with the effect, so a repeated request finds both or neither.
    pub(crate) async fn perform(
        &self,
        call: &Call,
        id: IntentId,
        decide: impl Fn(Option<&PaymentIntent>) -> Result<Step, ApiError>,
    ) -> Result<Reply, ApiError> {
        if let Some(reply) = self.replay(call).await? {
            return Ok(reply);
        }
        let now = self.0.clock.now();
        let mut answer = None;
        let mut fails = None;
        let changed = self.0.records.change(id.0, |current| {
            let outcome = decide(current.map(|record| &record.intent));
            let (next, reply) = match (outcome, current) {
                (Ok(step), _) => {
                    let fails = *fails.get_or_insert_with(|| call.is_api() && self.fails_after_commit());
                    let reply =
                        if fails { Reply::from(&ApiError::internal()) } else { self.reply(call, &step) };
                    (Some(self.advance(current, step, call, now)), reply)
                }
                // A refusal changes nothing but is what the key says from now on.
                (Err(error), Some(record)) if call.key().is_some() => {
                    (Some(Record::next(current, record.intent.clone(), now)), Reply::from(&error))
                }
                (Err(error), _) => (None, Reply::from(&error)),
            };
            let next = next.map(|record| Decision::quiet(remember(record, call, &reply, now)));
            answer = Some(reply);
            Ok::<_, Infallible>(next)
        });
        match changed.await {
            Ok(_) => {
                self.0.event_added.notify_one();
                answer.ok_or_else(ApiError::internal)
            }
            Err(ChangeError::Refused(never)) => match never {},
            Err(ChangeError::Taken(_)) => Err(ApiError::key_in_use(call.key().unwrap_or_default())),
            Err(ChangeError::Store(error)) => Err(error.into()),
        }
    }

    fn fails_after_commit(&self) -> bool {
        self.faults().take(|faults| &mut faults.api.fail_after_commit)
    }

    /// The reply that the request's idempotency key gave before.
    async fn replay(&self, call: &Call) -> Result<Option<Reply>, ApiError> {
        let Some(key) = call.key() else { return Ok(None) };
        let Some(record) = self.0.records.claimed(Record::key_claim(key)).await? else { return Ok(None) };
        let now = self.0.clock.now();
        let Some(stored) = record.replies.iter().find(|reply| reply.key == key && reply.is_kept(now)) else {
            self.forget_old_replies(record.intent.id, now).await?;
            return Ok(None);
        };
        if call.fingerprint() != Some(stored.fingerprint.as_str()) {
            return Err(ApiError::key_reused(key));
        }
        let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = stored.body.clone();
        Ok(Some(Reply { status, body, replay_of: Some(stored.request_id.clone()) }))
    }

    /// Frees the keys whose day is over.
    async fn forget_old_replies(&self, id: IntentId, now: Time) -> Result<(), ApiError> {
        let forget = |current: Option<&Record>| {
            let next = current.map(|record| Record::next(current, record.intent.clone(), now));
            Ok::<_, Infallible>(next.map(Decision::quiet))
        };
        match self.0.records.change(id.0, forget).await {
            Ok(_) => Ok(()),
            Err(ChangeError::Store(error)) => Err(error.into()),
            Err(ChangeError::Taken(_)) => Err(ApiError::internal()),
            Err(ChangeError::Refused(never)) => match never {},
        }
    }

    fn reply(&self, call: &Call, step: &Step) -> Reply {
        let view = self.view(call, &step.next);
        match (&step.refund, step.failure) {
            (Some(refund), _) => Reply::ok(refund.view(&step.next)),
            (None, None) => Reply::ok(view),
            (None, Some(failure)) => {
                let charge = step.next.latest_charge.as_deref();
                Reply::from(&ApiError::card(failure).about_charge(charge).about_intent(view))
            }
        }
    }

    /// The next revision, with what is to be announced.
    fn advance(&self, current: Option<&Record>, step: Step, call: &Call, now: Time) -> Record {
        let cause = Cause { request_id: &call.request_id, idempotency_key: call.key() };
        let object = match &step.refund {
            Some(refund) => refund.view(&step.next),
            None => step.next.view(&self.0.settings.public_url),
        };
        let mut next = Record::next(current, step.next, now);
        if self.0.settings.webhook_url.is_some() {
            for kind in step.events {
                let delivery = Delivery::new(kind, object.clone(), cause, &self.0.ids, now);
                self.schedule(&mut next.deliveries, delivery);
            }
        }
        next
    }

    fn schedule(&self, waiting: &mut Vec<Delivery>, mut delivery: Delivery) {
        let faults = self.faults().pending().webhooks;
        let delay = Duration::from_millis(faults.delay_ms);
        delivery.due = delivery.due.after(delay);
        if !faults.reorder {
            waiting.push(delivery);
        } else if waiting.is_empty() {
            delivery.due = delivery.due.after(HELD_BACK);
            waiting.push(delivery);
        } else {
            for held in waiting.iter_mut() {
                held.due = held.due.min(delivery.due);
            }
            waiting.insert(0, delivery);
        }
    }

    /// The object as the caller may see it.
    pub(crate) fn view(&self, call: &Call, intent: &PaymentIntent) -> Value {
        let view = intent.view(&self.0.settings.public_url);
        if call.is_secret() { view } else { for_browser(view) }
    }

    /// The refusal in Stripe's words.
    pub(crate) fn refused(&self, call: &Call, intent: &PaymentIntent, refusal: Refusal) -> ApiError {
        let status = intent.status.as_str();
        let unexpected = |message: String| ApiError::invalid(message).code("payment_intent_unexpected_state");
        let error = match refusal {
            Refusal::UnexpectedState(command) => {
                unexpected(format!("You cannot {command} this PaymentIntent because its status is {status}."))
            }
            Refusal::NoPaymentMethod => unexpected(
                "You cannot confirm this PaymentIntent because it has no payment method; give one."
                    .to_owned(),
            ),
            Refusal::MoreThanAuthorized => {
                let message = format!("At most {} can be captured.", intent.amount_capturable());
                ApiError::parameter("amount_too_large", "amount_to_capture", message)
            }
            Refusal::CaptureFailed(failure) => {
                ApiError::card(failure).about_charge(intent.latest_charge.as_deref())
            }
        };
        error.about_intent(self.view(call, intent))
    }
}

fn remember(mut record: Record, call: &Call, reply: &Reply, now: Time) -> Record {
    if let (Some(key), Some(fingerprint)) = (call.key(), call.fingerprint()) {
        record.replies.push(StoredReply {
            key: key.to_owned(),
            fingerprint: fingerprint.to_owned(),
            request_id: call.request_id.clone(),
            status: reply.status.as_u16(),
            body: reply.body.clone(),
            at: now,
        });
    }
    record
}
