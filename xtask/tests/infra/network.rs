//! Network policies allow the needed connections only.

use std::collections::{BTreeMap, BTreeSet};

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};

use super::{assert_everywhere, assert_violation, environment};

type Labels<'a> = BTreeMap<&'a str, &'a str>;

/// The services with a database and a connection to the bus.
const STATEFUL: [&str; 6] = ["auth", "tickets", "orders", "expiration", "payments", "notifications"];

/// Whether a selector matches these labels. An empty selector matches everything.
fn selects(selector: &Value, labels: &Labels) -> bool {
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    let has = |key: &str, value: &Value| labels.get(key).copied() == value.as_str();
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    wanted.into_iter().all(|(key, value)| has(key, value))
        && expressions.into_iter().all(|one| {
            let key = one["key"].as_str().unwrap_or_default();
            one["operator"] == "In"
                && one["values"].as_array().into_iter().flatten().any(|value| has(key, value))
        })
}

/// The name of a peer outside of the environment: a namespace, or `outside`.
fn external(peer: &Value) -> Option<String> {
    if let Some(namespace) = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].as_str()
    {
        return Some(namespace.to_owned());
    }
    peer["ipBlock"].is_object().then(|| "outside".to_owned())
}

/// Whether a rule applies to this port of an object's pods.
fn has_port(rule: &Value, target: &Object, port: u64) -> bool {
    let containers = target.containers();
    let ports = containers.iter().flat_map(|container| container["ports"].as_array().into_iter().flatten());
    let name = ports.into_iter().find(|one| one["containerPort"] == port).map(|one| one["name"].clone());
    let ports = rule["ports"].as_array().into_iter().flatten();
    ports.into_iter().any(|one| one["port"] == port || name.as_ref().is_some_and(|name| one["port"] == *name))
}

/// The rules of one direction (`ingress` and `from`, `egress` and `to`) for an object's pods.
fn rules<'a>(environment: &'a Environment, object: &Object, direction: &'static str) -> Vec<&'a Value> {
    let labels = object.pod_labels();
    let policies = environment.of_kind("NetworkPolicy");
    let own = policies.filter(|policy| selects(policy.at("/spec/podSelector"), &labels));
    own.flat_map(|policy| policy.list(&format!("/spec/{direction}"))).collect()
}

fn peers<'a>(rule: &'a Value, side: &str) -> impl Iterator<Item = &'a Value> {
    rule[side].as_array().into_iter().flatten()
}

fn allows(rules: &[&Value], side: &str, other: &Object, target: &Object, port: u64) -> bool {
    rules.iter().any(|rule| {
        has_port(rule, target, port)
            && peers(rule, side)
                .any(|peer| external(peer).is_none() && selects(&peer["podSelector"], &other.pod_labels()))
    })
}

fn name(object: &Object) -> String {
    object.pod_labels().get("app.kubernetes.io/name").copied().unwrap_or_default().to_owned()
}

/// All connections that the policies allow, such as `client -> auth:8080`.
fn allowed(environment: &Environment) -> BTreeSet<String> {
    let pods: Vec<_> = environment.objects.iter().filter(|object| object.pod_template().is_some()).collect();
    let mut allowed = BTreeSet::new();
    for from in &pods {
        let (egress, ingress) = (rules(environment, from, "egress"), rules(environment, from, "ingress"));
        for to in &pods {
            let into = rules(environment, to, "ingress");
            let containers = to.containers();
            let ports = containers.iter().flat_map(|one| one["ports"].as_array().into_iter().flatten());
            for port in ports.filter_map(|port| port["containerPort"].as_u64()) {
                if allows(&egress, "to", to, to, port) && allows(&into, "from", from, to, port) {
                    allowed.insert(format!("{} -> {}:{port}", name(from), name(to)));
                }
            }
        }
        for (rules, side) in [(egress, "to"), (ingress, "from")] {
            for rule in rules {
                for peer in peers(rule, side).filter_map(external) {
                    for port in rule["ports"].as_array().into_iter().flatten() {
                        let port = port["port"].to_string().replace('"', "");
                        let connection = if side == "to" {
                            format!("{} -> {peer}:{port}", name(from))
                        } else {
                            format!("{peer} -> {}:{port}", name(from))
                        };
                        allowed.insert(connection);
                    }
                }
            }
        }
    }
    allowed
}

