//! `Idempotency-Key`: a signed-in `POST` that is repeated does its work once and is answered alike.
//!
//! The use of a key is committed before the work begins, with the id that the new aggregate will get. A process that
//! dies in between leaves the use open, and so does one that fails; whoever repeats the request takes it over, with the
//! same id, and so finds what the first one created, if it got that far.

mod at_work;
mod record;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use common::http::{CurrentUser, HttpContext, ReservedId};
use common::{Decision, FieldError, Problem, Time, poll_until};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, SET_COOKIE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use store::{Collection, CommitError};
use uuid::Uuid;

use self::at_work::{AtWork, Seat};
use self::record::{EXPIRES, Reply, Use, fingerprint, place};
use crate::{Purge, ServiceContext, Worker};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The headers that are given again with a reply.
const KEPT: [HeaderName; 4] = [LOCATION, ETAG, CONTENT_TYPE, CACHE_CONTROL];

/// The longest key.
const LONGEST: usize = 255;

/// How long a reply is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

/// How long a use belongs to whoever began it: longer than a request may take (`MiddlewareStack::REQUEST_TIMEOUT`).
const LEASE: Duration = Duration::from_secs(20);

/// How long a duplicate waits for the first; below `MiddlewareStack::REQUEST_TIMEOUT`, so that it says so itself.
const WAIT: Duration = Duration::from_secs(12);

/// The uses of keys in one service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Idempotency {
    uses: Collection<Use>,
    context: HttpContext,
    at_work: AtWork,
}

/// What becomes of a request.
enum Turn {
    /// It is the first: do it, and hold the seat until it is done.
    Work(Use, Seat),
    /// It was done: this was the reply.
    Replay(Reply),
}

impl Idempotency {
    pub(crate) fn new(service: &ServiceContext, context: HttpContext) -> Self {
        Self { uses: service.store.collection(), context, at_work: AtWork::default() }
    }

    /// Takes the turn of a request, or waits until another has done it.
    async fn turn(&self, id: Uuid, body: &str) -> Result<Turn, Problem> {
        let turn = poll_until(WAIT, || self.try_turn(id, body)).await?;
        turn.ok_or_else(|| Problem::unavailable().caused_by("the first request of this key is still at work"))
    }

    async fn try_turn(&self, id: Uuid, body: &str) -> Result<Option<Turn>, Problem> {
        let now = self.context.clock.now();
        let (version, reserved) = match self.uses.get(id).await? {
            None => (1, self.context.ids.next()),
            Some(forgotten) if forgotten.expires_at <= now => {
                (forgotten.version + 1, self.context.ids.next())
            }
            Some(known) if known.body != body => return Err(reused()),
            Some(Use { reply: Some(reply), .. }) => return Ok(Some(Turn::Replay(reply))),
            Some(known) if self.is_at_work(&known, now) => return Ok(None),
            Some(left) => (left.version + 1, left.reserved),
        };
        let seat = self.at_work.take_seat(self.context.ids.next());
        let taken = Use {
            id,
            version,
            body: body.to_owned(),
            reserved,
            worker: seat.worker(),
            started_at: now,
            expires_at: now.after(REMEMBERED),
            reply: None,
        };
        match self.uses.commit(Decision::without_event(taken)).await {
            Ok(taken) => Ok(Some(Turn::Work(taken, seat))),
            Err(CommitError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether somebody still works on it. Where this process alone writes the database, whoever has no seat here is
    /// gone: a process that died, a request that broke off or panicked.
    fn is_at_work(&self, known: &Use, now: Time) -> bool {
        if known.worker.is_nil() {
            return false;
        }
        let may_be_elsewhere = self.uses.revision().is_none() && now < known.started_at.after(LEASE);
        self.at_work.has(known.worker) || may_be_elsewhere
    }

    /// Remembers the reply; a 5xx, or one that set a cookie, is not remembered, so that the next one tries anew.
    async fn finish(&self, turn: Use, response: Response) -> Result<Response, Problem> {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.map_err(Problem::internal)?;
        let version = turn.version + 1;
        let settled = if parts.status.is_server_error() {
            // What it wrote may be there, or may yet come to be there, although the database did not say so: the next
            // one gets the same id, and finds it.
            self.uses
                .commit(Decision::without_event(Use { version, worker: Uuid::nil(), ..turn }))
                .await
                .map(drop)
        } else if parts.headers.contains_key(SET_COOKIE) {
            self.uses.remove(&turn).await
        } else {
            let headers = KEPT.iter().filter_map(|name| {
                let value = parts.headers.get(name)?.to_str().ok()?;
                Some((name.to_string(), value.to_owned()))
            });
            let reply = Reply {
                status: parts.status.as_u16(),
                headers: headers.collect(),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            self.uses
                .commit(Decision::without_event(Use { version, reply: Some(reply), ..turn }))
                .await
                .map(drop)
        };
        match settled {
            // Taken over by somebody who thought this one dead: that one's reply is remembered instead.
            Ok(()) | Err(CommitError::Conflict) => Ok(Response::from_parts(parts, Body::from(body))),
            Err(error) => Err(error.into()),
        }
    }

    /// The worker that removes expired keys.
    pub(crate) fn worker(&self) -> Worker {
        let (collection, clock) = (self.uses.clone(), self.context.clock.clone());
        Purge { collection, index: EXPIRES, retention: Duration::ZERO, clock }.worker()
    }
}

/// The layer around a service's routes. It stands behind the body's, so that the body is whole and bounded.
pub(crate) async fn honour(State(keys): State<Idempotency>, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(KEY).filter(|_| request.method() == Method::POST).cloned() else {
        return next.run(request).await;
    };
    match CurrentUser::of(&keys.context, request.headers()).await {
        Ok(Some(person)) => {
            once(&keys, person, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        Ok(None) => next.run(request).await,
        Err(away) => Problem::from(away).into_response(),
    }
}

async fn once(
    keys: &Idempotency,
    person: CurrentUser,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key.as_bytes();
    if key.is_empty() || key.len() > LONGEST || !key.iter().all(u8::is_ascii_graphic) {
        let fault = FieldError::new("Idempotency-Key", "must have 1 to 255 visible ASCII characters");
        return Err(Problem::not_valid(vec![fault]));
    }
    let id = place(person.id, request.uri().path(), key);
    let (mut parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(Problem::internal)?;
    match keys.turn(id, &fingerprint(&body)).await? {
        Turn::Replay(reply) => replay(reply),
        Turn::Work(turn, _seat) => {
            parts.extensions.insert(person);
            parts.extensions.insert(ReservedId(turn.reserved));
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            keys.finish(turn, response).await
        }
    }
}

fn replay(reply: Reply) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(reply.status).map_err(Problem::internal)?;
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    for (name, value) in reply.headers {
        let name: HeaderName = name.parse().map_err(Problem::internal)?;
        headers.insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn reused() -> Problem {
    Problem::conflict(
        "idempotency-key-reused",
        "This `Idempotency-Key` was used with another body; use a new key for a new request.",
    )
}
