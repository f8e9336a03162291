//! Figures over time.

use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::{Stopwatch, pause};
use crate::meter::{Meter, Usage};
use crate::options::Options;
use crate::recorder::Recorder;

/// Points of a chart.
const POINTS: u32 = 40;
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// The figures of an interval.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// The end of the interval, in seconds since the start.
    pub at: f64,
    /// Arrivals a second.
    pub arrivals: f64,
    /// Replies a second.
    pub replies: f64,
    /// Unexpected outcomes a second.
    pub unexpected: f64,
    /// The median latency of the replies, in milliseconds.
    pub p50_ms: f64,
    /// The latency that 1 % of the replies exceed, in milliseconds.
    pub p99_ms: f64,
    /// Processors in use; absent if not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processors: Option<f64>,
    /// Resident memory; absent if not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<f64>,
}

/// Takes a point at each interval. Once stopped, ends with the interval: a part of one has no rate.
pub(crate) async fn take(
    options: &Options,
    recorder: &Recorder,
    meter: &Meter,
    stop: CancellationToken,
) -> Vec<Point> {
    let interval = (options.duration / POINTS).max(MIN_INTERVAL);
    let (start, mut points, mut before) = (Stopwatch::start(), Vec::new(), meter.read().await);
    let mut last = 0.0;
    while !stop.is_cancelled() {
        pause(interval).await;
        let usage = meter.read().await;
        let at = start.elapsed().as_secs_f64();
        points.push(point(recorder, at, at - last, before.zip(usage)));
        (before, last) = (usage, at);
    }
    points
}

#[expect(clippy::cast_precision_loss, reason = "an interval has few requests")]
fn point(recorder: &Recorder, at: f64, seconds: f64, usage: Option<(Usage, Usage)>) -> Point {
    let interval = recorder.take_interval();
    Point {
        at,
        arrivals: f64::from(interval.arrivals) / seconds,
        replies: interval.latencies.count() as f64 / seconds,
        unexpected: f64::from(interval.unexpected) / seconds,
        p50_ms: interval.latencies.percentile(50.0),
        p99_ms: interval.latencies.percentile(99.0),
        processors: usage.map(|(before, now)| (now.processor_time - before.processor_time) / seconds),
        memory_mib: usage.map(|(_, now)| now.memory),
    }
}
