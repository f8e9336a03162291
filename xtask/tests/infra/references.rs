//! References lead to existing objects, and programs read the settings that they are given.

use std::collections::BTreeSet;

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};

use super::scripts::FakeCluster;
use super::{assert_everywhere, assert_none, assert_violation, environments, sources};

/// Secrets that cert-manager creates.
const CERTIFICATES: [&str; 2] = ["marketplace-tls", "marketplace-gateway-tls"];

/// All values under a key, at any depth.
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
    let mut violations = Vec::new();
    for object in &environment.objects {
        for name in
            named(object, "configMapRef", "name").into_iter().chain(named(object, "configMap", "name"))
        {
            if environment.find("ConfigMap", &name).is_none() {
                violations.push(format!("{object} refers to the ConfigMap {name}, which does not exist"));
            }
        }
        for name in named(object, "persistentVolumeClaim", "claimName") {
            if environment.find("PersistentVolumeClaim", &name).is_none() {
                violations.push(format!("{object} refers to the claim {name}, which does not exist"));
            }
        }
    }
    violations
}

/// Backends and URLs refer to existing Services and ports.
fn services(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
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
                violations.push(format!("{ingress} leads to {backend}, which does not exist"));
            }
        }
    }
    for object in &environment.objects {
        for address in addresses(object) {
            let (name, port) = address.split_once(':').unwrap_or((&address, "80"));
            if !leads(name, &json!(port.parse::<u64>().unwrap_or(0))) {
                violations.push(format!("{object} has the address {address}, which does not exist"));
            }
        }
    }
    violations
}

/// Hosts and ports of `http` URLs in environment variables and settings.
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

/// The environment variables of all programs: the names in `env` attributes.
fn program_variables() -> BTreeSet<String> {
    let sources = sources("crates");
    let names = sources.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).collect()
}

/// A variable that no program reads is misspelled or obsolete.
fn settings(environment: &Environment) -> Vec<String> {
    let read = program_variables();
    let mut given: BTreeSet<String> = BTreeSet::new();
    for deployment in environment.of_kind("Deployment") {
        let containers = deployment.containers();
        let names = containers.iter().filter_map(|container| container["env"].as_array()).flatten();
        given.extend(names.filter_map(|one| one["name"].as_str().map(str::to_owned)));
    }
    for map in environment.of_kind("ConfigMap").filter(|map| map.name().starts_with("settings")) {
        given.extend(map.at("/data").as_object().into_iter().flat_map(serde_json::Map::keys).cloned());
    }
    given.difference(&read).map(|name| format!("no program reads {name}")).collect()
}

#[test]
fn maps_and_claims_exist() {
    assert_everywhere(maps);
}

#[test]
fn addresses_lead_to_services() {
    assert_everywhere(services);
}

#[test]
fn programs_read_their_settings() {
    assert_everywhere(settings);
}

#[test]
fn every_secret_is_created_by_the_script() {
    let cluster = FakeCluster::empty();
    let output = cluster.run("infra/secrets/generate.sh", &["check", "ticketing"], &[]).output;
    let created: BTreeSet<_> = output.split([' ', ',', ';', '\n']).map(str::to_owned).collect();
    let mut needed = BTreeSet::new();
    for environment in environments() {
        needed.extend(secrets(environment).into_iter().filter(|name| !CERTIFICATES.contains(&name.as_str())));
    }
    assert!(
        needed.contains("auth-database") && needed.contains("auth-mongodb") && needed.contains("backup"),
        "{needed:?}"
    );
    assert_none(
        &needed
            .difference(&created)
            .map(|name| format!("the script does not create the secret {name}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_violation_is_found() {
    const PAYMENTS: (&str, &str) = ("Deployment", "payments");
    let first = |pointer: &str| format!("/spec/template/spec/containers/0{pointer}");
    assert_violation(maps, PAYMENTS, &first("/envFrom/0/configMapRef/name"), json!("settings"), "settings");
    assert_violation(
        services,
        ("Deployment", "client"),
        &first("/env/0/value"),
        json!("http://auth:80"),
        "auth:80",
    );
    assert_violation(settings, PAYMENTS, &first("/env/0/name"), json!("STORE_URI"), "STORE_URI");
}
