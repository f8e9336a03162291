//! The command line.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::contract::Contract;

/// Options of a run.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// The address of the deployment, such as `http://127.0.0.1:3000`.
    #[arg(long, value_name = "URL", value_parser = runtime::config::public_url)]
    pub target: String,

    /// The purpose of each arrival.
    #[arg(long, value_enum, default_value_t = Scenario::Mix)]
    pub scenario: Scenario,

    /// The JSON that the target speaks.
    #[arg(long, value_enum, default_value_t = Contract::Marketplace)]
    pub contract: Contract,

    /// Arrivals a second.
    #[arg(long, default_value_t = 50)]
    pub rate: u32,

    /// The time of the arrivals, such as `30s`. The run ends when all are served.
    #[arg(long, default_value = "30s", value_parser = runtime::config::duration)]
    pub duration: Duration,

    /// How arrivals are spread over the time.
    #[arg(long, value_enum, default_value_t = Spread::Poisson)]
    pub arrivals: Spread,

    /// The seed of the arrivals and of their choices.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Accounts; by default enough to stay below 120 writes of each in a minute.
    #[arg(long)]
    pub people: Option<usize>,

    /// Requests in flight; an arrival that waits for one of these connections waits in its latency.
    #[arg(long, default_value_t = 256)]
    pub connections: usize,

    /// Contention: the buyers that arrive at one ticket at once.
    #[arg(long, default_value_t = 50)]
    pub buyers: u32,

    /// On-sale: the people that arrive in the first second, instead of the rate and the duration.
    #[arg(long, default_value_t = 10_000)]
    pub crowd: u32,

    /// On-sale and mix: the tickets that are listed before.
    #[arg(long, default_value_t = 100)]
    pub tickets: usize,

    /// How long what follows from a payment may take, until the order is complete and the ticket sold.
    #[arg(long, default_value = "30s", value_parser = runtime::config::duration)]
    pub settle: Duration,

    /// A process of the target, whose processor time and memory are measured; may be repeated. By default the process
    /// that listens at a local target.
    #[arg(long, value_name = "PID")]
    pub pid: Vec<u32>,

    /// The metrics of a process of the target, for the same; may be repeated.
    #[arg(long, value_name = "URL", conflicts_with = "pid")]
    pub metrics: Vec<String>,

    /// Write the report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write the report to this file as a page with charts.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// The purpose of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Reads the first page of the tickets.
    Browse,
    /// Reads a ticket.
    Show,
    /// Searches tickets for a word.
    Search,
    /// Lists a ticket.
    Sell,
    /// Orders a ticket of their own, then cancels the order.
    Order,
    /// Orders the ticket that others order at the same moment.
    Contention,
    /// Lists a ticket, which another person orders and pays, until it is sold.
    Purchase,
    /// Signs in with a password.
    SignIn,
    /// All of these, in the proportions of an ordinary day.
    Mix,
    /// Arrives within one second for a few tickets: reads the list, orders one, and pays if the order is placed.
    OnSale,
}

/// How arrivals are spread over the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Spread {
    /// At random, as independent people arrive.
    Poisson,
    /// At equal distances.
    Even,
}

/// The name of a value on the command line.
fn name(value: &impl ValueEnum, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(value.to_possible_value().as_ref().map_or("", |value| value.get_name()))
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name(self, f)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name(self, f)
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name(self, f)
    }
}
