//! The allowed dependencies between crates.

use std::process::Command;

use serde_json::Value;

const SERVICES: [&str; 6] = ["auth", "tickets", "orders", "expiration", "payments", "notifications"];

/// The crates of this workspace that each crate may use; tests may use more.
const ALLOWED: &[(&str, &[&str])] = &[
    ("common", &[]),
    ("store", &["common"]),
    ("bus", &["common", "store"]),
    ("runtime", &["common", "store", "bus"]),
    ("mail", &["common", "store", "runtime"]),
    ("stripe-sim", &["common", "store", "runtime"]),
    ("mail-sim", &["common"]),
    ("client", &["common", "runtime"]),
    ("loadgen", &["common", "runtime"]),
    ("servers", &[]),
    ("pods", &["servers"]),
    ("xtask", &["servers", "pods"]),
];

/// Drivers and sockets, which only the adapters in `store`, `bus` and `mail` use.
const DRIVERS: [&str; 6] = ["rusqlite", "mongodb", "async-nats", "reqwest", "hyper", "lettre"];

fn packages() -> Vec<(String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(super::root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().expect("dependencies").iter();
            let uses = uses.filter(|one| one["kind"].is_null()).map(|one| text(&one["name"])).collect();
            (text(&package["name"]), uses)
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_crate_uses_only_what_its_layer_may() {
    let packages = packages();
    let ours: Vec<_> = packages.iter().map(|(name, _)| name.as_str()).collect();
    let mut breaches = Vec::new();
    for (name, uses) in &packages {
        let allowed = if SERVICES.contains(&name.as_str()) {
            &["common", "store", "bus", "runtime", "mail"][..]
        } else {
            match ALLOWED.iter().find(|(one, _)| one == name) {
                Some((_, allowed)) => allowed,
                // `ticketing` and `e2e` combine all crates.
                None => continue,
            }
        };
        for other in uses.iter().filter(|other| ours.contains(&other.as_str())) {
            if !allowed.contains(&other.as_str()) {
                breaches.push(format!("{name} must not depend on {other}"));
            }
        }
    }
    super::none(&breaches);
}

#[test]
fn the_kernel_and_the_services_know_no_driver() {
    let mut breaches = Vec::new();
    for (name, uses) in packages() {
        if name == "common" || SERVICES.contains(&name.as_str()) {
            let drivers = uses.iter().filter(|other| DRIVERS.contains(&other.as_str()));
            breaches.extend(drivers.map(|driver| format!("{name} must not depend on {driver}")));
        }
    }
    super::none(&breaches);
}

#[test]
fn every_service_is_here() {
    let packages = packages();
    for service in SERVICES {
        assert!(packages.iter().any(|(name, _)| name == service), "{service} is missing");
    }
}
