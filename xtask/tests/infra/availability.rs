//! That work goes on while nodes are drained and releases are rolled out.

use std::collections::BTreeMap;

use ::pods::manifests::{Environment, Object, root};
use serde_json::{Value, json};
use servers::cluster::SERVICES;

use super::{environments, everywhere, none, planted};

fn lasting(environment: &Environment) -> impl Iterator<Item = &Object> {
    environment.objects.iter().filter(|object| ["Deployment", "StatefulSet"].contains(&object.kind()))
}

fn is_service(object: &Object) -> bool {
    object.kind() == "Deployment" && SERVICES.iter().any(|service| service.name == object.name())
}

/// Whether a `matchLabels` chooses what has these labels.
fn chooses(selector: &Value, labels: &BTreeMap<&str, &str>) -> bool {
    let wanted = selector["matchLabels"].as_object();
    wanted.is_some_and(|wanted| {
        let fits = |(key, value): (&String, &Value)| labels.get(key.as_str()).copied() == value.as_str();
        !wanted.is_empty() && wanted.iter().all(fits)
    })
}

/// Whatever runs for good has a budget, which lets a node be drained.
fn budgeted(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for object in lasting(environment) {
        let labels = object.pod_labels();
        let own = |budget: &&Object| chooses(budget.at("/spec/selector"), &labels);
        let budgets: Vec<_> = environment.of_kind("PodDisruptionBudget").filter(own).collect();
        let lets_go =
            |budget: &&&Object| budget.at("/spec/maxUnavailable").as_u64().is_some_and(|many| many > 0);
        if budgets.len() != 1 || budgets.iter().filter(lets_go).count() != 1 {
            breaches.push(format!("{object} needs one PodDisruptionBudget with maxUnavailable"));
        }
    }
    breaches
}

/// Selectors choose the object's own pods, and no other's.
fn own_pods(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for object in lasting(environment) {
        let chosen =
            lasting(environment).filter(|other| chooses(object.at("/spec/selector"), &other.pod_labels()));
        if chosen.map(Object::name).ne([object.name()]) {
            breaches.push(format!("{object} chooses the pods of others, or not its own"));
        }
    }
    breaches
}

/// The time that a process takes to end, from its own constants.
fn stops_within() -> u64 {
    let constant = |file: &str, name: &str| {
        let text = std::fs::read_to_string(root().join(file)).expect(file);
        let after = text.split(&format!("const {name}: Duration = Duration::from_secs(")).nth(1);
        let number = after.and_then(|after| after.split(')').next()?.parse::<u64>().ok());
        number.unwrap_or_else(|| panic!("{file} has no {name} in seconds"))
    };
    let stop = |name| constant("crates/runtime/src/stop.rs", name);
    // Requests, then work, the relay and the bus, then the admin address: see `run_service`.
    let bus = constant("crates/bus/src/jetstream/mod.rs", "CLOSE_TIMEOUT");
    stop("REQUESTS") + stop("WORK") + stop("RELAY") + bus + stop("WORK")
}

/// A process that is asked to stop is given the time that it takes.
fn graceful(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for object in environment.objects.iter().filter(|object| is_service(object)) {
        let grace = object.at("/spec/template/spec/terminationGracePeriodSeconds").as_u64().unwrap_or(30);
        let sleep = object.at("/spec/template/spec/containers/0/lifecycle/preStop/sleep/seconds").as_u64();
        let sleep = sleep.unwrap_or(0);
        if sleep < 3 {
            breaches.push(format!("{object} stops before routers know"));
        }
        if grace < sleep + stops_within() {
            breaches
                .push(format!("{object} is killed after {grace} s; it may take {}", sleep + stops_within()));
        }
    }
    breaches
}

/// A rollout takes nothing away before its successor is ready.
fn rolled_out_without_a_gap(environment: &Environment) -> Vec<String> {
    let services = environment.objects.iter().filter(|object| is_service(object));
    let gaps = services.filter(|object| object.at("/spec/strategy/rollingUpdate/maxUnavailable") != 0);
    gaps.map(|object| format!("{object} takes pods away before new ones are ready")).collect()
}

