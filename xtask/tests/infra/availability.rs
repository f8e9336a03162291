//! Rules for availability while nodes are drained and releases are rolled out.

use std::collections::BTreeMap;

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};
use servers::cluster::SERVICES;

use super::{assert_everywhere, assert_none, assert_violation, environments, sources};

fn long_running(environment: &Environment) -> impl Iterator<Item = &Object> {
    environment.objects.iter().filter(|object| ["Deployment", "StatefulSet"].contains(&object.kind()))
}

fn is_service(object: &Object) -> bool {
    object.kind() == "Deployment" && SERVICES.iter().any(|service| service.name == object.name())
}

/// Whether a selector's `matchLabels` match these labels.
fn selects(selector: &Value, labels: &BTreeMap<&str, &str>) -> bool {
    let wanted = selector["matchLabels"].as_object();
    wanted.is_some_and(|wanted| {
        let fits = |(key, value): (&String, &Value)| labels.get(key.as_str()).copied() == value.as_str();
        !wanted.is_empty() && wanted.iter().all(fits)
    })
}

/// Every `Deployment` and `StatefulSet` has a budget that allows draining a node.
fn budgeted(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for object in long_running(environment) {
        let labels = object.pod_labels();
        let own = |budget: &&Object| selects(budget.at("/spec/selector"), &labels);
        let budgets: Vec<_> = environment.of_kind("PodDisruptionBudget").filter(own).collect();
        let allows_drain =
            |budget: &&&Object| budget.at("/spec/maxUnavailable").as_u64().is_some_and(|many| many > 0);
        if budgets.len() != 1 || budgets.iter().filter(allows_drain).count() != 1 {
            violations.push(format!("{object} needs one PodDisruptionBudget with maxUnavailable"));
        }
    }
    violations
}

/// Selectors match the object's own pods only.
fn own_pods(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for object in long_running(environment) {
        let selected = long_running(environment)
            .filter(|other| selects(object.at("/spec/selector"), &other.pod_labels()));
        if selected.map(Object::name).ne([object.name()]) {
            violations.push(format!("{object} selects the pods of others, or not its own"));
        }
    }
    violations
}

/// The longest graceful stop of a service in seconds, from its own constants.
fn max_stop_seconds() -> u64 {
    let constant = |folder: &str, name: &str| {
        let sources = sources(folder);
        let after = sources.split(&format!("const {name}: Duration = Duration::from_secs(")).nth(1);
        let number = after.and_then(|after| after.split(')').next()?.parse::<u64>().ok());
        number.unwrap_or_else(|| panic!("{folder} has no constant {name} in seconds"))
    };
    let stop = |name| constant("crates/runtime/src", name);
    // Requests, then work, the relay and the bus, then the admin address, then the last traces.
    let bus = constant("crates/bus/src", "CLOSE_TIMEOUT");
    stop("REQUESTS_TIMEOUT")
        + stop("WORK_TIMEOUT")
        + stop("RELAY_TIMEOUT")
        + bus
        + stop("WORK_TIMEOUT")
        + stop("FLUSH_TIMEOUT")
}

/// The grace period covers `preStop` and a graceful stop.
fn graceful(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for object in environment.objects.iter().filter(|object| is_service(object)) {
        let grace = object.at("/spec/template/spec/terminationGracePeriodSeconds").as_u64().unwrap_or(30);
        let sleep = object.at("/spec/template/spec/containers/0/lifecycle/preStop/sleep/seconds").as_u64();
        let sleep = sleep.unwrap_or(0);
        if sleep < 3 {
            violations.push(format!("{object} stops before routers have removed it"));
        }
        if grace < sleep + max_stop_seconds() {
            violations.push(format!(
                "{object} is killed after {grace} s; a stop may take {} s",
                sleep + max_stop_seconds()
            ));
        }
    }
    violations
}

/// A rollout stops no pod before its successor is ready.
fn rolled_out_without_a_gap(environment: &Environment) -> Vec<String> {
    let services = environment.objects.iter().filter(|object| is_service(object));
    let gaps = services.filter(|object| object.at("/spec/strategy/rollingUpdate/maxUnavailable") != 0);
    gaps.map(|object| format!("{object} stops pods before new ones are ready")).collect()
}

/// The simulators, which have one pod.
const SIMULATORS: [&str; 2] = ["stripe-sim", "mailpit"];

