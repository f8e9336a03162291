//! `setup.js` makes what a database needs once, and keeps it as it shall be.

use std::process::Command;

use serde_json::{Value, json};
use xtask::manifests::root;

/// What became of the members of a replica set, by the steps of their life.
fn life() -> Value {
    let folder = root().join("xtask/tests/infra");
    let script = root().join("infra/k8s/base/mongodb/instance/setup.js");
    let output = Command::new("node").arg("mongosh.mjs").arg(script).current_dir(folder).output();
    let output = output.expect("node, which `cargo xtask setup` finds or installs");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"))
}

fn hosts(step: &Value) -> Vec<&str> {
    step["members"].as_array().into_iter().flatten().filter_map(|member| member[1].as_str()).collect()
}

#[test]
fn the_first_member_begins_and_the_others_join() {
    let life = life();
    assert_eq!(life["late"]["outcome"], "waits for ever", "one that comes before the first waits for it");
    assert_eq!(life["first"]["outcome"], "done");
    assert_eq!(hosts(&life["first"]), ["auth-mongodb-0.auth-mongodb:27017"]);
    assert_eq!(hosts(&life["third"]).len(), 3);
    assert_eq!(life["third"]["members"][2], json!([2, "auth-mongodb-2.auth-mongodb:27017"]));
}

#[test]
fn what_is_there_is_left() {
    let life = life();
    for step in ["again", "restarted"] {
        assert_eq!((&life[step]["outcome"], &life[step]["writes"]), (&json!("done"), &json!(0)), "{step}");
    }
}

#[test]
fn the_service_reaches_its_own_database_alone() {
    let life = life();
    let users = life["first"]["users"].as_object().expect("users");
    assert_eq!(users.keys().collect::<Vec<_>>(), ["admin.root", "auth.auth"]);
    assert_eq!(users["auth.auth"]["roles"], json!([{"role": "readWrite", "db": "auth"}]));
}

#[test]
fn a_new_password_is_taken_over_and_a_wrong_one_of_root_changes_nothing() {
    let life = life();
    assert_eq!(life["rotated"]["users"]["auth.auth"]["pwd"], "psecond");
    assert_eq!(life["rotated"]["writes"], 1);
    let stranger = &life["stranger"];
    assert_eq!((&stranger["outcome"], &stranger["writes"]), (&json!("waits for ever"), &json!(0)));
}
