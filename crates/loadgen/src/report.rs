//! The report of a run.

use std::time::Duration;

use serde::Serialize;

use crate::audit::Checks;
use crate::options::Options;
use crate::recorder::{Outcome, Record, Tally};
use crate::timeline::Point;

/// The report of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The address of the deployment.
    pub target: String,
    /// The JSON that it speaks.
    pub contract: String,
    /// The purpose of the arrivals.
    pub scenario: String,
    /// The spread of their arrivals.
    pub spread: String,
    /// The seed.
    pub seed: u64,
    /// Accounts.
    pub people: usize,
    /// The most requests in flight.
    pub connections: usize,
    /// People who arrived.
    pub arrivals: u64,
    /// From the first intended arrival to the last reply.
    pub seconds: f64,
    /// Requests.
    pub requests: u64,
    /// Replies a second.
    pub replies_per_second: f64,
    /// Requests with an unexpected outcome.
    pub unexpected: u64,
    /// The delay of the generator itself that 1 % of the arrivals exceed; the latencies include it.
    pub lateness_p99_ms: f64,
    /// Each operation, then each journey of several.
    pub operations: Vec<OperationFigures>,
    /// The number of each outcome.
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

/// An outcome, and its number.
#[derive(Debug, Serialize)]
pub struct OutcomeCount {
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The number.
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
    #[expect(clippy::cast_precision_loss, reason = "no run counts that far")]
    pub(crate) fn new(
        options: &Options,
        people: usize,
        took: Duration,
        record: Record,
        timeline: Vec<Point>,
        source: String,
        checks: Checks,
    ) -> Self {
        let seconds = took.as_secs_f64();
        let operations = record.requests.iter().map(|(name, tally)| figures(name, false, tally, seconds));
        let journeys = record.journeys.iter().map(|(name, tally)| figures(name, true, tally, seconds));
        let outcomes = record.outcomes.into_iter().map(|(outcome, count)| OutcomeCount { outcome, count });
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
            arrivals: record.lateness.count(),
            seconds,
            requests,
            replies_per_second: requests as f64 / seconds,
            unexpected: record.requests.values().map(|tally| tally.unexpected).sum(),
            lateness_p99_ms: record.lateness.percentile(99.0),
            operations: operations.chain(journeys).collect(),
            outcomes: outcomes.collect(),
            server: ServerUsage {
                source,
                processor_seconds,
                processor_ms_per_arrival: processor_seconds
                    .map(|used| used * 1000.0 / record.lateness.count().max(1) as f64),
                max_memory_mib: timeline.iter().filter_map(|point| point.memory_mib).reduce(f64::max),
            },
            checks,
            timeline,
        }
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
