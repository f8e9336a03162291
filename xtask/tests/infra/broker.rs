//! NATS accepts its configuration, standalone and in a cluster.

use std::fs;
use std::process::Command;

use ::pods::manifests::{Environment, Object};

use super::environment;

/// Checks an environment's configuration with the real server. Returns the success and the messages.
fn check(environment: &Environment) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let map = environment
        .of_kind("ConfigMap")
        .find(|map| map.name().starts_with("nats-"))
        .expect("a configuration");
    for (name, text) in map.at("/data").as_object().expect("files") {
        fs::write(folder.path().join(name), text.as_str().unwrap_or_default()).expect("a file");
    }
    let server = environment.find("StatefulSet", "nats").expect("a server");
    let containers = server.containers();
    let variables = containers[0]["env"].as_array().into_iter().flatten().map(|one| {
        let value =
            one["value"].as_str().unwrap_or("p0123456789abcdef").replace("$(CLUSTER_PASSWORD)", "p01");
        (one["name"].as_str().unwrap_or_default().to_owned(), value)
    });
    let program = servers::nats::find().unwrap_or_else(|error| panic!("{error}"));
    let output = Command::new(program)
        .args(["-t", "--config"])
        .arg(folder.path().join("nats.conf"))
        .env_clear()
        .envs(variables)
        .output()
        .expect("a server");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn nats_accepts_its_configuration() {
    for name in ["dev", "production"] {
        let (accepted, messages) = check(&environment(name));
        assert!(accepted, "{name}: {messages}");
    }
}

#[test]
fn a_missing_password_is_an_error() {
    let mut environment = environment("production");
    let is_server = |object: &&mut Object| object.kind() == "StatefulSet" && object.name() == "nats";
    let server = environment.objects.iter_mut().find(is_server).expect("a server");
    server.0["spec"]["template"]["spec"]["containers"][0]["env"]
        .as_array_mut()
        .expect("variables")
        .retain(|one| one["name"] != "ORDERS_PASSWORD");
    let (accepted, messages) = check(&environment);
    assert!(!accepted && messages.contains("ORDERS_PASSWORD"), "{messages}");
}

#[test]
fn events_are_on_disk_before_they_are_acknowledged() {
    for name in ["dev", "staging", "production"] {
        let environment = environment(name);
        let map = environment
            .of_kind("ConfigMap")
            .find(|map| map.name().starts_with("nats-"))
            .expect("a configuration");
        assert!(map.text("/data/nats.conf").contains("sync_interval: always"), "{name}");
        let settings = environment
            .of_kind("ConfigMap")
            .find(|map| map.name().starts_with("settings-"))
            .expect("settings");
        let servers =
            environment.find("StatefulSet", "nats").expect("servers").at("/spec/replicas").to_string();
        assert_eq!(settings.text("/data/BUS_REPLICAS"), servers, "{name}: every server has each event");
    }
}

/// `536870912`, `4GB`, `5Gi`: in both notations a unit is a power of 1024.
fn bytes(text: &str) -> u64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().expect("a number of bytes");
    match &text[digits.len()..] {
        "" => number,
        "GB" | "Gi" => number << 30,
        unit => panic!("{unit} is no known unit"),
    }
}

#[test]
fn the_streams_fit_into_the_store_and_the_store_into_the_volume() {
    for name in ["dev", "staging", "production"] {
        let environment = environment(name);
        let map = |prefix: &str| {
            let mut maps = environment.of_kind("ConfigMap");
            maps.find(|map| map.name().starts_with(prefix)).expect("a configuration")
        };
        let streams = ["auth", "accounts", "tickets", "orders", "expiration", "payments"];
        // Two replicas may create one stream at once.
        let streams = (streams.len() as u64 + 1) * bytes(map("settings-").text("/data/BUS_STREAM_BYTES"));
        let configuration = map("nats-").text("/data/nats.conf");
        let store = configuration.lines().find_map(|line| line.trim().strip_prefix("max_file_store: "));
        let store = bytes(store.expect("a limit of the store"));
        let volume = environment.find("StatefulSet", "nats").expect("servers");
        let volume = bytes(volume.text("/spec/volumeClaimTemplates/0/spec/resources/requests/storage"));
        assert!(streams < store && store < volume, "{name}: {streams} < {store} < {volume}");
    }
}
