//! Replies, and the commands that cause them: replay, decide, then commit state, events and reply in one write.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use common::{Decision, Time};
use serde_json::Value;
use serde_json::value::to_raw_value;
use store::CommitError;

use super::Call;
use crate::error::ApiError;
use crate::id::{IntentId, Kind};
use crate::intent::{PaymentIntent, Refusal, Subject, Transition, public_view};
use crate::record::{Record, StoredReply};
use crate::sim::StripeSim;

/// A reply that can be stored and replayed.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// The original request of a replayed reply.
    pub(crate) replay_of: Option<String>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, replay_of: None }
    }
}

impl From<&ApiError> for Reply {
    fn from(error: &ApiError) -> Self {
        Self { status: error.status, body: error.body(), replay_of: None }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(original) = self.replay_of.and_then(|id| HeaderValue::try_from(id).ok()) {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
            response.headers_mut().insert("original-request", original);
        }
        response
    }
}

impl StripeSim {
    /// Performs a command on the `PaymentIntent` of this id. `decide` receives `None` if there is none.
    ///
    /// Invariant: the reply of an idempotency key is stored with the effect, so a retry finds both or neither.
    pub(crate) async fn perform(
        &self,
        call: &Call,
        id: IntentId,
        decide: impl Fn(Option<&PaymentIntent>) -> Result<Transition, ApiError>,
    ) -> Result<Reply, ApiError> {
        if let Some(reply) = self.replay(call).await? {
            return Ok(reply);
        }
        let endpoints = self.endpoints().await?;
        let now = self.0.clock.now();
        let mut replied = None;
        let mut fails = None;
        let changed = self.commit(id.0, None, |current| {
            let outcome = decide(current.map(|record| &record.intent));
            let (next, reply) = match (outcome, current) {
                (Ok(transition), _) => {
                    let fails = *fails.get_or_insert_with(|| call.is_api() && self.fails_after_commit());
                    let reply = if fails {
                        Reply::from(&ApiError::internal())
                    } else {
                        self.reply(call, &transition)
                    };
                    (Some(self.advance(current, transition, call.cause(), &endpoints, now)), reply)
                }
                // A refusal changes nothing but is the key's reply from now on.
                (Err(error), Some(record)) if call.key().is_some() => {
                    (Some(Record::next(current, record.intent.clone(), now)), Reply::from(&error))
                }
                (Err(error), _) => (None, Reply::from(&error)),
            };
            let next = next.map(|record| Decision::without_event(store_reply(record, call, &reply, now)));
            replied = Some(reply);
            next
        });
        match changed.await {
            Ok(_) => {
                self.0.work_added.notify_one();
                replied.ok_or_else(ApiError::internal)
            }
            Err(CommitError::DuplicateKey(_)) => Err(ApiError::key_in_use(call.key().unwrap_or_default())),
            Err(error) => Err(error.into()),
        }
    }

    fn fails_after_commit(&self) -> bool {
        self.faults().consume(|faults| &mut faults.api.fail_after_commit)
    }

    /// The stored reply of the request's idempotency key.
    async fn replay(&self, call: &Call) -> Result<Option<Reply>, ApiError> {
        let Some(key) = call.key() else { return Ok(None) };
        let Some(record) = self.0.records.get_by_unique_key(Record::unique_key(key)).await? else {
            return Ok(None);
        };
        let now = self.0.clock.now();
        let Some(stored) = record.replies.iter().find(|reply| reply.key == key && reply.is_retained(now))
        else {
            self.purge_expired_replies(record.intent.id, now).await?;
            return Ok(None);
        };
        if call.fingerprint() != Some(stored.fingerprint.as_str()) {
            return Err(ApiError::key_reused(key));
        }
        let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::from_str(stored.body.get()).map_err(|_| ApiError::internal())?;
        Ok(Some(Reply { status, body, replay_of: Some(stored.request_id.clone()) }))
    }

    /// Frees the keys whose replies are past their retention.
    async fn purge_expired_replies(&self, id: IntentId, now: Time) -> Result<(), ApiError> {
        let purge = |current: Option<&Record>| {
            current
                .map(|record| Record::next(current, record.intent.clone(), now))
                .map(Decision::without_event)
        };
        self.commit(id.0, None, purge).await?;
        Ok(())
    }

    fn reply(&self, call: &Call, transition: &Transition) -> Reply {
        match transition.failure {
            None => Reply::ok(self.reply_view(call, &transition.next, transition.returns)),
            Some(failure) => {
                let intent = &transition.next;
                let failed = intent.last_payment_error.as_ref();
                let charge = failed.and_then(|error| error.charge);
                let charge = charge.map(|position| intent.item(Kind::Charge, position));
                let error = ApiError::card(failure).about_charge(charge.as_deref());
                let error = match failed {
                    Some(failed) => error.about_payment_method(failed.method.view(intent.created)),
                    None => error,
                };
                Reply::from(&error.about_intent(self.error_view(call, intent)))
            }
        }
    }

    /// The `PaymentIntent` as the caller may see it, expanded.
    pub(crate) fn intent_view(&self, call: &Call, intent: &PaymentIntent) -> Value {
        self.reply_view(call, intent, Subject::Intent)
    }

    fn reply_view(&self, call: &Call, intent: &PaymentIntent, subject: Subject) -> Value {
        let base = &self.0.settings.public_url;
        let mut view = intent.object_view(subject, base);
        call.expand(intent, &mut view, base, self.0.clock.now());
        if call.is_secret() { view } else { public_view(view) }
    }

    /// The `PaymentIntent` as the caller may see it in an error.
    fn error_view(&self, call: &Call, intent: &PaymentIntent) -> Value {
        let view = intent.view(&self.0.settings.public_url);
        if call.is_secret() { view } else { public_view(view) }
    }

    /// Stripe's error for a refusal.
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
            Refusal::ExceedsAuthorization => {
                let message = format!("At most {} can be captured.", intent.amount_capturable());
                ApiError::parameter("amount_too_large", "amount_to_capture", message)
            }
            Refusal::CaptureFailed(failure) => {
                let charge = intent.latest_charge().map(|position| intent.item(Kind::Charge, position));
                ApiError::card(failure).about_charge(charge.as_deref())
            }
        };
        error.about_intent(self.error_view(call, intent))
    }
}

fn store_reply(mut record: Record, call: &Call, reply: &Reply, now: Time) -> Record {
    if let (Some(key), Some(fingerprint)) = (call.key(), call.fingerprint()) {
        match to_raw_value(&reply.body) {
            Ok(body) => record.replies.push(StoredReply {
                key: key.to_owned(),
                fingerprint: fingerprint.to_owned(),
                request_id: call.request_id.clone(),
                status: reply.status.as_u16(),
                body,
                at: now,
            }),
            Err(error) => tracing::error!(%error, "cannot serialize a reply"),
        }
    }
    record
}
