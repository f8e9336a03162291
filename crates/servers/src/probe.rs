//! Readiness probes, and polling with a timeout.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Timeout of one attempt of a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Interval between two polls of another process.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Polls until `poll` returns a value. Returns `None` after the timeout.
#[expect(clippy::disallowed_methods, reason = "another process runs in real time and sends no notification")]
pub fn poll_until<T>(timeout: Duration, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = poll() {
            return Some(value);
        }
        if start.elapsed() > timeout {
            return None;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// The condition under which a server is ready.
#[derive(Debug, Clone)]
pub enum ReadinessProbe {
    /// A TCP connection is accepted.
    TcpConnect(SocketAddr),
    /// A new TCP connection receives these first bytes.
    Greeting(SocketAddr, &'static str),
    /// `GET` of this path is answered with 200.
    HttpGet(SocketAddr, String),
}

impl ReadinessProbe {
    /// Whether the probe succeeds now.
    pub fn succeeds(&self) -> bool {
        match self {
            Self::TcpConnect(address) => connect(*address).is_ok(),
            Self::Greeting(address, expected) => {
                greeting(*address, expected.len()).is_ok_and(|received| received == expected.as_bytes())
            }
            Self::HttpGet(address, path) => status(*address, path).is_ok_and(|status| status == "200"),
        }
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PROBE_TIMEOUT)?;
    stream.set_read_timeout(Some(PROBE_TIMEOUT))?;
    stream.set_write_timeout(Some(PROBE_TIMEOUT))?;
    Ok(stream)
}

fn greeting(address: SocketAddr, length: usize) -> std::io::Result<Vec<u8>> {
    let mut received = vec![0; length];
    connect(address)?.read_exact(&mut received)?;
    Ok(received)
}

/// The status of the response to `GET path`.
fn status(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    // `HTTP/1.1 200`
    let mut line = [0; 12];
    stream.read_exact(&mut line)?;
    Ok(String::from_utf8_lossy(&line[9..]).into_owned())
}