/// Pods of one kind keep apart: if they can, and for certain where a majority of them has to remain.
fn spread(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for object in lasting(environment).filter(|object| object.name() != "stripe-sim") {
        let constraints = object.list("/spec/template/spec/topologySpreadConstraints");
        let own = |one: &Value| chooses(&one["labelSelector"], &object.pod_labels());
        let votes = object.kind() == "StatefulSet" && replicas(environment, object) > 1;
        let how = if votes { "DoNotSchedule" } else { "ScheduleAnyway" };
        if constraints.len() != 1 || !own(&constraints[0]) || constraints[0]["whenUnsatisfiable"] != how {
            breaches.push(format!("{object} needs one constraint for its own pods, {how}"));
        }
    }
    breaches
}

fn replicas(environment: &Environment, object: &Object) -> u64 {
    let scaler = environment.find("HorizontalPodAutoscaler", object.name());
    let least = scaler.and_then(|scaler| scaler.at("/spec/minReplicas").as_u64());
    least.or_else(|| object.at("/spec/replicas").as_u64()).unwrap_or(1)
}

/// In production nothing stands alone: two of each service, a majority of what votes.
fn never_alone(environment: &Environment) -> Vec<String> {
    let least = |object: &Object| if object.kind() == "Deployment" { 2 } else { 3 };
    let alone = lasting(environment).filter(|object| replicas(environment, object) < least(object));
    alone.map(|object| format!("{object} has too few pods")).collect()
}

/// An autoscaler and a Deployment that both say how many pods there are would undo each other's work.
fn scaled_by_one(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for scaler in environment.of_kind("HorizontalPodAutoscaler") {
        match environment.find("Deployment", scaler.text("/spec/scaleTargetRef/name")) {
            Some(deployment) if deployment.at("/spec/replicas").is_null() => {}
            _ => breaches.push(format!("{scaler} scales nothing, or what has replicas of its own")),
        }
    }
    breaches
}

#[test]
fn everything_has_a_budget_that_lets_a_node_be_drained() {
    everywhere(budgeted);
}

#[test]
fn selectors_choose_their_own_pods() {
    everywhere(own_pods);
}

#[test]
fn the_grace_fits_the_graceful_stop() {
    everywhere(graceful);
}

#[test]
fn a_rollout_leaves_no_gap() {
    everywhere(rolled_out_without_a_gap);
}

#[test]
fn pods_of_one_kind_keep_apart() {
    everywhere(spread);
}

#[test]
fn autoscalers_scale_alone() {
    everywhere(scaled_by_one);
}

#[test]
fn in_production_nothing_stands_alone() {
    for environment in environments().iter().filter(|one| one.name.starts_with("production")) {
        none(&never_alone(environment));
    }
}

#[test]
fn a_breach_of_each_rule_is_found() {
    const AUTH: (&str, &str) = ("Deployment", "auth");
    planted(budgeted, ("PodDisruptionBudget", "auth"), "/spec/maxUnavailable", json!(0), "Deployment auth");
    planted(budgeted, ("PodDisruptionBudget", "nats"), "/spec/selector", json!({}), "StatefulSet nats");
    planted(
        own_pods,
        AUTH,
        "/spec/selector/matchLabels",
        json!({"app.kubernetes.io/part-of": "ticketing"}),
        "auth",
    );
    planted(graceful, AUTH, "/spec/template/spec/terminationGracePeriodSeconds", json!(30), "killed");
    planted(graceful, AUTH, "/spec/template/spec/containers/0/lifecycle", Value::Null, "routers");
    planted(rolled_out_without_a_gap, AUTH, "/spec/strategy/rollingUpdate/maxUnavailable", json!(1), "away");
    let constraints = "/spec/template/spec/topologySpreadConstraints";
    planted(spread, AUTH, constraints, json!([]), "Deployment auth");
    let how = format!("{constraints}/0/whenUnsatisfiable");
    planted(spread, ("StatefulSet", "nats"), &how, json!("ScheduleAnyway"), "StatefulSet nats");
    planted(
        scaled_by_one,
        ("HorizontalPodAutoscaler", "auth"),
        "/spec/scaleTargetRef/name",
        json!("x"),
        "auth",
    );
    planted(never_alone, ("StatefulSet", "nats"), "/spec/replicas", json!(1), "nats");
}
