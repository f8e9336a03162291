//! The cluster around services that only tell who they are.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;

use servers::ServerError;
use servers::cluster::{Cluster, Plan, SERVICES};
use tempfile::TempDir;

use crate::support::runs;

/// What a pretended service tells of its environment.
const TOLD: [&str; 5] = ["STORE_URL", "BUS_URL", "JWKS_URL", "TRUSTED_PROXIES", "ORDER_HOLD"];

/// A cluster whose programs are this test, pretending.
fn start(change: impl FnOnce(&mut Plan)) -> (Result<Cluster, ServerError>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = folder.path().join("programs");
    fs::create_dir(&programs).expect("a folder");
    let names = SERVICES.iter().map(|service| service.name).chain(["stripe-sim"]);
    let pretend = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/pretend.sh");
    for name in names {
        symlink(&pretend, programs.join(name)).expect("a link");
    }
    let mut plan = Plan::new(programs, folder.path().join("cluster"));
    let test = std::env::current_exe().expect("this test").display().to_string();
    plan.environment.push(("PRETENDER".to_owned(), test));
    change(&mut plan);
    (Cluster::start(plan), folder)
}

/// Run by the other tests as the services' program.
#[test]
fn helper_that_pretends_to_be_a_service() {
    let Ok(name) = std::env::var("PRETEND") else { return };
    let addresses = ["LISTEN", "ADMIN_LISTEN", "STRIPE_SIM_LISTEN"];
    let addresses = addresses.iter().filter_map(|variable| std::env::var(variable).ok());
    let told = TOLD.map(|variable| format!("{variable}={}\n", std::env::var(variable).unwrap_or_default()));
    let body = format!("name={name}\nid={}\n{}", std::process::id(), told.concat());
    let answering: Vec<_> = addresses
        .map(|address| {
            let (listener, body) = (TcpListener::bind(address).expect("a free port"), body.clone());
            thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &body)))
        })
        .collect();
    for thread in answering {
        thread.join().expect("it answers");
    }
}

fn answer(mut stream: TcpStream, body: &str) {
    let lines = BufReader::new(&stream).lines();
    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// One line of what is answered at a path.
fn ask(cluster: &Cluster, path: &str, what: &str) -> String {
    let mut stream = TcpStream::connect(cluster.url().trim_start_matches("http://")).expect("it listens");
    write!(stream, "GET {path} HTTP/1.0\r\nhost: x\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let line = answer.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("{what} is missing in {answer}")).to_owned()
}

#[test]
fn each_service_is_told_of_its_own_database_and_answers_its_own_paths() {
    let (cluster, _folder) = start(|plan| plan.environment.push(("ORDER_HOLD".to_owned(), "20s".to_owned())));
    let cluster = cluster.expect("it starts");
    assert_eq!(ask(&cluster, "/api/orders", "name"), "orders");
    assert_eq!(ask(&cluster, "/api/orders", "ORDER_HOLD"), "20s");
    assert_eq!(ask(&cluster, "/api/orders", "STORE_URL"), cluster.database_url("orders"));
    assert!(cluster.database_url("orders").ends_with("/orders?directConnection=true"));
    assert_eq!(ask(&cluster, "/api/tickets/1", "BUS_URL"), cluster.nats_url());
    assert_eq!(ask(&cluster, "/orders", "name"), "client");
    cluster.stop().expect("all of it stops by itself");
}

#[test]
fn requests_are_spread_over_replicas_and_reach_the_one_that_is_left() {
    let (cluster, _folder) = start(|_| {});
    let mut cluster = cluster.expect("it starts");
    let mut ids: Vec<_> = (0..4).map(|_| ask(&cluster, "/api/tickets", "id")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2, "both are asked");
    cluster.process("tickets-1").expect("a replica").kill();
    let left = cluster.process("tickets-2").and_then(|server| server.id()).expect("it runs");
    assert!((0..4).all(|_| ask(&cluster, "/api/tickets", "id") == left.to_string()));
    assert!(cluster.revive().expect("nothing to start").is_empty(), "what was killed on purpose stays down");
}

#[test]
fn what_ends_by_itself_is_told_and_started_again() {
    let (cluster, _folder) = start(|_| {});
    let mut cluster = cluster.expect("it starts");
    let id = cluster.process("payments-2").and_then(|server| server.id()).expect("it runs");
    let killed = std::process::Command::new("kill").args(["-KILL", &id.to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let losses = loop {
        let losses = cluster.revive().expect("it starts again");
        if !losses.is_empty() {
            break losses;
        }
        thread::yield_now();
    };
    assert_eq!(losses.iter().map(|loss| loss.name.as_str()).collect::<Vec<_>>(), ["payments-2"]);
    let again = cluster.process("payments-2").expect("it is known");
    again.wait_until_ready().expect("it gets ready");
    assert_ne!(again.id(), Some(id));
}

#[test]
fn nothing_of_a_cluster_that_is_dropped_runs_on() {
    let (cluster, _folder) = start(|plan| plan.replicas = 1);
    let mut cluster = cluster.expect("it starts");
    let ids: Vec<_> = cluster.processes().filter_map(|server| server.id()).collect();
    // Six services, the simulator, nginx, NATS and MongoDB.
    assert_eq!(ids.len(), 10);
    drop(cluster);
    assert!(!ids.into_iter().any(runs));
}

#[test]
fn a_service_that_is_not_built_is_told() {
    let (cluster, _folder) =
        start(|plan| fs::remove_file(plan.programs.join("orders")).expect("it was there"));
    let fault = cluster.expect_err("a program is missing").to_string();
    assert!(fault.starts_with("orders-1 cannot be started"), "{fault}");
}
