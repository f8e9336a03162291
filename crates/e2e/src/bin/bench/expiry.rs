//! How late an unpaid ticket is on sale again, while many other holds are pending.

use std::path::Path;
use std::time::Duration;

use crate::crowd::{Crowd, Hold, json, time};
use crate::load::each;
use crate::memory::at_rest;
use crate::program::{Failure, Program};
use crate::report::{self, Goal};
use crate::stats::percentile;
use crate::watch::pause;
use crate::wire::{Reply, get};

/// Holds that run out while they are watched.
const SHORT: usize = 500;
/// They last so long.
const HOLD: &str = "3s";
const LONGEST: Duration = Duration::from_secs(5);
const GOAL: Goal = Goal::Below(50.0);

/// `data` has `pending` long holds, which keep their deadlines although new ones are short.
pub(crate) async fn measure(
    data: &Path,
    crowd: Crowd,
    tickets: &[String],
    pending: usize,
) -> Result<(), Failure> {
    let program = Program::start(data, &["--hold", HOLD])?;
    let crowd = crowd.at(program.address);
    at_rest(program.id()).await?;
    let (spread, rest) = tickets.split_at(SHORT);
    report::title(&format!(
        "expiry: from the deadline to the ticket `available` by the data's own times, with {pending} holds pending"
    ));
    // One after another, with a pause: the deadlines pass one by one.
    let mut holds = Vec::new();
    for some in spread.chunks(2) {
        holds.extend(crowd.hold(some, 1).await?);
        pause(Duration::from_millis(10)).await;
    }
    let lags = lags(&program, holds).await?;
    report::goal(percentile(&lags, 99.0), " ms", GOAL, &format!("p99 of {SHORT} holds, some 100 a second"));
    explain(&lags);
    let holds = crowd.hold(&rest[..SHORT], 64).await?;
    let lags = self::lags(&program, holds).await?;
    report::figure(percentile(&lags, 99.0), " ms", &format!("p99 of {SHORT} holds placed all at once"));
    explain(&lags);
    program.stop()
}

fn explain(lags: &[f64]) {
    let [half, late, last] = [50.0, 95.0, 100.0].map(|percent| percentile(lags, percent));
    report::note(&format!("{half:.0} ms median, {late:.0} ms p95, {last:.0} ms at most"));
}

/// Waits until all have run out, and looks how late each ticket was on sale again, in milliseconds.
async fn lags(program: &Program, holds: Vec<Hold>) -> Result<Vec<f64>, Failure> {
    pause(LONGEST).await;
    at_rest(program.id()).await?;
    let mut lags = Vec::new();
    for hold in holds {
        let request = vec![get(&format!("/api/tickets/{}", hold.ticket))];
        let released = each(program.address, 1, request, 200, released).await?.replies[0];
        #[expect(clippy::cast_precision_loss, reason = "a lag is short")]
        lags.push((released - hold.until) as f64);
    }
    Ok(lags)
}

/// When the ticket was put on sale again.
fn released(reply: &Reply<'_>) -> Option<i64> {
    let ticket = json(reply)?;
    (ticket["status"] == "available").then(|| time(&ticket["updatedAt"]))?
}
