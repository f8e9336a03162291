//! The check of a session: what it adds to each request that needs one.

use std::sync::Arc;

use common::clock::SystemClock;
use common::http::{CurrentUser, HttpContext, Sessions};
use common::{Ids, SharedClock, SystemEntropy};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use loadgen::Stopwatch;
use runtime::{HttpOptions, RemoteKeys};

use crate::crowd::Crowd;
use crate::figures::{self, Goal, median, percentile};
use crate::program::{Failure, Program, folder, until_idle};

/// The number of checks.
const CHECKS: usize = 200_000;
/// The number of browsers, whose tokens are verified in turn.
const BROWSERS: usize = 50;
/// In microseconds, at the median.
const GOAL: Goal = Goal::Below(5.0);

/// Measures the check as each service makes it: with keys that it has fetched from auth.
pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = folder()?;
    let program = Program::start(&folder.path().join("data"), &[])?;
    let crowd = Crowd::sign_up(program.address, BROWSERS).await?;
    until_idle(program.id()).await?;
    let browsers: Vec<_> = crowd.buyers().iter().map(|cookie| headers(cookie)).collect::<Result<_, _>>()?;
    let context = context(&format!("http://{}/api/users/jwks.json", program.address));

    let first = checks(&context, &browsers, BROWSERS).await?;
    let all = checks(&context, &browsers, CHECKS).await?;
    figures::title(&format!("session: {CHECKS} checks of the sessions of {BROWSERS} browsers"));
    figures::goal(median(&all), " µs", GOAL, "added to a request, median");
    figures::figure(percentile(&all, 99.0), " µs", "p99");
    figures::figure(
        median(&first),
        " µs",
        "of a token that is new to the process: its signature is verified",
    );
    program.stop()
}

fn headers(cookie: &str) -> Result<HeaderMap, Failure> {
    let cookies = format!("theme=dark; {cookie}; language=en");
    Ok(HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookies)?)]))
}

fn context(keys: &str) -> HttpContext {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let keys = RemoteKeys::new(keys.to_owned(), Arc::clone(&clock));
    HttpOptions::default().context("bench", clock, ids, Sessions::new(Arc::new(keys)))
}

/// Checks the sessions in turn. Returns the time of each check, in microseconds.
async fn checks(context: &HttpContext, browsers: &[HeaderMap], count: usize) -> Result<Vec<f64>, Failure> {
    let mut times = Vec::with_capacity(count);
    for headers in browsers.iter().cycle().take(count) {
        let watch = Stopwatch::start();
        let user = CurrentUser::of(context, headers).await?;
        times.push(watch.millis() * 1000.0);
        if user.is_none() {
            return Err("a session was refused".into());
        }
    }
    Ok(times)
}
