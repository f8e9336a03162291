//! The samples of one scrape, in Prometheus's text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::collections::{BTreeMap, BTreeSet};

/// The samples of one scrape.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Sample>);

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The name of the metric.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

impl Samples {
    /// Parses the text. Lines that are no sample are ignored.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(Sample::parse).collect())
    }

    /// The samples of a metric.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.name == name)
    }

    /// The sum of a metric over all labels.
    pub fn sum(&self, name: &str) -> f64 {
        total(self.of(name))
    }

    /// The greatest sample of a metric; 0 without any.
    pub fn max(&self, name: &str) -> f64 {
        self.of(name).map(|sample| sample.value).fold(0.0, f64::max)
    }

    /// The sums of a metric by the values of a label.
    pub fn by(&self, name: &str, label: &str) -> BTreeMap<&str, f64> {
        let mut sums = BTreeMap::new();
        for sample in self.0.iter().filter(|sample| sample.name == name) {
            *sums.entry(sample.label(label)).or_default() += sample.value;
        }
        sums
    }

    /// The upper bound of the bucket that contains a quantile of a histogram, over all other labels. Returns `None` without
    /// observations; infinite above the last bucket.
    pub fn quantile(&self, histogram: &str, quantile: f64, label: (&str, &str)) -> Option<f64> {
        let name = format!("{histogram}_bucket");
        let buckets = self.of(&name).filter(|sample| label.0.is_empty() || sample.label(label.0) == label.1);
        let mut counts: Vec<(f64, f64)> = Vec::new();
        for bucket in buckets {
            let bound = bucket.label("le").parse().unwrap_or(f64::INFINITY);
            match counts.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
                Some((_, count)) => *count += bucket.value,
                None => counts.push((bound, bucket.value)),
            }
        }
        counts.sort_by(|one, other| one.0.total_cmp(&other.0));
        let total = counts.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        counts.into_iter().find(|(_, count)| *count >= total * quantile).map(|(bound, _)| bound)
    }

    /// Whether a metric, or a histogram, has a sample with all of these labels.
    pub fn has(&self, metric: &str, labels: &BTreeSet<String>) -> bool {
        let is_named =
            |name: &str| name == metric || name.strip_suffix("_count").is_some_and(|base| base == metric);
        let mut named = self.0.iter().filter(|sample| is_named(&sample.name));
        named.any(|sample| labels.iter().all(|label| sample.labels.contains_key(label)))
    }
}

impl Sample {
    /// The value of a label; empty if the sample does not have it.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    fn parse(line: &str) -> Option<Self> {
        let end = line.find(['{', ' '])?;
        let (name, mut rest) = line.split_at(end);
        let mut labels = BTreeMap::new();
        if let Some(mut inside) = rest.strip_prefix('{') {
            while let Some((label, behind)) = inside.split_once("=\"") {
                let (value, behind) = quoted(behind)?;
                labels.insert(label.trim_start_matches(',').to_owned(), value);
                inside = behind;
                if inside.starts_with('}') {
                    break;
                }
            }
            rest = inside.strip_prefix('}')?;
        }
        let value = rest.split_whitespace().next()?.parse().ok()?;
        Some(Self { name: name.to_owned(), labels, value })
    }
}

/// The text up to the closing quotation mark, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}

/// The sum of these samples. The sum of no floats would be shown as -0.
pub(super) fn total<'a>(samples: impl Iterator<Item = &'a Sample>) -> f64 {
    samples.fold(0.0, |total, sample| total + sample.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# TYPE http_requests_total counter
http_requests_total{method="GET",route="/api/tickets/{id}",text="a \"quoted\", \\ word"} 3
http_requests_total{method="POST",route="/api/tickets"} 4
live_holds 2
lag_seconds_bucket{le="0.1"} 90
lag_seconds_bucket{le="1"} 99
lag_seconds_bucket{le="+Inf"} 100
lag_seconds_count 100
"#;

    #[test]
    fn names_labels_and_values_are_parsed() {
        let samples = Samples::parse(TEXT);
        let first = samples.of("http_requests_total").next().expect("a sample");
        assert_eq!(
            (first.label("route"), first.label("text")),
            ("/api/tickets/{id}", r#"a "quoted", \ word"#)
        );
        assert!((samples.sum("http_requests_total") - 7.0).abs() < f64::EPSILON);
        assert!((samples.max("live_holds") - 2.0).abs() < f64::EPSILON);
        assert_eq!(
            samples.by("http_requests_total", "method").into_keys().collect::<Vec<_>>(),
            ["GET", "POST"]
        );
    }

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        let samples = Samples::parse(TEXT);
        assert_eq!(samples.quantile("lag_seconds", 0.5, ("", "")), Some(0.1));
        assert_eq!(samples.quantile("lag_seconds", 0.99, ("", "")), Some(1.0));
        assert_eq!(samples.quantile("lag_seconds", 1.0, ("", "")), Some(f64::INFINITY));
        assert_eq!(samples.quantile("other_seconds", 0.5, ("", "")), None);
    }

    #[test]
    fn a_histogram_is_found_by_its_base_name_and_labels() {
        let samples = Samples::parse(TEXT);
        let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert!(samples.has("lag_seconds", &labels(&[])));
        assert!(samples.has("http_requests_total", &labels(&["route", "method"])));
        assert!(!samples.has("http_requests_total", &labels(&["status"])));
        assert!(!samples.has("lag", &labels(&[])));
    }
}
