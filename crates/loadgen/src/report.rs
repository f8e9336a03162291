//! The report of a run: JSON, and a table for the terminal.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::audit::Checks;
use crate::meter::Meter;
use crate::options::Options;
use crate::recorder::{Record, Tally};
use crate::timeline::Point;

/// Violations that the terminal shows; the files have all.
const MAX_SHOWN: usize = 20;

/// The report of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The address of the deployment.
    pub target: String,
    /// The JSON that it speaks.
    pub contract: String,
    /// What people did.
    pub scenario: String,
    /// How their arrivals were spread, and the seed.
    pub spread: String,
    /// The seed.
    pub seed: u64,
    /// Accounts.
    pub people: usize,
    /// The most requests in flight.
    pub connections: usize,
    /// People who arrived.
    pub arrivals: usize,
    /// From the first intended arrival to the last reply.
    pub seconds: f64,
    /// Requests.
    pub requests: u64,
    /// Replies a second.
    pub replies_per_second: f64,
    /// Requests with an unexpected outcome.
    pub unexpected: u64,
    /// How late the generator itself was for 99 % of the arrivals; the latencies include it.
    pub lateness_p99_ms: f64,
    /// Each operation, then each journey of several.
    pub operations: Vec<OperationFigures>,
    /// How often each outcome was seen.
    pub outcomes: Vec<OutcomeCount>,
    /// The target's use of the machine.
    pub server: ServerUsage,
    /// The result of the checks.
    pub checks: Checks,
    /// Figures over time.
    pub timeline: Vec<Point>,
}

/// The figures of an operation. Its latencies count from the intended time of the arrival.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationFigures {
    /// The name.
    pub name: &'static str,
    /// Whether it is a whole journey of several requests.
    pub is_journey: bool,
    /// How many.
    pub count: u64,
    /// Of these, with an unexpected outcome.
    pub unexpected: u64,
    /// How many a second.
    pub per_second: f64,
    /// The latency that half exceed.
    pub p50_ms: f64,
    /// The latency that 10 % exceed.
    pub p90_ms: f64,
    /// The latency that 1 % exceed.
    pub p99_ms: f64,
    /// The latency that 0.1 % exceed.
    pub p999_ms: f64,
    /// The largest latency.
    pub max_ms: f64,
}

/// An outcome of requests.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeCount {
    /// The operation.
    pub operation: &'static str,
    /// The status; 0 without a reply.
    pub status: u16,
    /// The code of the problem; empty for a success.
    pub code: String,
    /// Whether the scenario expects the outcome.
    pub expected: bool,
    /// How many.
    pub count: u64,
}

