//! The metrics and labels that alerts and dashboards name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::manifests::{parse, root};

/// Labels that Prometheus adds while scraping, and that of the buckets of a histogram.
const SCRAPED_LABELS: [&str; 5] = ["service_name", "pod", "job", "namespace", "le"];

/// Words of `PromQL` that are neither metrics nor labels, beside functions, which an opening parenthesis follows.
const KEYWORDS: [&str; 16] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "or",
    "and",
    "unless",
    "offset",
    "bool",
    "sum",
    "max",
    "min",
    "avg",
    "count",
];

/// An expression, and the alert or panel that it belongs to.
#[derive(Debug, Clone)]
pub struct Expression {
    /// The alert, or the dashboard and its panel.
    pub owner: String,
    /// The expression in `PromQL`.
    pub text: String,
    /// The labels that the text of the alert or the legend of the panel shows.
    pub shown: BTreeSet<String>,
}

/// Every expression of the component `monitoring`.
///
/// # Panics
/// A file cannot be read.
pub fn expressions() -> Vec<Expression> {
    let folder = root().join("infra/k8s/components/monitoring/objects");
    let rules = parse(&read(&folder.join("alerts.yaml"))).expect("valid YAML");
    let rules = rules.iter().flat_map(|object| object.list("/spec/groups"));
    let mut found: Vec<_> = rules
        .flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default())
        .map(|rule| Expression::alert(&rule))
        .collect();
    for file in fs::read_dir(folder.join("dashboards")).expect("the dashboards").filter_map(Result::ok) {
        found.extend(panels(&serde_json::from_str(&read(&file.path())).expect("valid JSON")));
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn panels(dashboard: &Value) -> Vec<Expression> {
    let of_panel = |panel: &Value| {
        let owner = format!("{}, {}", text(&dashboard["title"]), text(&panel["title"]));
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| {
            let shown = target["legendFormat"].as_str().unwrap_or_default().split("{{").skip(1);
            let shown = shown.filter_map(|rest| rest.split("}}").next()).map(str::to_owned).collect();
            Expression { owner: owner.clone(), text: text(&target["expr"]), shown }
        })
    };
    dashboard["panels"].as_array().into_iter().flatten().flat_map(of_panel).collect()
}

impl Expression {
    /// The expression of a rule.
    pub fn alert(rule: &Value) -> Self {
        let shown = rule["annotations"]["summary"].as_str().unwrap_or_default().split("{{ $labels.").skip(1);
        let shown = shown.filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect();
        Self { owner: text(&rule["alert"]), text: text(&rule["expr"]), shown }
    }

    /// The metrics, without the endings of a histogram, and the labels that the expression expects of each: those that it
    /// selects by, and those that it groups by.
    pub fn metrics(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut metrics = BTreeMap::<String, BTreeSet<String>>::new();
        let mut grouped = self.shown.clone();
        for (metric, labels) in selectors(&self.text, &mut grouped) {
            metrics.entry(metric).or_default().extend(labels);
        }
        for labels in metrics.values_mut() {
            labels.extend(grouped.iter().cloned());
            labels.retain(|label| !SCRAPED_LABELS.contains(&label.as_str()));
        }
        metrics
    }
}

/// Each selected metric with the labels between its braces. Collects the labels of `by`, `on` and `ignoring`.
fn selectors(expression: &str, grouped: &mut BTreeSet<String>) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::<(String, BTreeSet<String>)>::new();
    let (mut rest, mut is_grouping) = (expression, false);
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphabetic() {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            let is_function = behind.trim_start().starts_with('(');
            if KEYWORDS.contains(&word) {
                is_grouping = matches!(word, "by" | "on" | "ignoring");
            } else if is_grouping {
                grouped.insert(word.to_owned());
            } else if !is_function {
                found.push((base(word).to_owned(), BTreeSet::new()));
            }
            rest = behind;
            continue;
        }
        match first {
            '{' => {
                let (matchers, behind) = rest[1..].split_once('}').unwrap_or((&rest[1..], ""));
                let names = matchers.split(',').filter_map(|matcher| matcher.split(['=', '!']).next());
                if let Some((_, labels)) = found.last_mut() {
                    labels.extend(names.map(|name| name.trim().to_owned()));
                }
                rest = behind;
            }
            '[' => rest = rest.split_once(']').map_or("", |(_, behind)| behind),
            // A number with its unit.
            '0'..='9' => rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.'),
            _ => {
                is_grouping &= first != ')';
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    found
}

/// The name of a histogram without its ending.
fn base(metric: &str) -> &str {
    ["_bucket", "_count", "_sum"].iter().find_map(|ending| metric.strip_suffix(ending)).unwrap_or(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_distinguished_from_functions_and_labels() {
        let text = "histogram_quantile(0.99, sum by (service_name, route, le) (rate(a_duration_seconds_bucket{status=~\"5..\"}[5m]))) \
            / ignoring (outcome) group_left sum(dead_letters) > 1 or vector(0)";
        let expression = Expression { owner: String::new(), text: text.to_owned(), shown: BTreeSet::new() };
        let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let expected = BTreeMap::from([
            ("a_duration_seconds".to_owned(), labels(&["outcome", "route", "status"])),
            ("dead_letters".to_owned(), labels(&["outcome", "route"])),
        ]);
        assert_eq!(expression.metrics(), expected);
    }

    #[test]
    fn alerts_and_dashboards_are_found() {
        let found = expressions();
        for owner in ["InvariantViolation", "Ticketing: Purchases, Live holds"] {
            assert!(found.iter().any(|expression| expression.owner == owner), "{owner}");
        }
    }
}
