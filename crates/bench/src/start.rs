//! From the start of the process to its first reply.

use std::path::Path;

use loadgen::Stopwatch;

use crate::bare::BareServer;
use crate::figures::{self, Goal, median};
use crate::load::each;
use crate::program::{Failure, Program, folder};
use crate::wire::get;

const ROUNDS: usize = 9;
const GOAL: Goal = Goal::Below(300.0);

pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = folder()?;
    let page = folder.path().join("page.json");
    std::fs::write(&page, r#"{"items":[],"next":null}"#)?;
    let (mut first, mut again, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let data = folder.path().join(round.to_string());
        first.push(program(&data).await?);
        again.push(program(&data).await?);
        let watch = Stopwatch::start();
        let server = BareServer::start(&page)?;
        each(server.address, 1, vec![get("/api/tickets")], 200, |_| Some(())).await?;
        bare.push(watch.millis());
    }
    let (first, again, bare) = (median(&first), median(&again), median(&bare));
    figures::title(&format!("start: process start to the first 200 of GET /api/tickets, {ROUNDS} rounds"));
    figures::goal(first, " ms", GOAL, "on an empty folder: makes and opens six databases");
    figures::goal(again, " ms", GOAL, "on an existing folder");
    figures::figure(first / bare, "", &format!("times the start of the bare server ({bare:.1} ms)"));
    Ok(())
}

/// The time from the start of the program to its first reply, in milliseconds.
pub(crate) async fn program(data: &Path) -> Result<f64, Failure> {
    let watch = Stopwatch::start();
    let program = Program::start(data, &[])?;
    each(program.address, 1, vec![get("/api/tickets")], 200, |_| Some(())).await?;
    let took = watch.millis();
    program.stop()?;
    Ok(took)
}
