//! Who may talk to whom: all of it, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};

use super::{environment, everywhere, planted};

type Labels<'a> = BTreeMap<&'a str, &'a str>;

/// The services that keep documents and hear events.
const STATEFUL: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

/// Whether a selector chooses what has these labels. An empty one chooses everything.
fn chooses(selector: &Value, labels: &Labels) -> bool {
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

/// What a rule of a policy says of the other end, in words, if that is no pod of ours.
fn elsewhere(peer: &Value) -> Option<String> {
    if let Some(namespace) = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].as_str()
    {
        return Some(namespace.to_owned());
    }
    peer["ipBlock"].is_object().then(|| "outside".to_owned())
}

/// Whether a rule is for this port of this object's pods.
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
    let own = policies.filter(|policy| chooses(policy.at("/spec/podSelector"), &labels));
    own.flat_map(|policy| policy.list(&format!("/spec/{direction}"))).collect()
}

fn peers<'a>(rule: &'a Value, side: &str) -> impl Iterator<Item = &'a Value> {
    rule[side].as_array().into_iter().flatten()
}

fn allows(rules: &[&Value], side: &str, other: &Object, target: &Object, port: u64) -> bool {
    rules.iter().any(|rule| {
        has_port(rule, target, port)
            && peers(rule, side)
                .any(|peer| elsewhere(peer).is_none() && chooses(&peer["podSelector"], &other.pod_labels()))
    })
}

fn name(object: &Object) -> String {
    object.pod_labels().get("app.kubernetes.io/name").copied().unwrap_or_default().to_owned()
}

/// Every way that the policies leave open, such as `client -> auth:8080`.
fn open(environment: &Environment) -> BTreeSet<String> {
    let pods: Vec<_> = environment.objects.iter().filter(|object| object.pod_template().is_some()).collect();
    let mut open = BTreeSet::new();
    for from in &pods {
        let (egress, ingress) = (rules(environment, from, "egress"), rules(environment, from, "ingress"));
        for to in &pods {
            let into = rules(environment, to, "ingress");
            let containers = to.containers();
            let ports = containers.iter().flat_map(|one| one["ports"].as_array().into_iter().flatten());
            for port in ports.filter_map(|port| port["containerPort"].as_u64()) {
                if allows(&egress, "to", to, to, port) && allows(&into, "from", from, to, port) {
                    open.insert(format!("{} -> {}:{port}", name(from), name(to)));
                }
            }
        }
        for (rules, side) in [(egress, "to"), (ingress, "from")] {
            for rule in rules {
                for place in peers(rule, side).filter_map(elsewhere) {
                    for port in rule["ports"].as_array().into_iter().flatten() {
                        let port = port["port"].to_string().replace('"', "");
                        let way = if side == "to" {
                            format!("{} -> {place}:{port}", name(from))
                        } else {
                            format!("{place} -> {}:{port}", name(from))
                        };
                        open.insert(way);
                    }
                }
            }
        }
    }
    open
}

/// What has to be open in every environment with databases of its own.
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
    for asker in ["tickets", "orders", "payments", "client"] {
        add(asker, "auth:8080");
    }
    for asked in ["tickets", "orders", "payments"] {
        add("client", &format!("{asked}:8080"));
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
    needed().into_iter().chain(more.iter().map(|way| (*way).to_owned())).collect()
}

#[test]
fn a_developers_cluster_opens_what_is_needed_and_nothing_else() {
    let simulator =
        ["payments -> stripe-sim:8080", "stripe-sim -> payments:8080", "stripe-sim -> kube-system:53"];
    assert_eq!(open(&environment("dev")), with(&simulator));
    assert_eq!(open(&environment("staging")), with(&simulator));
}

#[test]
fn production_opens_what_is_needed_and_nothing_else() {
    let mut more: Vec<_> = ["payments -> outside:443", "backup -> outside:443", "backup -> kube-system:53"]
        .map(str::to_owned)
        .into();
    more.extend(STATEFUL.map(|service| format!("backup -> {service}-mongodb:27017")));
    more.extend(
        STATEFUL.into_iter().chain(["client"]).map(|service| format!("monitoring -> {service}:admin")),
    );
    let more: Vec<_> = more.iter().map(String::as_str).collect();
    assert_eq!(open(&environment("production")), with(&more));
}

#[test]
fn databases_elsewhere_are_reached_by_those_that_have_one() {
    let open = open(&environment("staging + managed-mongodb"));
    let reach: Vec<_> = open.iter().filter(|way| way.ends_with(":27017")).collect();
    assert_eq!(reach.len(), STATEFUL.len(), "{reach:?}");
    assert!(
        STATEFUL.iter().all(|service| open.contains(&format!("{service} -> outside:27017"))),
        "{reach:?}"
    );
}

/// Everything is closed in both directions, and every pod has a policy that says what is open.
fn closed(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    let policies: Vec<_> = environment.of_kind("NetworkPolicy").collect();
    let denies = policies.iter().any(|policy| {
        *policy.at("/spec") == json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    });
    if !denies {
        breaches.push("nothing denies what is not allowed".to_owned());
    }
    for object in environment.objects.iter().filter(|object| object.pod_template().is_some()) {
        let labels = object.pod_labels();
        let own = |policy: &&&Object| {
            let selector = policy.at("/spec/podSelector");
            *selector != json!({}) && chooses(selector, &labels)
        };
        let sides: BTreeSet<_> = policies
            .iter()
            .filter(own)
            .flat_map(|policy| policy.list("/spec/policyTypes"))
            .map(ToString::to_string)
            .collect();
        if sides.len() != 2 {
            breaches.push(format!("{object} has no NetworkPolicy of its own for both directions"));
        }
    }
    // An empty list of peers or ports is everybody, or every port.
    for policy in policies {
        for (direction, side) in [("ingress", "from"), ("egress", "to")] {
            let rules = policy.list(&format!("/spec/{direction}"));
            let wide = |rule: &&Value| {
                peers(rule, side).next().is_none() || rule["ports"].as_array().is_none_or(Vec::is_empty)
            };
            breaches.extend(
                rules
                    .iter()
                    .filter(wide)
                    .map(|_| format!("{policy} opens {direction} to everybody or for every port")),
            );
        }
    }
    breaches
}

#[test]
fn nothing_is_open_by_itself() {
    everywhere(closed);
}

#[test]
fn a_breach_is_found() {
    planted(
        closed,
        ("NetworkPolicy", "default-deny"),
        "/spec/policyTypes",
        json!(["Ingress"]),
        "nothing denies",
    );
    planted(closed, ("NetworkPolicy", "auth"), "/spec/podSelector", json!({}), "Deployment auth");
    planted(
        closed,
        ("NetworkPolicy", "auth"),
        "/spec/ingress/0",
        json!({"ports": [{"port": 8080}]}),
        "everybody",
    );
    planted(closed, ("NetworkPolicy", "auth"), "/spec/ingress/0/ports", json!([]), "everybody");
}
