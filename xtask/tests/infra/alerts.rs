//! Alerts look at metrics that exist, and say what to do.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;

use promql_parser::parser::Expr;
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::{Value, json};
use xtask::manifests::{Environment, root};

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

/// The metrics in an expression.
fn metrics(expression: &str) -> Result<BTreeSet<String>, String> {
    struct Names(BTreeSet<String>);
    impl ExprVisitor for Names {
        type Error = Infallible;
        fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
            if let Expr::VectorSelector(selector) = expression {
                self.0.extend(selector.name.clone());
            }
            if let Expr::MatrixSelector(selector) = expression {
                self.0.extend(selector.vs.name.clone());
            }
            Ok(true)
        }
    }
    let parsed = promql_parser::parser::parse(expression)?;
    let mut names = Names(BTreeSet::new());
    walk_expr(&mut names, &parsed).map_err(|never| never.to_string())?;
    Ok(names.0)
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
        let metrics = metrics(alert["expr"].as_str().unwrap_or_default()).unwrap_or_else(|words| {
            breaches.push(format!("{name} is no PromQL: {words}"));
            BTreeSet::new()
        });
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
    planted(wrong, RULES, &first("/expr"), json!("sum(bus_connected"), "no PromQL");
    planted(wrong, RULES, &first("/labels"), json!({}), "severity");
    planted(wrong, RULES, &first("/annotations/runbook_url"), json!("docs/RUNBOOK.md"), "does not lead");
}

#[test]
fn metrics_are_told_from_functions_and_labels() {
    let expression = "histogram_quantile(0.99, sum by (service_name, le) (rate(http_request_seconds_bucket{status=~\"5_\"}[5m]))) > 1";
    assert_eq!(metrics(expression), Ok(BTreeSet::from(["http_request_seconds_bucket".to_owned()])));
}
