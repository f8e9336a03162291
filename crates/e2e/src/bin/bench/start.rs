//! From the start of the process to the first answer.

use std::path::Path;

use crate::bare::Bare;
use crate::load::each;
use crate::program::{Failure, Program, folder};
use crate::report::{self, Goal};
use crate::stats::median;
use crate::watch::Watch;
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
        let watch = Watch::start();
        let server = Bare::start(&page)?;
        each(server.address, 1, vec![get("/api/tickets")], 200, |_| Some(())).await?;
        bare.push(watch.elapsed().as_secs_f64() * 1000.0);
    }
    let (first, again, bare) = (median(&first), median(&again), median(&bare));
    report::title(&format!("start: process start to the first 200 of GET /api/tickets, {ROUNDS} rounds"));
    report::goal(first, " ms", GOAL, "on an empty folder: makes and opens six databases");
    report::goal(again, " ms", GOAL, "on a folder that is there");
    report::figure(first / bare, "", &format!("times the start of the bare server ({bare:.1} ms)"));
    Ok(())
}

/// How long the program takes to answer, in milliseconds.
pub(crate) async fn program(data: &Path) -> Result<f64, Failure> {
    let watch = Watch::start();
    let program = Program::start(data, &[])?;
    each(program.address, 1, vec![get("/api/tickets")], 200, |_| Some(())).await?;
    let took = watch.elapsed();
    program.stop()?;
    Ok(took.as_secs_f64() * 1000.0)
}
