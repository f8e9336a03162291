//! A build of the program under measurement, with its users and tickets.

use std::path::Path;

use loadgen::process::processor_time;

use crate::crowd::Crowd;
use crate::load::{Sent, each};
use crate::program::{Failure, Program, until_idle};
use crate::quick::operation::Operation;
use crate::wire::{get, header, post};

const BUYERS: usize = 40;
/// Listed before the first round, so that lists are full pages of an ordinary marketplace.
const TICKETS: usize = 1_000;

/// A round of one side.
#[derive(Debug)]
pub(crate) struct Round {
    /// Operations per second.
    pub(crate) rate: f64,
    /// Processor time of the server for each operation with all that follows from it, in milliseconds.
    pub(crate) processor_time: f64,
    /// The time of each operation, in milliseconds.
    pub(crate) latencies: Vec<f64>,
}

/// A running build.
pub(crate) struct Side {
    pub(crate) program: Program,
    pub(crate) crowd: Crowd,
    /// Tickets that are for sale.
    pub(crate) tickets: Vec<String>,
}

impl Side {
    /// Starts the program of a build on an empty folder.
    pub(crate) async fn start(path: &Path, data: &Path) -> Result<Self, Failure> {
        let program = Program::start_at(path, data, &[])?;
        let crowd = Crowd::sign_up(program.address, BUYERS).await?;
        let tickets = crowd.list(TICKETS).await?.replies;
        until_idle(program.id()).await?;
        Ok(Self { program, crowd, tickets })
    }

    /// Makes one round.
    #[expect(clippy::cast_precision_loss, reason = "a round is small")]
    pub(crate) async fn run(&mut self, operation: Operation) -> Result<Round, Failure> {
        let count = operation.count();
        let tickets = match operation {
            Operation::Order | Operation::Purchase => self.crowd.list(count).await?.replies,
            _ => Vec::new(),
        };
        until_idle(self.program.id()).await?;
        let before = processor_time(self.program.id())?;
        let (rate, latencies) = self.send(operation, &tickets).await?;
        until_idle(self.program.id()).await?;
        let used = processor_time(self.program.id())? - before;
        Ok(Round { rate, processor_time: used / count as f64, latencies })
    }

    async fn send(&self, operation: Operation, tickets: &[String]) -> Result<(f64, Vec<f64>), Failure> {
        let (count, connections) = (operation.count(), operation.concurrency());
        match operation {
            Operation::Browse | Operation::Show => {
                let requests = vec![get(&self.path(operation)); count];
                Ok(figures(each(self.program.address, connections, requests, 200, |_| Some(())).await?))
            }
            Operation::Sell => Ok(figures(self.crowd.list_over(count, connections).await?)),
            Operation::Order => Ok(figures(self.crowd.order(tickets, connections).await?)),
            Operation::Purchase => Ok(figures(self.purchases(tickets, connections).await?)),
            Operation::SignIn => {
                let request =
                    |number| post("/api/users/signin", "none=none", &Crowd::credentials(number % BUYERS));
                let requests = (0..count).map(request).collect();
                let signed_in = |reply: &crate::wire::Reply<'_>| header(reply.head, "set-cookie").map(drop);
                Ok(figures(each(self.program.address, connections, requests, 200, signed_in).await?))
            }
        }
    }

    /// The path of a read.
    pub(crate) fn path(&self, operation: Operation) -> String {
        match self.tickets.first() {
            Some(ticket) if operation == Operation::Show => format!("/api/tickets/{ticket}"),
            _ => "/api/tickets".to_owned(),
        }
    }

    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.program.stop()
    }
}

fn figures<T>(sent: Sent<T>) -> (f64, Vec<f64>) {
    (sent.rate(), sent.latencies)
}
