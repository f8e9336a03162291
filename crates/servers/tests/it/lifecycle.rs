use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use servers::{Port, Program, ReadinessProbe, Server, ServerError, ServerLocation, mongodb, nats, nginx};

use crate::runs;

/// A shell script that never becomes ready.
fn shell(script: &str, folder: &Path) -> Program {
    let port = Port::free().expect("a port").number();
    Program {
        name: "shell".to_owned(),
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("shell.log"),
        probe: ReadinessProbe::TcpConnect(([127, 0, 0, 1], port).into()),
        timeout: std::time::Duration::from_millis(200),
    }
}

#[test]
fn each_server_starts_on_a_free_port_and_stops_gracefully() {
    let gateway = |port| format!("server {{ listen 127.0.0.1:{port}; return 200 here; }}\n");
    for server in [
        mongodb::start(ServerLocation::default()),
        nats::start(ServerLocation::default()),
        nginx::start(ServerLocation::default(), gateway),
    ] {
        let mut server = server.expect("it starts");
        let id = server.id().expect("it runs");
        assert!(runs(id), "{}", server.url());
        server.stop().expect("it stops");
        assert!(!runs(id), "{}", server.url());
    }
}

#[test]
fn nginx_answers_as_configured() {
    let gateway = |port| format!("server {{ listen 127.0.0.1:{port}; return 200 here; }}\n");
    let server = nginx::start(ServerLocation::default(), gateway).expect("it starts");
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).expect("it listens");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("here"), "{answer}");
}

#[test]
fn a_dropped_server_is_killed_and_its_folder_removed() {
    let server = nats::start(ServerLocation::default()).expect("it starts");
    let (id, folder) = (server.id().expect("it runs"), server.folder().to_owned());
    assert!(folder.is_dir());
    drop(server);
    assert!(!runs(id) && !folder.exists());
}

#[test]
fn the_error_of_a_failed_start_shows_the_end_of_the_log() {
    let error = nginx::start(ServerLocation::default(), |_| "nonsense;\n".to_owned())
        .expect_err("it is no configuration");
    assert!(error.to_string().contains("unknown directive \"nonsense\""), "{error}");
}

#[test]
fn waiting_for_a_server_ends_with_the_timeout() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Server::start(shell("echo thinking; sleep 60", folder.path()), String::new(), Vec::new());
    let error = error.expect_err("it never listens");
    assert!(matches!(error, ServerError::NotReady { .. }), "{error}");
    assert!(error.to_string().contains("thinking"), "{error}");
}

#[test]
fn a_server_that_ignores_sigterm_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "trap : TERM; echo ignoring; while :; do sleep 1; done";
    let mut server =
        Server::spawn(shell(script, folder.path()), String::new(), Vec::new()).expect("it starts");
    let id = server.id().expect("it runs");
    while !server.log_tail().contains("ignoring") {
        std::thread::yield_now();
    }
    let error = server.stop().expect_err("it ignores SIGTERM");
    assert!(matches!(error, ServerError::NotStopped { .. }), "{error}");
    assert!(!runs(id));
}

#[test]
fn a_port_in_use_is_an_error() {
    let first = nats::start(ServerLocation::default()).expect("it starts");
    let port = first.url().rsplit(':').next().and_then(|port| port.parse().ok());
    let error = nats::start(ServerLocation { port, ..ServerLocation::default() })
        .expect_err("two cannot share a port");
    assert!(matches!(error, ServerError::PortInUse(_)), "{error}");
}

/// Run by the next test in a process of its own, which is then killed.
#[test]
fn helper_that_starts_a_server_and_waits() {
    if std::env::var_os("SERVERS_TEST_WAITS").is_none() {
        return;
    }
    let server = nats::start(ServerLocation::default()).expect("it starts");
    println!("\nserver {}", server.id().expect("it runs"));
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn no_server_outlives_a_test_that_is_killed() {
    use std::io::{BufRead, BufReader};

    let mut test = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", "lifecycle::helper_that_starts_a_server_and_waits"])
        .env("SERVERS_TEST_WAITS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(test.stdout.take().expect("its output")).lines();
    let mut lines = lines.map(|line| line.expect("a line"));
    let id =
        lines.find_map(|line| line.strip_prefix("server ")?.parse().ok()).expect("it prints the server's id");
    assert!(runs(id));
    test.kill().expect("it can be killed");
    test.wait().expect("it ends");
    while runs(id) {
        std::thread::yield_now();
    }
}
