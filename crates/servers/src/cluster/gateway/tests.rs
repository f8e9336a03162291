use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::*;
use crate::{Port, Server, nginx};

/// A request of a service: its head, and the connection to respond on.
type Received = (String, TcpStream);

/// A service with one replica that hands over its requests.
fn backend(name: &'static str) -> (Backend, Port, Receiver<Received>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let replica = listener.local_addr().expect("an address").port();
    let port = Port::free().expect("a port");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut lines = BufReader::new(&stream);
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).is_ok_and(|read| read > 0) {}
            if sender.send((head, stream)).is_err() {
                return;
            }
        }
    });
    (Backend { service: name, port: port.number(), replicas: vec![replica] }, port, receiver)
}

/// nginx in front of fake services.
struct Gateway {
    nginx: Server,
    requests: Vec<(&'static str, Receiver<Received>)>,
    _ports: Vec<Port>,
    _folder: tempfile::TempDir,
}

impl Gateway {
    fn start(change: impl Fn(&mut Backend)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut backends, mut requests, mut ports) = (Vec::new(), Vec::new(), Vec::new());
        let services: BTreeSet<_> = ROUTES.iter().map(|route| route.service).collect();
        for service in services {
            let (mut backend, port, receiver) = backend(service);
            change(&mut backend);
            backends.push(backend);
            requests.push((service, receiver));
            ports.push(port);
        }
        let port = Port::free().expect("a port");
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()));
        let text = configuration(listen, &backends);
        let nginx = nginx::start_on(port, folder.path(), folder.path(), &text).expect("it starts");
        Self { nginx, requests, _ports: ports, _folder: folder }
    }

    fn send(&self, request: &str) -> TcpStream {
        let mut stream =
            TcpStream::connect(self.nginx.url().trim_start_matches("http://")).expect("it listens");
        stream.write_all(request.as_bytes()).expect("sent");
        stream
    }

    /// The next request of a service.
    fn received_by(&self, service: &str) -> Received {
        let (_, requests) = self.requests.iter().find(|(name, _)| *name == service).expect("a service");
        requests.recv().expect("a request")
    }
}

#[test]
fn each_path_reaches_its_service() {
    let gateway = Gateway::start(|_| {});
    for (path, service) in [
        ("/api/users/signin", "auth"),
        ("/api/users", "auth"),
        ("/api/users/export", "client"),
        ("/api/usersx", "client"),
        ("/api/tickets?limit=1", "tickets"),
        ("/api/orders/1/events", "orders"),
        ("/api/payments/webhook", "payments"),
        ("/api/expiration", "client"),
        ("/tickets/1", "client"),
        ("/", "client"),
    ] {
        let _client = gateway.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let (head, _) = gateway.received_by(service);
        assert!(head.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{head}");
    }
}

#[test]
fn forwarded_headers_from_a_client_are_replaced() {
    let gateway = Gateway::start(|_| {});
    let _client = gateway.send(
        "GET / HTTP/1.1\r\nHost: tickets.example:81\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Host: evil.example\r\n\r\n",
    );
    let (head, _) = gateway.received_by("client");
    let head = head.to_lowercase();
    for line in [
        "host: tickets.example:81",
        "x-forwarded-host: tickets.example:81",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
    ] {
        assert!(head.contains(&format!("\n{line}\r")), "{line} is missing in\n{head}");
    }
    assert!(!head.contains("1.2.3.4") && !head.contains("evil"), "{head}");
}

#[test]
fn an_event_arrives_while_its_stream_goes_on() {
    let gateway = Gateway::start(|_| {});
    let mut client = gateway.send("GET /api/tickets/events HTTP/1.1\r\nHost: x\r\n\r\n");
    let (_, mut connection) = gateway.received_by("tickets");
    connection
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
        .expect("answered");
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(b"data: first\n\n") {
        let read = client.read(&mut byte).expect("it goes on");
        assert_eq!(read, 1, "the stream ended: {}", String::from_utf8_lossy(&received));
        received.push(byte[0]);
    }
    drop(connection);
}

#[test]
fn an_unavailable_replica_is_skipped() {
    let gone = Port::free().expect("a port");
    let gateway = Gateway::start(|backend| backend.replicas.insert(0, gone.number()));
    for _ in 0..4 {
        let mut client = gateway
            .send("POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let (_, mut connection) = gateway.received_by("orders");
        connection
            .write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .expect("answered");
        let mut received = String::new();
        client.read_to_string(&mut received).expect("an answer");
        assert!(received.starts_with("HTTP/1.1 201"), "{received}");
    }
}

#[test]
fn a_prefix_is_a_path_and_all_below_it() {
    let backends = [Backend { service: "auth", port: 1, replicas: vec![2, 3] }];
    let text = configuration(SocketAddr::from(([127, 0, 0, 1], 8080)), &backends);
    for line in [
        "location = /api/users { proxy_pass http://auth; }",
        "location /api/users/ { proxy_pass http://auth; }",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn nginx_always_listens_on_127_0_0_1() {
    assert_eq!(listen_directives(SocketAddr::from(([0, 0, 0, 0], 80))), "listen 0.0.0.0:80;");
    assert_eq!(
        listen_directives(SocketAddr::from(([10, 0, 0, 1], 80))),
        "listen 127.0.0.1:80; listen 10.0.0.1:80;"
    );
}
