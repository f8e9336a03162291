//! `GET /api/tickets` against a bare handler that returns the same bytes.

use std::net::SocketAddr;
use std::time::Duration;

use loadgen::process::processor_time;

use crate::bare::BareServer;
use crate::crowd::Crowd;
use crate::figures::{self, Goal, median};
use crate::load::{each, repeat};
use crate::program::{Failure, Program, folder, until_idle};
use crate::wire::get;

const TICKETS: usize = 1_000;
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 30;
/// Short, so that other work on the machine spoils rounds of both alike.
const ROUND_PERIOD: Duration = Duration::from_millis(300);
const GOAL: Goal = Goal::AtLeast(0.6);

/// The figures of one server.
#[derive(Default)]
struct Figures {
    /// Requests per second.
    rates: Vec<f64>,
    /// Processor time of the server per request, in microseconds: hardly moved by other work on the machine.
    costs: Vec<f64>,
}

pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = folder()?;
    let program = Program::start(&folder.path().join("data"), &[])?;
    Crowd::sign_up(program.address, 1).await?.list(TICKETS).await?;
    until_idle(program.id()).await?;
    let page =
        each(program.address, 1, vec![get("/api/tickets")], 200, |reply| Some(reply.body.to_vec())).await?;
    let (file, bytes) = (folder.path().join("page.json"), &page.replies[0]);
    std::fs::write(&file, bytes)?;
    let bare = BareServer::start(&file)?;

    let (mut ours, mut theirs) = (Figures::default(), Figures::default());
    for round in 0..=ROUNDS {
        // The first round is a warm-up.
        ours.round(program.address, program.id(), round > 0).await?;
        theirs.round(bare.address, bare.id(), round > 0).await?;
    }
    figures::title(&format!(
        "tickets: GET /api/tickets, 20 of {TICKETS} tickets ({} bytes), {CONNECTIONS} connections, {ROUNDS} rounds",
        bytes.len()
    ));
    figures::goal(
        median(&ours.rates) / median(&theirs.rates),
        "",
        GOAL,
        "of the requests/s of a bare axum handler",
    );
    figures::figure(
        median(&theirs.costs) / median(&ours.costs),
        "",
        "of its requests per second of processor time",
    );
    figures::note(&format!("marketplace: {ours}"));
    figures::note(&format!("bare axum:   {theirs}"));
    Ok(())
}

impl Figures {
    async fn round(&mut self, address: SocketAddr, process: u32, counts: bool) -> Result<(), Failure> {
        let before = processor_time(process)?;
        let rate = repeat(address, CONNECTIONS, &get("/api/tickets"), ROUND_PERIOD).await?;
        let used = processor_time(process)? - before;
        if counts {
            self.rates.push(rate);
            self.costs.push(used * 1000.0 / (rate * ROUND_PERIOD.as_secs_f64()));
        }
        Ok(())
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.0} requests/s, {:.1} µs of processor time each",
            median(&self.rates),
            median(&self.costs)
        )
    }
}