/// The connections of every environment with its own databases.
fn needed() -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut add = |from: &str, to: &str| needed.insert(format!("{from} -> {to}"));
    for service in STATEFUL {
        let database = format!("{service}-mongodb");
        add(service, &format!("{database}:27017"));
        add(&database, &format!("{database}:27017"));
        add(service, "nats:4222");
        add(&database, "kube-system:53");
    }
    for caller in ["tickets", "orders", "payments", "client"] {
        add(caller, "auth:8080");
    }
    for callee in ["tickets", "orders", "payments"] {
        add("client", &format!("{callee}:8080"));
    }
    for routed in ["auth", "tickets", "orders", "payments", "client"] {
        add("ingress-nginx", &format!("{routed}:http"));
    }
    for service in STATEFUL.into_iter().chain(["client", "nats"]) {
        add(service, "kube-system:53");
    }
    add("nats", "nats:6222");
    needed
}

fn with(more: &[&str]) -> BTreeSet<String> {
    needed().into_iter().chain(more.iter().map(|connection| (*connection).to_owned())).collect()
}

#[test]
fn development_and_staging_allow_the_needed_connections_only() {
    let simulators = [
        "payments -> stripe-sim:8080",
        "stripe-sim -> payments:8080",
        "stripe-sim -> kube-system:53",
        "auth -> mailpit:1025",
        "notifications -> mailpit:1025",
        "mailpit -> kube-system:53",
    ];
    assert_eq!(allowed(&environment("dev")), with(&simulators));
    assert_eq!(allowed(&environment("staging")), with(&simulators));
}

#[test]
fn production_allows_the_needed_connections_only() {
    let outside = [
        "payments -> outside:443",
        "auth -> outside:465",
        "auth -> outside:587",
        "notifications -> outside:465",
        "notifications -> outside:587",
        "backup -> outside:443",
        "backup -> kube-system:53",
    ];
    let mut more: Vec<_> = outside.map(str::to_owned).into();
    more.extend(STATEFUL.map(|service| format!("backup -> {service}-mongodb:27017")));
    for service in STATEFUL.into_iter().chain(["client"]) {
        more.extend([format!("monitoring -> {service}:admin"), format!("{service} -> monitoring:4318")]);
    }
    let more: Vec<_> = more.iter().map(String::as_str).collect();
    assert_eq!(allowed(&environment("production")), with(&more));
}

#[test]
fn services_can_connect_to_external_databases() {
    let allowed = allowed(&environment("staging + managed-mongodb"));
    let reach: Vec<_> = allowed.iter().filter(|connection| connection.ends_with(":27017")).collect();
    assert_eq!(reach.len(), STATEFUL.len(), "{reach:?}");
    assert!(
        STATEFUL.iter().all(|service| allowed.contains(&format!("{service} -> outside:27017"))),
        "{reach:?}"
    );
}

/// Everything is denied by default in both directions, and every pod has a policy of its own.
fn denied_by_default(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    let policies: Vec<_> = environment.of_kind("NetworkPolicy").collect();
    let denies = policies.iter().any(|policy| {
        *policy.at("/spec") == json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    });
    if !denies {
        violations.push("no policy denies by default".to_owned());
    }
    for object in environment.objects.iter().filter(|object| object.pod_template().is_some()) {
        let labels = object.pod_labels();
        let own = |policy: &&&Object| {
            let selector = policy.at("/spec/podSelector");
            *selector != json!({}) && selects(selector, &labels)
        };
        let sides: BTreeSet<_> = policies
            .iter()
            .filter(own)
            .flat_map(|policy| policy.list("/spec/policyTypes"))
            .map(ToString::to_string)
            .collect();
        if sides.len() != 2 {
            violations.push(format!("{object} has no NetworkPolicy of its own for both directions"));
        }
    }
    // An empty list allows all peers, or all ports.
    for policy in policies {
        for (direction, side) in [("ingress", "from"), ("egress", "to")] {
            let rules = policy.list(&format!("/spec/{direction}"));
            let wide = |rule: &&Value| {
                peers(rule, side).next().is_none() || rule["ports"].as_array().is_none_or(Vec::is_empty)
            };
            violations.extend(
                rules
                    .iter()
                    .filter(wide)
                    .map(|_| format!("{policy} allows {direction} for all peers or all ports")),
            );
        }
    }
    violations
}

#[test]
fn connections_are_denied_by_default() {
    assert_everywhere(denied_by_default);
}

#[test]
fn a_violation_is_found() {
    assert_violation(
        denied_by_default,
        ("NetworkPolicy", "default-deny"),
        "/spec/policyTypes",
        json!(["Ingress"]),
        "no policy denies",
    );
    assert_violation(
        denied_by_default,
        ("NetworkPolicy", "nats"),
        "/spec/podSelector",
        json!({}),
        "StatefulSet nats",
    );
    assert_violation(
        denied_by_default,
        ("NetworkPolicy", "auth"),
        "/spec/ingress/0",
        json!({"ports": [{"port": 8080}]}),
        "all peers",
    );
    assert_violation(
        denied_by_default,
        ("NetworkPolicy", "auth"),
        "/spec/ingress/0/ports",
        json!([]),
        "all peers",
    );
}
