//! How to know that a server is ready.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// A server is ready when it …
#[derive(Debug, Clone)]
pub enum Ready {
    /// … accepts a connection.
    Accepts(SocketAddr),
    /// … greets whoever connects with these words.
    Greets(SocketAddr, &'static str),
    /// … answers `GET` of this path with 200.
    Answers(SocketAddr, String),
}

impl Ready {
    /// Whether it is ready now.
    pub fn now(&self) -> bool {
        match self {
            Self::Accepts(address) => connect(*address).is_ok(),
            Self::Greets(address, words) => {
                greeting(*address, words.len()).is_ok_and(|said| said == words.as_bytes())
            }
            Self::Answers(address, path) => status(*address, path).is_ok_and(|status| status == "200"),
        }
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn greeting(address: SocketAddr, length: usize) -> std::io::Result<Vec<u8>> {
    let mut said = vec![0; length];
    connect(address)?.read_exact(&mut said)?;
    Ok(said)
}

/// The status of the answer to `GET path`.
fn status(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    // `HTTP/1.1 200`
    let mut line = [0; 12];
    stream.read_exact(&mut line)?;
    Ok(String::from_utf8_lossy(&line[9..]).into_owned())
}