/// Pods of one kind run on different nodes: if possible, and always where a majority must remain.
fn spread(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for object in long_running(environment).filter(|object| !SIMULATORS.contains(&object.name())) {
        let constraints = object.list("/spec/template/spec/topologySpreadConstraints");
        let own = |one: &Value| selects(&one["labelSelector"], &object.pod_labels());
        let votes = object.kind() == "StatefulSet" && replicas(environment, object) > 1;
        let how = if votes { "DoNotSchedule" } else { "ScheduleAnyway" };
        if constraints.len() != 1 || !own(&constraints[0]) || constraints[0]["whenUnsatisfiable"] != how {
            violations.push(format!("{object} needs one constraint for its own pods, {how}"));
        }
    }
    violations
}

fn replicas(environment: &Environment, object: &Object) -> u64 {
    let scaler = environment.find("HorizontalPodAutoscaler", object.name());
    let minimum = scaler.and_then(|scaler| scaler.at("/spec/minReplicas").as_u64());
    minimum.or_else(|| object.at("/spec/replicas").as_u64()).unwrap_or(1)
}

/// Production has two pods of each service, and three members of each database and the broker.
fn redundant(environment: &Environment) -> Vec<String> {
    let minimum = |object: &Object| if object.kind() == "Deployment" { 2 } else { 3 };
    let too_few = long_running(environment).filter(|object| replicas(environment, object) < minimum(object));
    too_few.map(|object| format!("{object} has too few pods")).collect()
}

/// An autoscaler's Deployment has no `replicas`: a deployment would reset the autoscaler's number.
fn scaled_by_one(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for scaler in environment.of_kind("HorizontalPodAutoscaler") {
        match environment.find("Deployment", scaler.text("/spec/scaleTargetRef/name")) {
            Some(deployment) if deployment.at("/spec/replicas").is_null() => {}
            _ => violations.push(format!("{scaler} scales nothing, or a Deployment with replicas")),
        }
    }
    violations
}

#[test]
fn every_workload_has_a_budget_that_allows_draining_a_node() {
    assert_everywhere(budgeted);
}

#[test]
fn selectors_match_their_own_pods() {
    assert_everywhere(own_pods);
}

#[test]
fn the_grace_period_covers_a_graceful_stop() {
    assert_everywhere(graceful);
}

#[test]
fn a_rollout_leaves_no_gap() {
    assert_everywhere(rolled_out_without_a_gap);
}

#[test]
fn pods_of_one_kind_run_on_different_nodes() {
    assert_everywhere(spread);
}

#[test]
fn only_autoscalers_set_replicas() {
    assert_everywhere(scaled_by_one);
}

#[test]
fn production_is_redundant() {
    for environment in environments().iter().filter(|one| one.name.starts_with("production")) {
        assert_none(&redundant(environment));
    }
}

#[test]
fn a_violation_of_each_rule_is_found() {
    const AUTH: (&str, &str) = ("Deployment", "auth");
    assert_violation(
        budgeted,
        ("PodDisruptionBudget", "auth"),
        "/spec/maxUnavailable",
        json!(0),
        "Deployment auth",
    );
    assert_violation(
        budgeted,
        ("PodDisruptionBudget", "nats"),
        "/spec/selector",
        json!({}),
        "StatefulSet nats",
    );
    assert_violation(
        own_pods,
        AUTH,
        "/spec/selector/matchLabels",
        json!({"app.kubernetes.io/part-of": "ticketing"}),
        "auth",
    );
    assert_violation(
        graceful,
        AUTH,
        "/spec/template/spec/terminationGracePeriodSeconds",
        json!(30),
        "killed",
    );
    assert_violation(graceful, AUTH, "/spec/template/spec/containers/0/lifecycle", Value::Null, "routers");
    assert_violation(
        rolled_out_without_a_gap,
        AUTH,
        "/spec/strategy/rollingUpdate/maxUnavailable",
        json!(1),
        "stops pods",
    );
    let constraints = "/spec/template/spec/topologySpreadConstraints";
    assert_violation(spread, AUTH, constraints, json!([]), "Deployment auth");
    let how = format!("{constraints}/0/whenUnsatisfiable");
    assert_violation(spread, ("StatefulSet", "nats"), &how, json!("ScheduleAnyway"), "StatefulSet nats");
    assert_violation(
        scaled_by_one,
        ("HorizontalPodAutoscaler", "auth"),
        "/spec/scaleTargetRef/name",
        json!("x"),
        "auth",
    );
    assert_violation(redundant, ("StatefulSet", "nats"), "/spec/replicas", json!(1), "nats");
}
