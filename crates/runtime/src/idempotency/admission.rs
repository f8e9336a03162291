//! The state machine of an idempotency key: admitted, in flight, completed or failed.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use common::http::HttpContext;
use common::{Decision, Problem, Time, poll_until};
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, SET_COOKIE};
use store::{Collection, CommitError};
use uuid::Uuid;

use super::in_flight::{InFlight, InFlightGuard};
use super::record::{KeyRecord, StoredReply, index};
use crate::{Purge, ServiceContext, Tasks, Worker};

/// The headers that a replayed reply repeats.
pub(super) const REPLAYED_HEADERS: [HeaderName; 4] = [LOCATION, ETAG, CONTENT_TYPE, CACHE_CONTROL];

/// The retention of a key and its reply, promised in `openapi.json`.
const KEY_RETENTION: Duration = Duration::from_hours(24);

/// The time after which a request loses its key to a duplicate in another process: the first one's process has crashed,
/// or its work exceeds `MiddlewareStack::REQUEST_TIMEOUT`. Both work with the same reserved id.
const LEASE_TIMEOUT: Duration = Duration::from_secs(20);

/// The timeout of a duplicate that waits for the first request: below `MiddlewareStack::REQUEST_TIMEOUT`, so that the
/// duplicate gets its own error.
const DUPLICATE_TIMEOUT: Duration = Duration::from_secs(12);

/// The idempotency keys of one service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Idempotency {
    records: Collection<KeyRecord>,
    pub(super) context: HttpContext,
    /// The tasks that perform requests.
    pub(super) tasks: Tasks,
    in_flight: InFlight,
}

/// The decision about a request.
pub(super) enum Admission {
    /// The first request, or a retry of one that failed: perform it, then [`Idempotency::complete`] it.
    Perform(KeyRecord, InFlightGuard),
    /// A duplicate of a completed request.
    Replay(StoredReply),
}

impl Idempotency {
    pub(crate) fn new(service: &ServiceContext, context: HttpContext) -> Self {
        let (records, tasks) = (service.store.collection(), service.tasks.clone());
        Self { records, context, tasks, in_flight: InFlight::default() }
    }

    /// Admits a request; a duplicate waits until the first request has completed.
    pub(super) async fn admit(&self, id: Uuid, fingerprint: &str) -> Result<Admission, Problem> {
        let admission = poll_until(DUPLICATE_TIMEOUT, || self.try_admit(id, fingerprint)).await?;
        admission.ok_or_else(|| {
            Problem::unavailable().caused_by("the first request of this idempotency key is in flight")
        })
    }

    /// Commits the record before the request is performed, with the reserved id of the new aggregate. A retry takes over
    /// the record of a request that crashed or failed, and with the same id finds the aggregate that it created.
    async fn try_admit(&self, id: Uuid, fingerprint: &str) -> Result<Option<Admission>, Problem> {
        let now = self.context.clock.now();
        let (version, reserved) = match self.records.get(id).await? {
            None => (1, self.context.ids.next()),
            Some(expired) if expired.expires_at <= now => (expired.version + 1, self.context.ids.next()),
            Some(record) if record.fingerprint != fingerprint => return Err(reused()),
            Some(KeyRecord { reply: Some(reply), .. }) => return Ok(Some(Admission::Replay(reply))),
            Some(record) if self.is_in_flight(&record, now) => return Ok(None),
            Some(abandoned) => (abandoned.version + 1, abandoned.reserved),
        };
        let guard = self.in_flight.begin(self.context.ids.next());
        let record = KeyRecord {
            id,
            version,
            fingerprint: fingerprint.to_owned(),
            reserved,
            holder: guard.request(),
            started_at: now,
            expires_at: now.after(KEY_RETENTION),
            reply: None,
        };
        match self.records.commit(Decision::without_event(record)).await {
            Ok(record) => Ok(Some(Admission::Perform(record, guard))),
            Err(CommitError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the holder of a record may be in flight: in this process, or, where other processes write the database
    /// too, in one of them until the lease times out.
    fn is_in_flight(&self, record: &KeyRecord, now: Time) -> bool {
        if record.holder.is_nil() {
            return false;
        }
        let may_be_elsewhere =
            !self.records.revision().is_of_all() && now < record.started_at.after(LEASE_TIMEOUT);
        self.in_flight.contains(record.holder) || may_be_elsewhere
    }

    /// Stores the reply. A 5xx or a reply that sets a cookie is not stored, so that a retry is performed again.
    pub(super) async fn complete(&self, record: KeyRecord, response: Response) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(Problem::internal)?;
        let version = record.version + 1;
        let stored = if parts.status.is_server_error() {
            // Its writes may be committed, now or later, although the database did not confirm them: a retry gets the
            // same id and finds them.
            self.commit(KeyRecord { version, holder: Uuid::nil(), ..record }).await
        } else if parts.headers.contains_key(SET_COOKIE) {
            self.records.remove(&record).await
        } else {
            let headers = REPLAYED_HEADERS.iter().filter_map(|name| {
                let value = parts.headers.get(name)?.to_str().ok()?;
                Some((name.to_string(), value.to_owned()))
            });
            let reply = StoredReply {
                status: parts.status.as_u16(),
                headers: headers.collect(),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            self.commit(KeyRecord { version, reply: Some(reply), ..record }).await
        };
        match stored {
            // Conflict: the lease timed out and another request took over, whose reply is stored instead.
            Ok(()) | Err(CommitError::Conflict) => Ok(Response::from_parts(parts, Body::from(body))),
            Err(error) => Err(error.into()),
        }
    }

    async fn commit(&self, record: KeyRecord) -> Result<(), CommitError> {
        self.records.commit(Decision::without_event(record)).await.map(drop)
    }

    /// The worker that removes expired keys.
    pub(crate) fn worker(&self) -> Worker {
        let (collection, clock) = (self.records.clone(), self.context.clock.clone());
        Purge { collection, index: index::BY_EXPIRY, retention: Duration::ZERO, clock }.worker()
    }
}

fn reused() -> Problem {
    Problem::conflict(
        "idempotency-key-reused",
        "This `Idempotency-Key` was used with another body; use a new key for a new request.",
    )
}
