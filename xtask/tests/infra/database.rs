//! `setup.js` makes what a database needs once, and keeps it as it shall be.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use ::pods::manifests::root;
use serde_json::{Value, json};
use servers::{Place, Port, Program, Ready, Server, mongodb};

const SCRIPT: &str = "infra/k8s/base/mongodb/instance/setup.js";

/// What became of the members of a replica set, by the steps of their life.
fn life() -> Value {
    let folder = root().join("xtask/tests/infra");
    let output =
        Command::new("node").arg("mongosh.mjs").arg(root().join(SCRIPT)).current_dir(folder).output();
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

/// The real mongosh, with a home of its own.
fn mongosh(folder: &Path, arguments: &[&str]) -> Output {
    let program = root().join("infra/checks/npm/node_modules/.bin/mongosh");
    let mut command = Command::new(program);
    command.args(["--quiet", "--norc"]).args(arguments).env("HOME", folder).output().expect("mongosh")
}

/// The script as it is, but for where its pod and its secrets are, and that it does not wait for ever.
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

/// A replica set of one, as `SecantusDB` is by its own account; a real `mongod` waits for the script to begin it.
fn started(folder: &Path) -> Server {
    let path = mongodb::find().unwrap_or_else(|fault| panic!("{fault}"));
    let is_secantus = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("secantusd"));
    if is_secantus {
        return mongodb::start(Place::default()).unwrap_or_else(|fault| panic!("{fault}"));
    }
    let port = Port::free().unwrap_or_else(|fault| panic!("{fault}"));
    let (number, data) = (port.number().to_string(), folder.to_string_lossy());
    let arguments = ["--bind_ip", "127.0.0.1", "--port", &number, "--dbpath", &data, "--replSet", "rs0"];
    let program = Program {
        name: "mongodb".to_owned(),
        path,
        arguments: arguments.into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("mongodb.log"),
        ready: Ready::Accepts(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()))),
        patience: Duration::from_secs(30),
    };
    let url = format!("mongodb://127.0.0.1:{number}/");
    Server::start(program, url, vec![port]).unwrap_or_else(|fault| panic!("{fault}"))
}

#[test]
fn mongosh_runs_it_and_the_service_gets_in_with_the_password_of_the_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let server = started(folder.path());
    let address = server.url().trim_start_matches("mongodb://").split('/').next().expect("an address");
    fs::write(path("setup.js"), script(folder.path(), address)).expect("a script");
    fs::write(path("root-password"), "proot\n").expect("a secret");
    for (password, making) in [("pfirst", true), ("pfirst", false), ("psecond", false)] {
        fs::write(path("password"), password).expect("a secret");
        let output = mongosh(folder.path(), &["--nodb", &path("setup.js").to_string_lossy()]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("done"), "{said}");
        assert_eq!(said.contains("making root"), making, "{said}");

        let url = format!("mongodb://auth:{password}@{address}/auth?directConnection=true");
        let roles = "JSON.stringify(db.runCommand({ connectionStatus: 1 }).authInfo.authenticatedUserRoles)";
        let output = mongosh(folder.path(), &[&url, "--eval", roles]);
        let roles: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        assert_eq!(roles, json!([{"role": "readWrite", "db": "auth"}]));
    }
}
