//! What is referred to exists, and what programs are told is what they read.

use std::collections::BTreeSet;

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};

use super::scripts::Cluster;
use super::{environments, everywhere, none, planted, sources};

/// What cert-manager makes by itself.
const MADE_ELSEWHERE: [&str; 2] = ["marketplace-tls", "marketplace-gateway-tls"];

/// Every value under one of these keys, wherever it is.
fn values<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                if name == key {
                    found.push(inner);
                }
                values(inner, key, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| values(inner, key, found)),
        _ => {}
    }
}

/// The names under a key, such as those of all `secretKeyRef`s.
fn named(object: &Object, key: &str, name: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    values(&object.0, key, &mut found);
    found.into_iter().filter_map(|value| value[name].as_str().map(str::to_owned)).collect()
}

fn secrets(environment: &Environment) -> BTreeSet<String> {
    let of = |object: &Object| {
        let mut all = named(object, "secretKeyRef", "name");
        all.extend(named(object, "secret", "secretName"));
        all.extend(
            object.list("/spec/tls").iter().filter_map(|tls| tls["secretName"].as_str().map(str::to_owned)),
        );
        all
    };
    environment.objects.iter().flat_map(of).collect()
}

fn maps(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for object in &environment.objects {
        for name in
            named(object, "configMapRef", "name").into_iter().chain(named(object, "configMap", "name"))
        {
            if environment.find("ConfigMap", &name).is_none() {
                breaches.push(format!("{object} refers to the ConfigMap {name}, which is not there"));
            }
        }
        for name in named(object, "persistentVolumeClaim", "claimName") {
            if environment.find("PersistentVolumeClaim", &name).is_none() {
                breaches.push(format!("{object} refers to the claim {name}, which is not there"));
            }
        }
    }
    breaches
}

/// Backends and addresses lead to Services that have the port.
fn services(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    let leads = |name: &str, port: &Value| {
        let service = environment.find("Service", name);
        service.is_some_and(|service| {
            service.list("/spec/ports").iter().any(|one| one["port"] == *port || one["name"] == *port)
        })
    };
    for ingress in environment.of_kind("Ingress") {
        for path in ingress.list("/spec/rules/0/http/paths") {
            let backend = &path["backend"]["service"];
            if !leads(backend["name"].as_str().unwrap_or_default(), &backend["port"]["name"]) {
                breaches.push(format!("{ingress} leads to {backend}, which is not there"));
            }
        }
    }
    for object in &environment.objects {
        for address in addresses(object) {
            let (name, port) = address.split_once(':').unwrap_or((&address, "80"));
            if !leads(name, &json!(port.parse::<u64>().unwrap_or(0))) {
                breaches.push(format!("{object} is told of {address}, which is not there"));
            }
        }
    }
    breaches
}

/// Hosts and ports of this cluster that a program is told of by plain http.
fn addresses(object: &Object) -> Vec<String> {
    let mut texts: Vec<&Value> = object
        .containers()
        .iter()
        .filter_map(|container| container["env"].as_array())
        .flatten()
        .map(|one| &one["value"])
        .collect();
    if object.kind() == "ConfigMap" {
        texts.extend(object.at("/data").as_object().into_iter().flat_map(serde_json::Map::values));
    }
    let hosts =
        texts.into_iter().filter_map(|text| text.as_str()?.strip_prefix("http://")?.split('/').next());
    hosts.filter(|host| !host.starts_with("127.0.0.1")).map(str::to_owned).collect()
}

/// What the programs read from their environment: every name in the attributes that make it so.
fn read_by_programs() -> BTreeSet<String> {
    let sources = sources();
    let names = sources.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

/// A name that no program reads is a mistake in writing, or a setting that went away.
fn settings(environment: &Environment) -> Vec<String> {
    let read = read_by_programs();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for deployment in environment.of_kind("Deployment") {
        let containers = deployment.containers();
        let names = containers.iter().filter_map(|container| container["env"].as_array()).flatten();
        told.extend(names.filter_map(|one| one["name"].as_str().map(str::to_owned)));
    }
    for map in environment.of_kind("ConfigMap").filter(|map| map.name().starts_with("settings")) {
        told.extend(map.at("/data").as_object().into_iter().flat_map(serde_json::Map::keys).cloned());
    }
    told.difference(&read).map(|name| format!("no program reads {name}")).collect()
}

#[test]
fn maps_and_claims_are_there() {
    everywhere(maps);
}

#[test]
fn addresses_lead_somewhere() {
    everywhere(services);
}

#[test]
fn programs_read_what_they_are_told() {
    everywhere(settings);
}

#[test]
fn every_secret_is_one_that_the_script_makes() {
    let cluster = Cluster::empty();
    let said = cluster.run("infra/secrets/generate.sh", &["check", "ticketing"], &[]).said;
    let made: BTreeSet<_> = said.split([' ', ',', ';', '\n']).map(str::to_owned).collect();
    let mut needed = BTreeSet::new();
    for environment in environments() {
        needed
            .extend(secrets(environment).into_iter().filter(|name| !MADE_ELSEWHERE.contains(&name.as_str())));
    }
    assert!(
        needed.contains("auth-database") && needed.contains("auth-mongodb") && needed.contains("backup"),
        "{needed:?}"
    );
    none(&needed.difference(&made).map(|name| format!("nobody makes the secret {name}")).collect::<Vec<_>>());
}

#[test]
fn a_breach_is_found() {
    const PAYMENTS: (&str, &str) = ("Deployment", "payments");
    let first = |place: &str| format!("/spec/template/spec/containers/0{place}");
    planted(maps, PAYMENTS, &first("/envFrom/0/configMapRef/name"), json!("settings"), "settings");
    planted(services, ("Deployment", "client"), &first("/env/0/value"), json!("http://auth:80"), "auth:80");
    planted(settings, PAYMENTS, &first("/env/0/name"), json!("STORE_URI"), "STORE_URI");
}