/// The target's use of the machine.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerUsage {
    /// The source of the figures, or why there are none.
    pub source: String,
    /// Processor time; absent if not measured.
    pub processor_seconds: Option<f64>,
    /// Processor time for each arrival; absent if not measured.
    pub processor_ms_per_arrival: Option<f64>,
    /// The largest resident memory of all points; absent if not measured.
    pub max_memory_mib: Option<f64>,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "the parts of a run")]
    #[expect(clippy::cast_precision_loss, reason = "no run counts that far")]
    pub(crate) fn new(
        options: &Options,
        people: usize,
        arrivals: usize,
        took: Duration,
        record: &Record,
        timeline: Vec<Point>,
        meter: &Meter,
        checks: Checks,
    ) -> Self {
        let seconds = took.as_secs_f64();
        let operations = record.requests.iter().map(|(name, tally)| figures(name, false, tally, seconds));
        let journeys = record.journeys.iter().map(|(name, tally)| figures(name, true, tally, seconds));
        let outcomes = record.outcomes.iter().map(|(outcome, count)| OutcomeCount {
            operation: outcome.operation,
            status: outcome.status,
            code: outcome.code.clone(),
            expected: outcome.expected,
            count: *count,
        });
        let requests = record.requests.values().map(|tally| tally.latencies.count()).sum();
        let processor_seconds = processor_seconds(&timeline);
        Self {
            target: options.target.clone(),
            contract: options.contract.to_string(),
            scenario: options.scenario.to_string(),
            spread: options.arrivals.to_string(),
            seed: options.seed,
            people,
            connections: options.connections,
            arrivals,
            seconds,
            requests,
            replies_per_second: requests as f64 / seconds,
            unexpected: record.requests.values().map(|tally| tally.unexpected).sum(),
            lateness_p99_ms: record.lateness.percentile(99.0),
            operations: operations.chain(journeys).collect(),
            outcomes: outcomes.collect(),
            server: ServerUsage {
                source: meter.source(),
                processor_seconds,
                processor_ms_per_arrival: processor_seconds
                    .map(|used| used * 1000.0 / arrivals.max(1) as f64),
                max_memory_mib: timeline.iter().filter_map(|point| point.memory_mib).reduce(f64::max),
            },
            checks,
            timeline,
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// Returns `None` unless every interval was measured.
fn processor_seconds(timeline: &[Point]) -> Option<f64> {
    let mut before = 0.0;
    timeline.iter().try_fold(0.0, |sum, point| {
        let seconds = point.at - before;
        before = point.at;
        Some(sum + point.processors? * seconds)
    })
}

#[expect(clippy::cast_precision_loss, reason = "no run counts that far")]
fn figures(name: &'static str, is_journey: bool, tally: &Tally, seconds: f64) -> OperationFigures {
    let latencies = &tally.latencies;
    OperationFigures {
        name,
        is_journey,
        count: latencies.count(),
        unexpected: tally.unexpected,
        per_second: latencies.count() as f64 / seconds,
        p50_ms: latencies.percentile(50.0),
        p90_ms: latencies.percentile(90.0),
        p99_ms: latencies.percentile(99.0),
        p999_ms: latencies.percentile(99.9),
        max_ms: latencies.max(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, target, arrivals, seconds, spread, seed, .. } = self;
        writeln!(
            f,
            "{scenario} at {target}: {arrivals} arrivals ({spread}, seed {seed}) in {seconds:.1} s\n"
        )?;
        writeln!(
            f,
            "{:<14}{:>8}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}",
            "operation", "count", "per s", "p50 ms", "p90", "p99", "p99.9", "max", "unexpected"
        )?;
        for one in &self.operations {
            let name = if one.is_journey { format!("= {}", one.name) } else { one.name.to_owned() };
            write!(f, "{name:<14}{:>8}{:>9.1}", one.count, one.per_second)?;
            for latency in [one.p50_ms, one.p90_ms, one.p99_ms, one.p999_ms, one.max_ms] {
                write!(f, "{latency:>10.2}")?;
            }
            writeln!(f, "{:>12}", one.unexpected)?;
        }
        writeln!(
            f,
            "\nLatencies count from the intended arrival; the generator's own part is {:.2} ms (p99).",
            self.lateness_p99_ms
        )?;
        for one in self.outcomes.iter().filter(|one| !one.code.is_empty() || !one.expected) {
            let word = if one.expected { "expected" } else { "UNEXPECTED" };
            writeln!(f, "  {word}: {} {} {} × {}", one.operation, one.status, one.code, one.count)?;
        }
        writeln!(f, "Server: {}", self.server)?;
        writeln!(f, "Checks: {}", self.checks)
    }
}

impl fmt::Display for ServerUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.source;
        match (self.processor_seconds, self.processor_ms_per_arrival, self.max_memory_mib) {
            (Some(seconds), Some(each), Some(memory)) => write!(
                f,
                "{seconds:.2} s of processor time ({each:.3} ms for each arrival), {memory:.0} MiB at most; {source}"
            ),
            _ => write!(f, "processor time and memory were not measured: {source}"),
        }
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} orders, {} complete", self.orders, self.complete)?;
        if self.unreadable > 0 {
            write!(f, ", {} could not be read at the end", self.unreadable)?;
        }
        if self.violations.is_empty() {
            return write!(f, "; no ticket had two buyers, every order its buyer and price");
        }
        write!(f, "; VIOLATED:")?;
        for violation in self.violations.iter().take(MAX_SHOWN) {
            write!(f, "\n  {violation}")?;
        }
        let more = self.violations.len().saturating_sub(MAX_SHOWN);
        if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) }
    }
}
