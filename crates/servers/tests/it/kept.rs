use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use servers::{Place, Server, mongodb, nats};

/// A conversation with a NATS server in its own plain words.
struct Nats(TcpStream);

impl Nats {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.url().trim_start_matches("nats://")).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let mut nats = Self(stream);
        nats.hear("\r\n");
        nats.say("CONNECT {\"verbose\":false}\r\nSUB answers 1\r\nPING\r\n");
        nats.hear("PONG\r\n");
        nats
    }

    fn say(&mut self, words: &str) {
        self.0.write_all(words.as_bytes()).expect("sent");
    }

    /// Everything up to these words.
    fn hear(&mut self, end: &str) -> String {
        let (mut heard, mut byte) = (String::new(), [0]);
        while !heard.ends_with(end) {
            self.0.read_exact(&mut byte).expect("it answers");
            heard.push(char::from(byte[0]));
        }
        heard
    }

    /// What JetStream answers.
    fn ask(&mut self, subject: &str, data: &str) -> String {
        self.say(&format!("PUB {subject} answers {}\r\n{data}\r\n", data.len()));
        self.hear("}\r\n")
    }
}

#[test]
fn what_nats_acknowledged_survives_its_being_killed() {
    let mut server = nats::start(Place::default()).expect("it starts");
    let url = server.url().to_owned();
    let mut nats = Nats::connect(&server);
    let made =
        nats.ask("$JS.API.STREAM.CREATE.kept", r#"{"name":"kept","subjects":["kept.>"],"storage":"file"}"#);
    assert!(made.contains("\"did_create\":true"), "{made}");
    for seq in 1..=10 {
        let stored = nats.ask("kept.one", "fact");
        assert!(stored.contains(&format!("\"seq\":{seq}")), "{stored}");
    }

    server.kill();
    assert!(TcpStream::connect(url.trim_start_matches("nats://")).is_err());
    server.restart().expect("it starts again");

    assert_eq!(server.url(), url);
    let told = Nats::connect(&server).ask("$JS.API.STREAM.INFO.kept", "");
    assert!(told.contains("\"messages\":10"), "{told}");
}

#[test]
fn a_paused_server_keeps_its_connections_and_says_nothing() {
    let mut server = nats::start(Place::default()).expect("it starts");
    let mut nats = Nats::connect(&server);
    server.pause().expect("it can be paused");
    nats.0.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    // It may have said something before.
    while nats.0.read(&mut [0]).is_ok_and(|read| read > 0) {}
    nats.say("PING\r\n");
    assert_eq!(nats.0.read(&mut [0]).expect_err("it says nothing").kind(), ErrorKind::WouldBlock);
    server.resume().expect("it can be resumed");
    nats.0.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    nats.hear("PONG\r\n");
}

#[test]
fn a_mongodb_server_starts_again_in_a_folder_that_it_was_killed_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = mongodb::start(Place::folder(folder.path())).expect("it starts");
    server.kill();
    server.restart().expect("it starts again");
    drop(server);
    assert!(folder.path().join("data").is_dir(), "a folder that was given is kept");
}
