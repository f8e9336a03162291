//! A server for a test that is hard on it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use servers::{Port, Program, ReadinessProbe, Server, ServerLocation, nats};

/// A server of one's own.
pub(crate) fn own_server() -> Server {
    nats::start(ServerLocation::default()).expect("a NATS server")
}

/// The same where only this user may connect. Its folder must outlive it.
pub(crate) fn guarded_server(user: &str, password: &str, folder: &std::path::Path) -> Server {
    let port = Port::free().expect("a port");
    let number = port.number().to_string();
    let arguments =
        ["-js", "-a", "127.0.0.1", "-p", &number, "--user", user, "--pass", password, "-sd", "data"];
    let program = Program {
        name: "nats".to_owned(),
        path: nats::find().expect("a NATS server"),
        arguments: arguments.into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("nats.log"),
        probe: ReadinessProbe::Greeting(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())), "INFO "),
        timeout: Duration::from_secs(30),
    };
    Server::start(program, format!("127.0.0.1:{number}"), vec![port]).expect("a NATS server")
}
