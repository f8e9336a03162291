//! `bench scaling`: a queueing simulation of an on-sale, for docs/SCALING.md. It shows which part saturates first and how long
//! people wait, for crowds and clusters that no bench machine has. Its service times are the processor times that
//! `bench --quick` measures.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::figures::percentile;
use crate::program::Failure;

/// The argument that starts the simulation.
pub(crate) const COMMAND: &str = "scaling";

/// The processor time of each operation in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Costs {
    browse: f64,
    show: f64,
    order: f64,
    purchase: f64,
    sign_in: f64,
}

impl Costs {
    /// The figures of docs/PERFORMANCE.md.
    const DOCUMENTED: Self = Self { browse: 0.05, show: 0.09, order: 0.9, purchase: 9.0, sign_in: 25.0 };

    /// The figures of a file that `bench --quick --json` has written.
    fn read(file: &str) -> Result<Self, Failure> {
        let report: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let results = report["results"].as_array().ok_or("the file contains no results of bench --quick")?;
        let cost = |name: &str| {
            let found = results.iter().find(|result| result["name"] == name);
            let cost = found.and_then(|result| result["cpuMsPerOperation"].as_f64());
            cost.ok_or_else(|| Failure::from(format!("the file contains no cpuMsPerOperation of `{name}`")))
        };
        Ok(Self {
            browse: cost("browse")?,
            show: cost("show")?,
            order: cost("order")?,
            purchase: cost("purchase")?,
            sign_in: cost("sign-in")?,
        })
    }
}

/// A first-come, first-served queue in front of equal servers.
struct Station {
    /// When each server is free.
    free: BinaryHeap<Reverse<u64>>,
    servers: u64,
    busy: u64,
}

impl Station {
    fn new(servers: usize) -> Self {
        Self { free: (0..servers).map(|_| Reverse(0)).collect(), servers: servers as u64, busy: 0 }
    }

    /// Serves someone who arrives at `now`, in microseconds. Returns when the service ends. Arrivals come in the order of time.
    fn serve(&mut self, now: u64, service: u64) -> u64 {
        let Reverse(free) = self.free.pop().unwrap_or(Reverse(0));
        let end = now.max(free) + service;
        self.free.push(Reverse(end));
        self.busy += service;
        end
    }

    /// The work of the station, as a share of what it can do in this period.
    fn load(&self, seconds: u64) -> f64 {
        as_f64(self.busy) / as_f64(self.servers * seconds * 1_000_000)
    }
}

/// An on-sale, and the machines that meet it.
#[derive(Debug, Clone, Copy)]
struct OnSale {
    people: u64,
    /// The time in which they arrive, in seconds.
    seconds: u64,
    tickets: u64,
    /// The cores for sign-ins, and for everything else.
    sign_in_cores: usize,
    cores: usize,
    /// The percentage of reads that a CDN answers.
    cdn: u32,
}

/// The percentage of people who have to sign in first.
const SIGNING_IN: u32 = 30;
/// Stripe's limit of a live account: calls in a second. A purchase makes three.
const STRIPE_CALLS: u64 = 100;
const CALLS_OF_A_PURCHASE: u64 = 3;
/// The seconds that a buyer takes to enter a card.
const CARD_SECONDS: Range<u64> = 10..60;
const SEED: u64 = 7;

/// The next step of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    SignIn,
    Read,
    Order,
    Pay,
    AtStripe,
}

/// The outcome of a simulation, in seconds.
struct Outcome {
    /// The waits from the arrival to the answer of the order.
    answered: Vec<f64>,
    /// When the last ticket was paid.
    sold_out: f64,
    /// The work for the sign-in cores, the others and Stripe's limit, as a share of what they can do while people arrive.
    loads: [f64; 3],
}

impl OnSale {
    fn simulate(self, costs: Costs) -> Outcome {
        let micros = |millis: f64| as_u64(millis * 1000.0);
        let (read, order) = (micros(costs.browse + costs.show), micros(costs.order));
        let (refusal, pay) = (micros(costs.show * 2.0), micros((costs.purchase - costs.order).max(0.0)));
        let at_stripe = CALLS_OF_A_PURCHASE * 1_000_000 / STRIPE_CALLS;
        let mut stations = [Station::new(self.sign_in_cores), Station::new(self.cores), Station::new(1)];
        let mut random = StdRng::seed_from_u64(SEED);
        // The next step of each person, in the order of time, with the time of the arrival.
        let mut agenda = BinaryHeap::new();
        for _ in 0..self.people {
            let at = random.random_range(0..self.seconds * 1_000_000);
            let signs_in = random.random_range(0..100) < SIGNING_IN;
            agenda.push(Reverse((at, if signs_in { Step::SignIn } else { Step::Read }, at)));
        }
        let (mut left, mut answered, mut sold_out) = (self.tickets, Vec::new(), 0);
        while let Some(Reverse((now, step, arrived))) = agenda.pop() {
            let [accounts, shop, stripe] = &mut stations;
            match step {
                Step::SignIn => {
                    agenda.push(Reverse((accounts.serve(now, micros(costs.sign_in)), Step::Read, arrived)));
                }
                Step::Read => {
                    let is_cached = random.random_range(0..100) < self.cdn;
                    let end = if is_cached { now } else { shop.serve(now, read) };
                    agenda.push(Reverse((end, Step::Order, arrived)));
                }
                Step::Order => {
                    let is_placed = left > 0;
                    left -= u64::from(is_placed);
                    let end = shop.serve(now, if is_placed { order } else { refusal });
                    answered.push(as_f64(end - arrived) / 1e6);
                    if is_placed {
                        let typing = random.random_range(CARD_SECONDS) * 1_000_000;
                        agenda.push(Reverse((end + typing, Step::Pay, arrived)));
                    }
                }
                Step::Pay => agenda.push(Reverse((shop.serve(now, pay), Step::AtStripe, arrived))),
                Step::AtStripe => sold_out = stripe.serve(now, at_stripe).max(sold_out),
            }
        }
        let loads = stations.map(|station| station.load(self.seconds));
        Outcome { answered, sold_out: as_f64(sold_out) / 1e6, loads }
    }
}

