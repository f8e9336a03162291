//! A cluster of fake services.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;

use servers::cluster::{Cluster, ClusterConfig, SERVICES};
use servers::{ServerError, Signal, send_signal};
use tempfile::TempDir;

use crate::runs;

/// Variables of its environment that a fake service responds with.
const VARIABLES: [&str; 5] = ["STORE_URL", "BUS_URL", "JWKS_URL", "TRUSTED_PROXIES", "ORDER_HOLD"];

/// A cluster whose programs are this test program.
fn start(change: impl FnOnce(&mut ClusterConfig)) -> (Result<Cluster, ServerError>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = folder.path().join("programs");
    fs::create_dir(&programs).expect("a folder");
    let names = SERVICES.iter().map(|service| service.name).chain(["stripe-sim", "mail-sim"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fake_service.sh");
    for name in names {
        symlink(&script, programs.join(name)).expect("a link");
    }
    let mut config = ClusterConfig::new(programs, folder.path().join("cluster"));
    let test = std::env::current_exe().expect("this test").display().to_string();
    config.environment.push(("FAKE_SERVICE_PROGRAM".to_owned(), test));
    change(&mut config);
    (Cluster::start(config), folder)
}

/// Run by the other tests as the program of each service.
#[test]
fn helper_that_is_a_fake_service() {
    let Ok(name) = std::env::var("FAKE_SERVICE") else { return };
    let addresses = ["LISTEN", "ADMIN_LISTEN", "STRIPE_SIM_LISTEN", "MAIL_SIM_LISTEN", "MAILBOX_LISTEN"];
    let addresses = addresses.iter().filter_map(|variable| std::env::var(variable).ok());
    let variables =
        VARIABLES.map(|variable| format!("{variable}={}\n", std::env::var(variable).unwrap_or_default()));
    let body = format!("name={name}\nid={}\n{}", std::process::id(), variables.concat());
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

/// The value of a key in the response to `GET path`.
fn get(cluster: &Cluster, path: &str, key: &str) -> String {
    let mut stream = TcpStream::connect(cluster.url().trim_start_matches("http://")).expect("it listens");
    write!(stream, "GET {path} HTTP/1.0\r\nhost: x\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let line = answer.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("{key} is missing in {answer}")).to_owned()
}

#[test]
fn each_service_has_its_own_database_and_answers_its_own_paths() {
    let (cluster, _folder) =
        start(|config| config.environment.push(("ORDER_HOLD".to_owned(), "20s".to_owned())));
    let cluster = cluster.expect("it starts");
    assert_eq!(get(&cluster, "/api/orders", "name"), "orders");
    assert_eq!(get(&cluster, "/api/orders", "ORDER_HOLD"), "20s");
    assert_eq!(get(&cluster, "/api/orders", "STORE_URL"), cluster.database_url("orders"));
    assert!(cluster.database_url("orders").ends_with("/orders?directConnection=true"));
    assert_eq!(get(&cluster, "/api/tickets/1", "BUS_URL"), cluster.nats_url());
    assert_eq!(get(&cluster, "/orders", "name"), "client");
    cluster.stop().expect("everything stops gracefully");
}

#[test]
fn requests_are_spread_over_replicas_and_reach_the_one_that_is_left() {
    let (cluster, _folder) = start(|_| {});
    let mut cluster = cluster.expect("it starts");
    let mut ids: Vec<_> = (0..4).map(|_| get(&cluster, "/api/tickets", "id")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2, "both are asked");
    cluster.process("tickets-1").expect("a replica").kill();
    let left = cluster.process("tickets-2").and_then(|server| server.id()).expect("it runs");
    assert!((0..4).all(|_| get(&cluster, "/api/tickets", "id") == left.to_string()));
    assert!(
        cluster.restart_exited().expect("nothing to start").is_empty(),
        "a process killed on purpose stays down"
    );
}

#[test]
fn a_process_that_exits_is_reported_and_restarted() {
    let (cluster, _folder) = start(|_| {});
    let mut cluster = cluster.expect("it starts");
    let id = cluster.process("payments-2").and_then(|server| server.id()).expect("it runs");
    send_signal(id, Signal::KILL).expect("it can be killed");
    let exits = loop {
        let exits = cluster.restart_exited().expect("it starts again");
        if !exits.is_empty() {
            break exits;
        }
        thread::yield_now();
    };
    assert_eq!(exits.iter().map(|exit| exit.name.as_str()).collect::<Vec<_>>(), ["payments-2"]);
    let again = cluster.process("payments-2").expect("it is known");
    again.wait_until_ready().expect("it gets ready");
    assert_ne!(again.id(), Some(id));
}

#[test]
fn no_process_of_a_dropped_cluster_runs_on() {
    let (cluster, _folder) = start(|config| config.replicas = 1);
    let mut cluster = cluster.expect("it starts");
    let ids: Vec<_> = cluster.processes().filter_map(|server| server.id()).collect();
    // Seven services, the two simulators, nginx, NATS and MongoDB.
    assert_eq!(ids.len(), 12);
    drop(cluster);
    assert!(!ids.into_iter().any(runs));
}

#[test]
fn a_service_that_is_not_built_is_an_error() {
    let (cluster, _folder) =
        start(|config| fs::remove_file(config.programs.join("orders")).expect("it was there"));
    let error = cluster.expect_err("a program is missing").to_string();
    assert!(error.starts_with("orders-1 cannot be started"), "{error}");
}
