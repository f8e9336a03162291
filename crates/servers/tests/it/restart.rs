use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use servers::{Server, ServerLocation, mongodb, nats};

/// A client of the NATS protocol.
struct Nats(TcpStream);

impl Nats {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.url().trim_start_matches("nats://")).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let mut nats = Self(stream);
        nats.read_until("\r\n");
        nats.send("CONNECT {\"verbose\":false}\r\nSUB answers 1\r\nPING\r\n");
        nats.read_until("PONG\r\n");
        nats
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).expect("sent");
    }

    fn read_until(&mut self, end: &str) -> String {
        let (mut text, mut byte) = (String::new(), [0]);
        while !text.ends_with(end) {
            self.0.read_exact(&mut byte).expect("it answers");
            text.push(char::from(byte[0]));
        }
        text
    }

    /// JetStream's response to a request.
    fn request(&mut self, subject: &str, data: &str) -> String {
        self.send(&format!("PUB {subject} answers {}\r\n{data}\r\n", data.len()));
        self.read_until("}\r\n")
    }
}

#[test]
fn acknowledged_messages_survive_a_kill_of_nats() {
    let mut server = nats::start(ServerLocation::default()).expect("it starts");
    let url = server.url().to_owned();
    let mut nats = Nats::connect(&server);
    let created = nats
        .request("$JS.API.STREAM.CREATE.kept", r#"{"name":"kept","subjects":["kept.>"],"storage":"file"}"#);
    assert!(created.contains("\"did_create\":true"), "{created}");
    for seq in 1..=10 {
        let stored = nats.request("kept.one", "event");
        assert!(stored.contains(&format!("\"seq\":{seq}")), "{stored}");
    }

    server.kill();
    assert!(TcpStream::connect(url.trim_start_matches("nats://")).is_err());
    server.restart().expect("it starts again");

    assert_eq!(server.url(), url);
    let info = Nats::connect(&server).request("$JS.API.STREAM.INFO.kept", "");
    assert!(info.contains("\"messages\":10"), "{info}");
}

#[test]
fn a_paused_server_keeps_its_connections_and_sends_nothing() {
    let mut server = nats::start(ServerLocation::default()).expect("it starts");
    let mut nats = Nats::connect(&server);
    server.pause().expect("it can be paused");
    nats.0.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    // The server may have sent something before the pause.
    while nats.0.read(&mut [0]).is_ok_and(|read| read > 0) {}
    nats.send("PING\r\n");
    assert_eq!(nats.0.read(&mut [0]).expect_err("nothing is sent").kind(), ErrorKind::WouldBlock);
    server.resume().expect("it can be resumed");
    nats.0.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    nats.read_until("PONG\r\n");
}

#[test]
fn mongodb_restarts_in_the_folder_of_a_killed_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = mongodb::start(ServerLocation::folder(folder.path())).expect("it starts");
    server.kill();
    server.restart().expect("it starts again");
    drop(server);
    assert!(folder.path().join("data").is_dir(), "a folder that was given is kept");
}
