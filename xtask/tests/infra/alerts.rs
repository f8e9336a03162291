//! Rules for alerts: their metrics exist, and the runbook has a section for each; and for the maps of dashboards.

use std::collections::BTreeSet;
use std::fs;

use ::pods::manifests::{Environment, root};
use ::pods::monitoring::Expression;
use serde_json::{Value, json};

use super::{assert_none, assert_violation, environment, sources};

/// Metrics of kube-state-metrics, the kubelet and cert-manager.
const EXTERNAL_METRICS: [&str; 6] = [
    "certmanager_certificate_expiration_timestamp_seconds",
    "kube_cronjob_created",
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

fn violations(environment: &Environment) -> Vec<String> {
    let sources = sources("crates");
    let runbook = fs::read_to_string(root().join("docs/RUNBOOK.md")).unwrap_or_default();
    let anchors: BTreeSet<_> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let mut violations = Vec::new();
    for alert in alerts(environment) {
        let name = alert["alert"].as_str().unwrap_or_default();
        let metrics = Expression::alert(&alert).metrics();
        if metrics.is_empty() {
            violations.push(format!("{name} uses no metric"));
        }
        for metric in metrics.keys().filter(|metric| !EXTERNAL_METRICS.contains(&metric.as_str())) {
            if !sources.contains(&format!("\"{metric}\"")) {
                violations.push(format!("{name} uses {metric}, which does not exist"));
            }
        }
        if !["critical", "warning"].iter().any(|severity| alert["labels"]["severity"] == **severity) {
            violations.push(format!("{name} has no severity"));
        }
        if alert["annotations"]["summary"].as_str().is_none_or(str::is_empty) {
            violations.push(format!("{name} has no summary"));
        }
        let expected = format!("docs/RUNBOOK.md#{}", name.to_lowercase());
        if alert["annotations"]["runbook_url"] != *expected {
            violations.push(format!("the runbook of {name} is not {expected}"));
        }
        if !runbook.is_empty() && !anchors.contains(&name.to_lowercase()) {
            violations.push(format!("docs/RUNBOOK.md has no heading {name}"));
        }
    }
    violations
}

/// GitHub's anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

#[test]
fn alerts_use_existing_metrics_and_link_to_the_runbook() {
    let production = environment("production");
    assert!(alerts(&production).len() > 10);
    assert_none(&violations(&production));
}

#[test]
fn a_violation_is_found() {
    const RULES: (&str, &str) = ("PrometheusRule", "marketplace");
    let first = |pointer: &str| format!("/spec/groups/0/rules/0{pointer}");
    assert_violation(
        violations,
        RULES,
        &first("/expr"),
        json!("rate(invariant_violation_total[1h]) > 0"),
        "invariant_violation_total",
    );
    assert_violation(violations, RULES, &first("/expr"), json!("vector(1)"), "uses no metric");
    assert_violation(violations, RULES, &first("/labels"), json!({}), "severity");
    assert_violation(
        violations,
        RULES,
        &first("/annotations/runbook_url"),
        json!("docs/RUNBOOK.md"),
        "the runbook of",
    );
}

#[test]
fn every_dashboard_is_in_a_map_that_grafana_finds() {
    let production = environment("production");
    let map = production.find("ConfigMap", "dashboards").expect("the map of the dashboards");
    assert_eq!(map.text("/metadata/labels/grafana_dashboard"), "1");
    let folder = root().join("infra/k8s/components/monitoring/objects/dashboards");
    let files: BTreeSet<_> = fs::read_dir(folder)
        .expect("the dashboards")
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .collect();
    let mapped: BTreeSet<_> = map.0["data"].as_object().expect("files").keys().cloned().collect();
    assert!(files.len() >= 6);
    assert_eq!(mapped, files);
}
