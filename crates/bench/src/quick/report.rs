//! The figures of all rounds: a table, and JSON.

use serde::Serialize;

use crate::figures::{self, median, percentile};
use crate::program::Failure;
use crate::quick::operation::Operation;
use crate::quick::side::Round;

/// The quantile of Student's t distribution for a confidence of 95 %, by degrees of freedom from 1 on.
const T_95: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/// The rounds of one operation.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    ours: Vec<Round>,
    baseline: Vec<Round>,
    bounds: Vec<f64>,
}

impl Rounds {
    pub(crate) fn add(&mut self, ours: Round, baseline: Option<Round>, bound: f64) {
        self.ours.push(ours);
        self.baseline.extend(baseline);
        self.bounds.push(bound);
    }

    /// Of each round of ours, that of the baseline beside it.
    fn compare(&self, figure: impl Fn(&Round) -> f64) -> Option<Ratio> {
        let logarithms: Vec<f64> = self
            .ours
            .iter()
            .zip(&self.baseline)
            .map(|(ours, baseline)| (figure(ours) / figure(baseline)).ln())
            .collect();
        Ratio::of(&logarithms)
    }
}

/// Ours divided by the baseline, with its confidence interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Ratio {
    mean: f64,
    low: f64,
    high: f64,
}

impl Ratio {
    /// The geometric mean of paired ratios, from their logarithms. Returns `None` for fewer than two.
    fn of(logarithms: &[f64]) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "there are a few rounds")]
        let count = logarithms.len() as f64;
        let quantile = T_95.get(logarithms.len().checked_sub(2)?).or(T_95.last())?;
        let mean = logarithms.iter().sum::<f64>() / count;
        let squares: f64 = logarithms.iter().map(|one| (one - mean).powi(2)).sum();
        let margin = quantile * (squares / (count - 1.0) / count).sqrt();
        Some(Self { mean: mean.exp(), low: (mean - margin).exp(), high: (mean + margin).exp() })
    }
}

/// The figures of one operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    name: &'static str,
    per_second: f64,
    limit_per_second: f64,
    ratio_to_limit: f64,
    cpu_ms_per_operation: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Of the rate of the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second_of_baseline: Option<Ratio>,
    /// Of the processor time of the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_of_baseline: Option<Ratio>,
    #[serde(skip)]
    bound: &'static str,
}

/// The figures of all operations.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    results: Vec<Figures>,
}

impl Report {
    pub(crate) fn add(&mut self, operation: Operation, rounds: &Rounds) {
        let of = |figure: fn(&Round) -> f64| median(&rounds.ours.iter().map(figure).collect::<Vec<_>>());
        let (rate, limit) = (of(|round| round.rate), median(&rounds.bounds));
        let latencies: Vec<f64> = rounds.ours.iter().flat_map(|round| &round.latencies).copied().collect();
        self.results.push(Figures {
            name: operation.name(),
            per_second: rate,
            limit_per_second: limit,
            ratio_to_limit: rate / limit,
            cpu_ms_per_operation: of(|round| round.processor_time),
            p50_ms: percentile(&latencies, 50.0),
            p99_ms: percentile(&latencies, 99.0),
            per_second_of_baseline: rounds.compare(|round| round.rate),
            cpu_of_baseline: rounds.compare(|round| round.processor_time),
            bound: operation.bound(),
        });
    }

    pub(crate) fn print(&self) {
        for one in &self.results {
            figures::figure(one.ratio_to_limit, "", &format!("{}, of {}", one.name, one.bound));
            figures::note(&format!(
                "{:.0} of {:.0} a second, {:.3} ms of processor time each, p50 {:.2} ms, p99 {:.2} ms",
                one.per_second, one.limit_per_second, one.cpu_ms_per_operation, one.p50_ms, one.p99_ms
            ));
            let ratios = [("rate", one.per_second_of_baseline), ("processor time", one.cpu_of_baseline)];
            for (what, ratio) in ratios {
                if let Some(Ratio { mean, low, high }) = ratio {
                    figures::note(&format!("{what}: {mean:.2} of the baseline's ({low:.2} to {high:.2})"));
                }
            }
        }
    }

    pub(crate) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_geometric_mean_with_an_interval_around_it() {
        let ratio = Ratio::of(&[2.0_f64.ln(), 8.0_f64.ln()]).expect("two rounds");
        assert!((ratio.mean - 4.0).abs() < 1e-9);
        assert!(ratio.low < 2.0 && ratio.high > 8.0, "two rounds say little");
        let same = Ratio::of(&[0.0; 6]).expect("six rounds");
        assert_eq!(same, Ratio { mean: 1.0, low: 1.0, high: 1.0 });
        assert_eq!(Ratio::of(&[0.0]), None);
    }

    #[test]
    fn the_figures_have_the_names_that_scripts_read() {
        let round = |rate| Round { rate, processor_time: 0.5, latencies: vec![1.0, 2.0, 3.0] };
        let (mut report, mut rounds) = (Report::default(), Rounds::default());
        rounds.add(round(50.0), None, 100.0);
        report.add(Operation::Order, &rounds);
        let json: serde_json::Value = serde_json::from_str(&report.json().expect("JSON")).expect("JSON");
        let expected = serde_json::json!({ "results": [{
            "name": "order", "perSecond": 50.0, "limitPerSecond": 100.0, "ratioToLimit": 0.5,
            "cpuMsPerOperation": 0.5, "p50Ms": 2.0, "p99Ms": 3.0
        }] });
        assert_eq!(json, expected);
    }
}
