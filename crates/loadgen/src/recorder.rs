//! The record of a run: latencies as histograms, outcomes by status and code, and figures over time.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;

/// The largest latency that histograms distinguish: past every timeout of a journey.
const MAX_LATENCY: Duration = Duration::from_mins(5);

/// Latencies in microseconds, exact to 0.1 %.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new_with_max(micros(MAX_LATENCY), 3);
        Self(histogram.expect("three digits of five minutes"))
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(micros(latency));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// In milliseconds.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        millis(self.0.value_at_percentile(percent))
    }

    /// In milliseconds.
    pub(crate) fn max(&self) -> f64 {
        millis(self.0.max())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "five minutes are few microseconds")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// An operation's record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) latencies: Latencies,
    /// Outcomes that no scenario expects.
    pub(crate) unexpected: u64,
}

/// The kind of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Outcome {
    /// The operation.
    pub operation: &'static str,
    /// The status; 0 without a reply.
    pub status: u16,
    /// The target's code of the problem; empty for a success.
    pub code: String,
    /// Whether the scenario expects the outcome.
    pub expected: bool,
}

/// The requests of an interval.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    pub(crate) arrivals: u32,
    pub(crate) unexpected: u32,
    pub(crate) latencies: Latencies,
}

/// The record of a run.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Requests, by operation.
    pub(crate) requests: BTreeMap<&'static str, Tally>,
    /// Journeys of several requests, by name.
    pub(crate) journeys: BTreeMap<&'static str, Tally>,
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
    /// How late the generator itself was.
    pub(crate) lateness: Latencies,
    interval: Interval,
}

/// A record that all arrivals share.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Record>);

impl Recorder {
    /// An arrival begins, so long after its intended time.
    pub(crate) fn arrival(&self, late: Duration) {
        let mut record = self.0.lock();
        record.lateness.record(late);
        record.interval.arrivals += 1;
    }

    /// A request ended.
    pub(crate) fn request(&self, latency: Duration, outcome: Outcome) {
        let mut record = self.0.lock();
        let tally = record.requests.entry(outcome.operation).or_default();
        tally.latencies.record(latency);
        tally.unexpected += u64::from(!outcome.expected);
        record.interval.latencies.record(latency);
        record.interval.unexpected += u32::from(!outcome.expected);
        *record.outcomes.entry(outcome).or_default() += 1;
    }

    /// A journey ended.
    pub(crate) fn journey(&self, name: &'static str, latency: Duration, succeeded: bool) {
        let mut record = self.0.lock();
        let tally = record.journeys.entry(name).or_default();
        tally.latencies.record(latency);
        tally.unexpected += u64::from(!succeeded);
    }

    /// Something else than a request had this outcome.
    pub(crate) fn count(&self, outcome: Outcome) {
        *self.0.lock().outcomes.entry(outcome).or_default() += 1;
    }

    /// The requests since the last call.
    pub(crate) fn take_interval(&self) -> Interval {
        mem::take(&mut self.0.lock().interval)
    }

    /// The whole record.
    pub(crate) fn take(&self) -> Record {
        mem::take(&mut self.0.lock())
    }
}
