//! The limit of writes of one person: bounds what one account can add to databases and to the bus.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::Request;
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{Method, StatusCode};
use metrics::counter;

use super::{CurrentUser, HttpContext};
use crate::{Problem, SharedClock, UserId};

/// The number of checks between two removals of counters at rest. Each check adds at most one counter, so this bounds
/// them at about this number more than the people who write in one minute.
const CLEANUP_INTERVAL_CHECKS: u32 = 4096;

/// The counters of one replica. A person may write a minute's number at once; the quota refills evenly.
pub(super) struct WriteLimit {
    limiter: Option<Limiter>,
    checks: AtomicU32,
}

type Limiter = RateLimiter<UserId, HashMapStateStore<UserId>, InjectedClock, NoOpMiddleware<Nanos>>;

impl WriteLimit {
    /// At most `max` writes of one person in a minute; 0: no limit.
    pub(super) fn new(max: u32, clock: &SharedClock) -> Self {
        counter!("writes_refused_total").increment(0);
        let limiter = NonZeroU32::new(max).map(|max| {
            let clock = InjectedClock(Arc::clone(clock));
            RateLimiter::new(Quota::per_minute(max), HashMapStateStore::default(), clock)
        });
        Self { limiter, checks: AtomicU32::new(0) }
    }

    /// Counts a write of a signed-in user, whom the request then carries, so that the token is verified once.
    ///
    /// # Errors
    /// 429 with `Retry-After`, above the limit.
    pub(super) async fn check(&self, context: &HttpContext, request: &mut Request) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if !matches!(*request.method(), Method::POST | Method::PUT | Method::DELETE) {
            return Ok(());
        }
        // Without auth's keys every handler answers 503, which needs no count.
        let Ok(Some(user)) = CurrentUser::of(context, request.headers()).await else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % CLEANUP_INTERVAL_CHECKS
            == CLEANUP_INTERVAL_CHECKS - 1
        {
            limiter.retain_recent();
        }
        limiter.check_key(&user.id).map_err(|refused| {
            counter!("writes_refused_total").increment(1);
            too_many_writes(refused.wait_time_from(limiter.clock().now()))
        })?;
        request.extensions_mut().insert(user);
        Ok(())
    }
}

fn too_many_writes(delay: Duration) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many changes in a short time; retry after the delay in `Retry-After`.",
    )
    .retry_after(delay)
}

/// The clock of the process, for the limiter.
#[derive(Clone)]
struct InjectedClock(SharedClock);

impl GovernorClock for InjectedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let millis = u64::try_from(self.0.now().as_millis()).unwrap_or_default();
        Duration::from_millis(millis).into()
    }
}