/// Prints the table of docs/SCALING.md.
pub(crate) fn simulate(arguments: &[String]) -> Result<(), Failure> {
    let costs = match arguments {
        [] => Costs::DOCUMENTED,
        [option, file] if option == "--costs" => Costs::read(file)?,
        _ => {
            return Err(
                "use `scaling`, or `scaling --costs FILE` with a file of `--quick --json FILE`".into()
            );
        }
    };
    println!(
        "| People in a minute | Tickets | Cores: sign-in + others | CDN | Answer p50, p99 | Sold out | Load: sign-in, others, Stripe |"
    );
    println!("|---|---|---|---|---|---|---|");
    let on_sale = |people, tickets, sign_in_cores, cores, cdn| OnSale {
        people,
        seconds: 60,
        tickets,
        sign_in_cores,
        cores,
        cdn,
    };
    for on_sale in [
        on_sale(10_000, 500, 1, 1, 0),
        on_sale(10_000, 500, 2, 2, 0),
        on_sale(100_000, 5_000, 2, 2, 0),
        on_sale(100_000, 5_000, 16, 2, 0),
        on_sale(1_000_000, 20_000, 16, 8, 0),
        on_sale(1_000_000, 20_000, 128, 8, 0),
        on_sale(1_000_000, 20_000, 160, 16, 0),
        on_sale(1_000_000, 20_000, 160, 16, 95),
    ] {
        let OnSale { people, tickets, sign_in_cores, cores, cdn, .. } = on_sale;
        let Outcome { answered, sold_out, loads } = on_sale.simulate(costs);
        let (p50, p99) = (percentile(&answered, 50.0), percentile(&answered, 99.0));
        let [accounts, shop, stripe] = loads.map(|share| format!("{:.0} %", share * 100.0));
        println!(
            "| {people} | {tickets} | {sign_in_cores} + {cores} | {cdn} % | {} {} | {} | {accounts}, {shop}, {stripe} |",
            readable(p50),
            readable(p99),
            readable(sold_out)
        );
    }
    Ok(())
}

fn readable(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.0} s") }
}

#[expect(clippy::cast_precision_loss, reason = "times of hours in microseconds are exact")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cost is small and positive")]
fn as_u64(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Poisson arrivals at one server with a constant service time wait ρ / (2 (1 - ρ)) services on average.
    #[test]
    fn a_queue_waits_as_queueing_theory_says() {
        for load in [0.5, 0.8, 0.9] {
            let (people, service) = (400_000, 1_000);
            let period = as_u64(as_f64(people * service) / load);
            let mut random = StdRng::seed_from_u64(SEED);
            let mut arrivals: Vec<u64> = (0..people).map(|_| random.random_range(0..period)).collect();
            arrivals.sort_unstable();
            let mut station = Station::new(1);
            let waits = arrivals.iter().map(|at| as_f64(station.serve(*at, service) - at - service));
            let wait = waits.sum::<f64>() / as_f64(people * service);
            let expected = load / (2.0 * (1.0 - load));
            assert!((wait / expected - 1.0).abs() < 0.1, "at {load}: {wait} instead of {expected}");
        }
    }

    #[test]
    fn every_ticket_is_sold_and_everyone_is_answered() {
        let on_sale = OnSale { people: 2_000, seconds: 1, tickets: 100, sign_in_cores: 4, cores: 4, cdn: 0 };
        let outcome = on_sale.simulate(Costs::DOCUMENTED);
        assert_eq!(outcome.answered.len(), 2_000);
        // The last buyer has taken nearly a minute.
        assert!((55.0..64.0).contains(&outcome.sold_out), "{}", outcome.sold_out);
        // 30 % of 2,000 sign-ins of 25 ms on four cores, and 300 calls in a second.
        let [sign_in, _, stripe] = outcome.loads;
        assert!((3.4..4.1).contains(&sign_in) && (2.99..3.01).contains(&stripe), "{:?}", outcome.loads);
    }

    #[test]
    fn a_file_without_the_figures_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), r#"{"results":[{"name":"browse","cpuMsPerOperation":1.0}]}"#)
            .expect("written");
        let error = Costs::read(&file.path().to_string_lossy()).expect_err("no figure of show");
        assert!(error.to_string().contains("`show`"), "{error}");
    }
}
