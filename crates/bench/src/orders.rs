//! `POST /api/orders` against bare durable commits of the same documents.

use loadgen::Stopwatch;
use loadgen::process::processor_time;

use crate::commits::{group, one_by_one};
use crate::crowd::Crowd;
use crate::figures::{self, Goal, median, percentile};
use crate::program::{Failure, Program, folder, until_idle};

const CONNECTIONS: usize = 64;
const BUYERS: usize = 40;
const ROUNDS: usize = 7;
/// Orders in a round.
const ORDERS: usize = 1_000;
const GOAL: Goal = Goal::AtLeast(0.5);

pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = folder()?;
    let program = Program::start(&folder.path().join("data"), &[])?;
    let crowd = Crowd::sign_up(program.address, BUYERS).await?;
    let tickets = crowd.list((ROUNDS + 1) * ORDERS).await?.replies;
    let (mut ours, mut naive, mut grouped) = (Vec::new(), Vec::new(), Vec::new());
    let (mut latencies, mut whole, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for (round, tickets) in tickets.chunks(ORDERS).enumerate() {
        until_idle(program.id()).await?;
        let (watch, before) = (Stopwatch::start(), processor_time(program.id())?);
        let sent = crowd.order(tickets, CONNECTIONS).await?;
        until_idle(program.id()).await?;
        let (saga, used) = (watch.elapsed(), processor_time(program.id())? - before);
        let here = folder.path().join(round.to_string());
        let (one, many) = (one_by_one(&here, ORDERS, CONNECTIONS)?, group(&here, ORDERS, CONNECTIONS).await?);
        // The first round is a warm-up.
        if round > 0 {
            ours.push(sent.rate());
            latencies.extend(sent.latencies);
            costs.push(used);
            whole.push(saga.as_secs_f64());
            naive.push(one);
            grouped.push(many);
        }
    }
    let (ours, naive, grouped) = (median(&ours), median(&naive), median(&grouped));
    figures::title(&format!(
        "orders: POST /api/orders of distinct tickets, {CONNECTIONS} connections, {ROUNDS} rounds of {ORDERS}"
    ));
    figures::goal(ours / naive, "", GOAL, "of the commits/s of SQLite, one durable transaction each");
    figures::goal(ours / grouped, "", GOAL, "of the commits/s of our own store, which groups them");
    figures::note(&format!("orders {ours:.0}/s, one by one {naive:.0}/s, grouped {grouped:.0}/s"));
    let [half, late] = [50.0, 99.0].map(|percent| percentile(&latencies, percent));
    figures::note(&format!("a reply takes {half:.1} ms (median), {late:.1} ms (p99)"));
    let cost = median(&costs);
    figures::note(&format!(
        "beside it runs the rest of the saga, which ends within {:.2} s of the",
        median(&whole)
    ));
    figures::note(&format!(
        "first order; the whole takes {cost:.0} ms of processor time per {ORDERS} orders"
    ));
    Ok(())
}
