//! `POST /api/orders` on the orders service itself, without nginx, against the bare driver that inserts the same.

use loadgen::process::processor_time;

use super::driver::{CONNECTIONS, Driver, Operations};
use super::running::Running;
use crate::crowd::Crowd;
use crate::figures::{self, Goal, median, percentile};
use crate::program::{Failure, until_idle};

const ROUNDS: usize = 5;
/// Orders in a round, of each kind: what the bare driver inserts in half a second, within these bounds. A slow server
/// needs a minute for all that follows from so many.
const MIN_ORDERS: usize = 150;
const MAX_ORDERS: usize = 1_500;
const GOAL: Goal = Goal::AtLeast(0.6);
/// The consumers of an order's events.
const CONSUMERS: [&str; 3] = ["tickets", "expiration", "payments"];

/// The figures of all rounds.
#[derive(Default)]
struct Rounds {
    /// Orders a second while the consumers are stopped.
    alone: Vec<f64>,
    /// Orders a second with the rest of every purchase beside them.
    beside: Vec<f64>,
    /// The bare driver's inserts a second.
    inserts: Vec<f64>,
    /// Inserts a second with a read before each.
    reads: Vec<f64>,
    latencies: Vec<f64>,
    /// Processor time of the service per order, in milliseconds.
    costs: Vec<f64>,
    operations: Vec<Operations>,
}

pub(super) async fn measure(running: &mut Running, crowd: &Crowd, driver: &Driver) -> Result<(), Failure> {
    let buyers = crowd.seen_from(running.address("orders")?);
    let (mut rounds, mut warm_up) = (Rounds::default(), Rounds::default());
    let orders = in_half_a_second(driver.insert(MIN_ORDERS, CONNECTIONS, false).await?);
    for round in 0..=ROUNDS {
        let tickets = crowd.list(2 * orders).await?.replies;
        driver.until_idle().await?;
        let (alone, beside) = tickets.split_at(orders);
        // The first round is a warm-up.
        let rounds = if round > 0 { &mut rounds } else { &mut warm_up };
        running.pause(&CONSUMERS)?;
        rounds.alone(running, &buyers, driver, alone).await?;
        rounds.inserts.push(driver.insert(orders, CONNECTIONS, false).await?);
        rounds.reads.push(driver.insert(orders, CONNECTIONS, true).await?);
        running.resume(&CONSUMERS)?;
        driver.until_idle().await?;
        rounds.beside.push(buyers.order(beside, CONNECTIONS).await?.rate());
        driver.until_idle().await?;
    }
    rounds.report(orders);
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is small and positive")]
fn in_half_a_second(rate: f64) -> usize {
    ((rate / 2.0) as usize).clamp(MIN_ORDERS, MAX_ORDERS)
}

impl Rounds {
    async fn alone(
        &mut self,
        running: &mut Running,
        crowd: &Crowd,
        driver: &Driver,
        tickets: &[String],
    ) -> Result<(), Failure> {
        let service = running.id("orders")?;
        let (before, time) = (driver.operations().await?, processor_time(service)?);
        let sent = crowd.order(tickets, CONNECTIONS).await?;
        until_idle(service).await?;
        self.costs.push((processor_time(service)? - time) / count(tickets.len()));
        self.operations.push(driver.operations().await?.since(before, tickets.len()));
        self.alone.push(sent.rate());
        self.latencies.extend(sent.latencies);
        Ok(())
    }

    fn report(&self, orders: usize) {
        let [alone, beside, inserts, reads] =
            [&self.alone, &self.beside, &self.inserts, &self.reads].map(|rates| median(rates));
        figures::title(&format!(
            "cluster-orders: POST /api/orders of distinct tickets, {CONNECTIONS} connections, {ROUNDS} rounds of {orders}"
        ));
        figures::goal(
            alone / inserts,
            "",
            GOAL,
            "of the bare driver's inserts/s, while the consumers are stopped",
        );
        figures::figure(
            alone / reads,
            "",
            "of the bare inserts/s with a read before each, as the service reads the ticket",
        );
        figures::figure(
            beside / inserts,
            "",
            "of the bare inserts/s, with the rest of every purchase beside them",
        );
        figures::note(&format!(
            "orders {alone:.0}/s alone, {beside:.0}/s in purchases; bare {inserts:.0}/s, with reads {reads:.0}/s"
        ));
        let [half, late] = [50.0, 99.0].map(|percent| percentile(&self.latencies, percent));
        figures::note(&format!("alone, a reply takes {half:.1} ms (median), {late:.1} ms (p99),"));
        figures::note(&format!("and the service {:.2} ms of processor time", median(&self.costs)));
        let of =
            |figure: fn(&Operations) -> f64| median(&self.operations.iter().map(figure).collect::<Vec<_>>());
        figures::note(&format!(
            "the server counts, per order: {:.2} inserts, {:.2} queries, {:.2} updates (outboxes emptied, many at once)",
            of(|operations| operations.inserts),
            of(|operations| operations.queries),
            of(|operations| operations.updates)
        ));
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not that many")]
fn count(number: usize) -> f64 {
    number as f64
}
