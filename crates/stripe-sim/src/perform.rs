//! Performing a command: replay, decide, and commit state, events and reply in one write.

use std::convert::Infallible;
use std::sync::Arc;

use axum::http::StatusCode;
use common::{Decision, Time};
use serde_json::Value;
use store::{StoreError, UpdateError};
use uuid::Uuid;

use crate::StripeSim;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::event::{Cause, News};
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::{IntentId, PaymentIntent, Refusal, Step, Subject, Terms, for_browser};
use crate::record::{Record, StoredReply};
use crate::webhook::Faulty;

impl StripeSim {
    /// The present circumstances.
    pub(crate) fn terms(&self) -> Terms {
        Terms { now: self.0.clock.now(), fees: self.0.settings.fees }
    }

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
        let endpoints = self.endpoints().await?;
        let now = self.0.clock.now();
        let mut answer = None;
        let mut fails = None;
        let changed = self.0.records.update(id.0, |current| {
            let outcome = decide(current.map(|record| &record.intent));
            let (next, reply) = match (outcome, current) {
                (Ok(step), _) => {
                    let fails = *fails.get_or_insert_with(|| call.is_api() && self.fails_after_commit());
                    let reply =
                        if fails { Reply::from(&ApiError::internal()) } else { self.reply(call, &step) };
                    (Some(self.advance(current, step, call.cause(), &endpoints, now)), reply)
                }
                // A refusal changes nothing but is what the key says from now on.
                (Err(error), Some(record)) if call.key().is_some() => {
                    (Some(Record::next(current, record.intent.clone(), now)), Reply::from(&error))
                }
                (Err(error), _) => (None, Reply::from(&error)),
            };
            let next = next.map(|record| Decision::without_event(remember(record, call, &reply, now)));
            answer = Some(reply);
            Ok::<_, Infallible>(next)
        });
        match changed.await {
            Ok(_) => {
                self.0.event_added.notify_one();
                answer.ok_or_else(ApiError::internal)
            }
            Err(UpdateError::Refused(never)) => match never {},
            Err(UpdateError::DuplicateKey(_)) => Err(ApiError::key_in_use(call.key().unwrap_or_default())),
            Err(UpdateError::Store(error)) => Err(error.into()),
        }
    }

    /// Does what time brought about meanwhile: one thing after another, until nothing is due.
    pub(crate) async fn let_time_pass(&self, id: Uuid) -> Result<(), StoreError> {
        let endpoints: Arc<[Endpoint]> = self.endpoints().await?;
        let terms = self.terms();
        let cause = Cause { request_id: None, idempotency_key: None };
        let pass = |current: Option<&Record>| {
            let mut next = None::<Record>;
            while let Some(step) = next.as_ref().or(current).and_then(|record| record.intent.elapse(terms)) {
                let so_far = next.as_ref().or(current);
                let version = current.map_or(1, |record| record.version + 1);
                let mut advanced = self.advance(so_far, step, cause, &endpoints, terms.now);
                advanced.version = version;
                next = Some(advanced);
            }
            Ok::<_, Infallible>(next.map(Decision::without_event))
        };
        match self.0.records.update(id, pass).await {
            Ok(_) => Ok(()),
            Err(UpdateError::Store(error)) => Err(error),
            Err(UpdateError::Refused(never)) => match never {},
            Err(UpdateError::DuplicateKey(claim)) => {
                tracing::error!(claim, "what time brought about collides with a claim");
                Ok(())
            }
        }
    }

    fn fails_after_commit(&self) -> bool {
        self.faults().take(|faults| &mut faults.api.fail_after_commit)
    }

    /// The reply that the request's idempotency key gave before.
    async fn replay(&self, call: &Call) -> Result<Option<Reply>, ApiError> {
        let Some(key) = call.key() else { return Ok(None) };
        let Some(record) = self.0.records.get_by_unique_key(Record::idempotency_key(key)).await? else {
            return Ok(None);
        };
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
            Ok::<_, Infallible>(next.map(Decision::without_event))
        };
        match self.0.records.update(id.0, forget).await {
            Ok(_) => Ok(()),
            Err(UpdateError::Store(error)) => Err(error.into()),
            Err(UpdateError::DuplicateKey(_)) => Err(ApiError::internal()),
            Err(UpdateError::Refused(never)) => match never {},
        }
    }

    fn reply(&self, call: &Call, step: &Step) -> Reply {
        match step.failure {
            None => Reply::ok(self.shown_as(call, &step.next, step.shown)),
            Some(failure) => {
                let intent = &step.next;
                let failed = intent.last_payment_error.as_ref();
                let charge = failed.and_then(|error| error.charge);
                let charge = charge.map(|place| intent.item(Kind::Charge, place));
                let error = ApiError::card(failure).about_charge(charge.as_deref());
                let error = match failed {
                    Some(failed) => error.about_payment_method(failed.method.view(intent.created)),
                    None => error,
                };
                Reply::from(&error.about_intent(self.view(call, intent)))
            }
        }
    }

    /// The next revision, with what is to be announced.
    pub(crate) fn advance(
        &self,
        current: Option<&Record>,
        step: Step,
        cause: Cause<'_>,
        endpoints: &[Endpoint],
        now: Time,
    ) -> Record {
        let base = &self.0.settings.public_url;
        let faulty = Faulty(self.faults().pending().webhooks);
        let news: Vec<News> = step
            .events
            .iter()
            .map(|(kind, subject)| News {
                kind: *kind,
                object: step.next.show(*subject, base),
                before: current.map(|record| record.intent.show(*subject, base)),
            })
            .collect();
        let mut next = Record::next(current, step.next, now);
        for one in &news {
            let deliveries = faulty.deliveries(&mut next, one.kind, endpoints, now);
            if let Err(error) = next.announce(one, cause, deliveries, now) {
                tracing::error!(%error, "an event cannot be written");
            }
        }
        next
    }

    /// The `PaymentIntent` as the caller may see it, with what it wants expanded.
    pub(crate) fn shown(&self, call: &Call, intent: &PaymentIntent) -> Value {
        self.shown_as(call, intent, Subject::Intent)
    }

    fn shown_as(&self, call: &Call, intent: &PaymentIntent, subject: Subject) -> Value {
        let base = &self.0.settings.public_url;
        let mut view = intent.show(subject, base);
        call.expand(intent, &mut view, base, self.0.clock.now());
        if call.is_secret() { view } else { for_browser(view) }
    }

    /// The `PaymentIntent` as the caller may see it in an error.
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
                let charge = intent.latest_charge().map(|place| intent.item(Kind::Charge, place));
                ApiError::card(failure).about_charge(charge.as_deref())
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
