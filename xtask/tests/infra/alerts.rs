//! Alerts look at metrics that exist, and say what to do.

use std::collections::BTreeSet;
use std::fs;

use ::pods::manifests::{Environment, root};
use serde_json::{Value, json};

use super::{environment, none, planted, sources};

/// What others measure, which alerts may look at: kube-state-metrics, the kubelet, cert-manager.
const OTHERS: [&str; 5] = [
    "certmanager_certificate_expiration_timestamp_seconds",
    "kube_cronjob_status_last_successful_time",
    "kube_deployment_status_replicas_available",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
];

fn alerts(environment: &Environment) -> Vec<Value> {
    let rules = environment.find("PrometheusRule", "marketplace").expect("alerts");
    rules
        .list("/spec/groups")
        .iter()
        .flat_map(|group| group["rules"].as_array().into_iter().flatten())
        .cloned()
        .collect()
}

/// The labels with an underscore that we group by.
const LABELS: [&str; 1] = ["service_name"];

/// The names in an expression that are metrics: with an underscore, no function, no label.
fn metrics(expression: &str) -> BTreeSet<String> {
    // What stands in braces is labels and their values.
    let parts = expression.split('}').map(|part| part.split('{').next().unwrap_or_default());
    let bare = parts.collect::<Vec<_>>().join(" ").replace('(', " ( ");
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '(';
    let words: Vec<_> = bare.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect();
    let is_function = |place: usize| words.get(place + 1) == Some(&"(");
    let named = words
        .iter()
        .enumerate()
        .filter(|(place, word)| word.contains('_') && !is_function(*place) && !LABELS.contains(word));
    named.map(|(_, word)| (*word).to_owned()).collect()
}

fn wrong(environment: &Environment) -> Vec<String> {
    let sources = sources();
    let runbook = fs::read_to_string(root().join("docs/RUNBOOK.md")).unwrap_or_default();
    let anchors: BTreeSet<_> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let mut breaches = Vec::new();
    for alert in alerts(environment) {
        let name = alert["alert"].as_str().unwrap_or_default();
        let metrics = metrics(alert["expr"].as_str().unwrap_or_default());
        if metrics.is_empty() {
            breaches.push(format!("{name} looks at nothing"));
        }
        for metric in metrics.iter().filter(|metric| !OTHERS.contains(&metric.as_str())) {
            let base = ["_bucket", "_count", "_sum"]
                .iter()
                .find_map(|ending| metric.strip_suffix(ending))
                .unwrap_or(metric);
            if !sources.contains(&format!("\"{base}\"")) {
                breaches.push(format!("{name} looks at {metric}, which nobody measures"));
            }
        }
        if !["critical", "warning"].iter().any(|severity| alert["labels"]["severity"] == **severity) {
            breaches.push(format!("{name} has no severity"));
        }
        if alert["annotations"]["summary"].as_str().is_none_or(str::is_empty) {
            breaches.push(format!("{name} does not say what is wrong"));
        }
        let expected = format!("docs/RUNBOOK.md#{}", name.to_lowercase());
        if alert["annotations"]["runbook_url"] != *expected {
            breaches.push(format!("{name} does not lead to {expected}"));
        }
        if !runbook.is_empty() && !anchors.contains(&name.to_lowercase()) {
            breaches.push(format!("docs/RUNBOOK.md has no heading {name}"));
        }
    }
    breaches
}

/// As GitHub makes an anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

#[test]
fn alerts_look_at_what_is_measured_and_lead_to_the_runbook() {
    let production = environment("production");
    assert!(alerts(&production).len() > 10);
    none(&wrong(&production));
}

#[test]
fn a_breach_is_found() {
    const RULES: (&str, &str) = ("PrometheusRule", "marketplace");
    let first = |place: &str| format!("/spec/groups/0/rules/0{place}");
    planted(
        wrong,
        RULES,
        &first("/expr"),
        json!("rate(broken_promise_total[1h]) > 0"),
        "broken_promise_total",
    );
    planted(wrong, RULES, &first("/expr"), json!("vector(1)"), "looks at nothing");
    planted(wrong, RULES, &first("/labels"), json!({}), "severity");
    planted(wrong, RULES, &first("/annotations/runbook_url"), json!("docs/RUNBOOK.md"), "does not lead");
}

#[test]
fn metrics_are_told_from_functions_and_labels() {
    let expression = "histogram_quantile(0.99, sum by (service_name, le) (rate(http_request_seconds_bucket{status=~\"5_\"}[5m]))) > 1";
    assert_eq!(metrics(expression), BTreeSet::from(["http_request_seconds_bucket".to_owned()]));
}
