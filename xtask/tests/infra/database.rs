//! `setup.js` creates the replica set and the users of a database, and keeps them up to date.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use ::pods::manifests::root;
use serde_json::{Value, json};
use servers::{Port, Program, ReadinessProbe, Server, ServerLocation, mongodb};

const SCRIPT: &str = "infra/k8s/base/mongodb/instance/setup.js";

/// The state of a fake replica set after each step of `mongosh.mjs`.
fn lifecycle() -> Value {
    let folder = root().join("xtask/tests/infra");
    let output =
        Command::new("node").arg("mongosh.mjs").arg(root().join(SCRIPT)).current_dir(folder).output();
    let output = output.expect("node, which `cargo xtask setup` finds or installs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"))
}

fn hosts(step: &Value) -> Vec<&str> {
    step["members"].as_array().into_iter().flatten().filter_map(|member| member[1].as_str()).collect()
}

#[test]
fn the_first_member_initiates_and_the_others_join() {
    let steps = lifecycle();
    assert_eq!(
        steps["late"]["outcome"], "waits forever",
        "a member that starts before the first waits for it"
    );
    assert_eq!(steps["first"]["outcome"], "done");
    assert_eq!(hosts(&steps["first"]), ["auth-mongodb-0.auth-mongodb:27017"]);
    assert_eq!(hosts(&steps["third"]).len(), 3);
    assert_eq!(steps["third"]["members"][2], json!([2, "auth-mongodb-2.auth-mongodb:27017"]));
}

#[test]
fn existing_state_is_not_changed() {
    let steps = lifecycle();
    for step in ["again", "restarted"] {
        assert_eq!((&steps[step]["outcome"], &steps[step]["writes"]), (&json!("done"), &json!(0)), "{step}");
    }
}

#[test]
fn the_service_can_use_its_own_database_only() {
    let steps = lifecycle();
    let users = steps["first"]["users"].as_object().expect("users");
    assert_eq!(users.keys().collect::<Vec<_>>(), ["admin.root", "auth.auth"]);
    assert_eq!(users["auth.auth"]["roles"], json!([{"role": "readWrite", "db": "auth"}]));
}

#[test]
fn a_new_password_is_applied_and_a_wrong_root_password_changes_nothing() {
    let steps = lifecycle();
    assert_eq!(steps["rotated"]["users"]["auth.auth"]["pwd"], "psecond");
    assert_eq!(steps["rotated"]["writes"], 1);
    let wrong_root = &steps["wrong root"];
    assert_eq!((&wrong_root["outcome"], &wrong_root["writes"]), (&json!("waits forever"), &json!(0)));
}

/// The real mongosh, with its own home folder.
fn mongosh(folder: &Path, arguments: &[&str]) -> Output {
    let program = root().join("infra/checks/npm/node_modules/.bin/mongosh");
    let mut command = Command::new(program);
    command.args(["--quiet", "--norc"]).args(arguments).env("HOME", folder).output().expect("mongosh")
}

/// The script with the addresses and secrets of the test, and a limit of retries.
fn script(folder: &Path, address: &str) -> String {
    let mut text = fs::read_to_string(root().join(SCRIPT)).expect("the script");
    let folder = format!("`{}/", folder.display());
    for (from, to) in [
        ("hostname())", r#""auth-mongodb-0")"#),
        ("`/secrets/", &folder),
        ("const me = member(ordinal);", &format!("const me = '{address}';")),
        ("const local = \"127.0.0.1:27017\";", &format!("const local = '{address}';")),
        ("sleep(2000);", "if ((globalThis.tries = (globalThis.tries ?? 0) + 1) > 30) quit(7); sleep(100);"),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    text
}

/// A replica set of one. `SecantusDB` always is one; `mongod` waits until the script initiates it.
fn started(folder: &Path) -> Server {
    let path = mongodb::find().unwrap_or_else(|error| panic!("{error}"));
    let is_secantus = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("secantusd"));
    if is_secantus {
        return mongodb::start(ServerLocation::default()).unwrap_or_else(|error| panic!("{error}"));
    }
    let port = Port::free().unwrap_or_else(|error| panic!("{error}"));
    let (number, data) = (port.number().to_string(), folder.to_string_lossy());
    let arguments = ["--bind_ip", "127.0.0.1", "--port", &number, "--dbpath", &data, "--replSet", "rs0"];
    let program = Program {
        name: "mongodb".to_owned(),
        path,
        arguments: arguments.into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("mongodb.log"),
        probe: ReadinessProbe::TcpConnect(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()))),
        timeout: Duration::from_secs(30),
    };
    let url = format!("mongodb://127.0.0.1:{number}/");
    Server::start(program, url, vec![port]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn mongosh_runs_it_and_the_service_signs_in_with_the_current_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let server = started(folder.path());
    let address = server.url().trim_start_matches("mongodb://").split('/').next().expect("an address");
    fs::write(path("setup.js"), script(folder.path(), address)).expect("a script");
    fs::write(path("root-password"), "proot\n").expect("a secret");
    for (password, creates_root) in [("pfirst", true), ("pfirst", false), ("psecond", false)] {
        fs::write(path("password"), password).expect("a secret");
        let output = mongosh(folder.path(), &["--nodb", &path("setup.js").to_string_lossy()]);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("done"), "{printed}");
        assert_eq!(printed.contains("creating root"), creates_root, "{printed}");

        let url = format!("mongodb://auth:{password}@{address}/auth?directConnection=true");
        let roles = "JSON.stringify(db.runCommand({ connectionStatus: 1 }).authInfo.authenticatedUserRoles)";
        let output = mongosh(folder.path(), &[&url, "--eval", roles]);
        let roles: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        assert_eq!(roles, json!([{"role": "readWrite", "db": "auth"}]));
    }
}
