//! The SMTP server.

use std::io;
use std::net::SocketAddr;

use mailin::{Action, Handler, Response, Session, SessionBuilder, response};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::MailSim;

/// The name in greetings.
const NAME: &str = "mail-sim";
/// The largest number of connections; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// The longest line. RFC 5321 section 4.5.3.1.6 allows 1,000 characters; programs exceed that.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// The largest email: the largest attachment of the marketplace, encoded, with space for the rest.
const MAX_EMAIL_BYTES: usize = 16 * 1024 * 1024;
/// The line that ends the contents of an email.
const END_OF_DATA: &[u8] = b".\r\n";

impl MailSim {
    /// Receives emails until the stop, which interrupts the connections.
    pub async fn serve_smtp(self, listener: TcpListener, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = async {
                if connections.len() >= MAX_CONNECTIONS {
                    connections.join_next().await;
                }
                while connections.try_join_next().is_some() {}
                listener.accept().await
            };
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(Connection::serve(self.clone(), stream, peer));
                }
                // The connection ended before it was accepted, or the process has too many files open.
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            }
        }
    }
}

/// One connection.
struct Connection {
    stream: BufReader<TcpStream>,
    session: Session<Receiver>,
}

impl Connection {
    async fn serve(sim: MailSim, stream: TcpStream, peer: SocketAddr) {
        let receiver = Receiver { sim: sim.clone(), sender: String::new(), to: Vec::new(), data: Vec::new() };
        let session = SessionBuilder::new(NAME).build(peer.ip(), receiver);
        let mut connection = Self { stream: BufReader::new(stream), session };
        if let Err(error) = connection.run(&sim).await {
            tracing::debug!(%error, "a connection broke");
        }
    }

    async fn run(&mut self, sim: &MailSim) -> io::Result<()> {
        let greeting = self.session.greeting();
        self.reply(&greeting).await?;
        let mut line = Vec::new();
        loop {
            line.clear();
            (&mut self.stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await?;
            // The client has closed the connection, or the line is too long.
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            let response = self.session.process(&line);
            if line == END_OF_DATA {
                sim.delay().await;
            }
            // Without a reply: the fault `drop`, or an email that is too large.
            if response == response::NO_SERVICE || response == response::TRANSACTION_FAILED {
                return Ok(());
            }
            self.reply(&response).await?;
            if response.action == Action::Close {
                return Ok(());
            }
        }
    }

    async fn reply(&mut self, response: &Response) -> io::Result<()> {
        if response.action == Action::NoReply {
            return Ok(());
        }
        self.stream.write_all(&response.buffer()?).await?;
        self.stream.flush().await
    }
}

/// Receives the emails of one connection.
struct Receiver {
    sim: MailSim,
    sender: String,
    to: Vec<String>,
    data: Vec<u8>,
}

impl Handler for Receiver {
    /// Faults that refuse an email do so here, as servers do that know their recipients.
    fn rcpt(&mut self, _to: &str) -> Response {
        if self.sim.consume(|faults| &mut faults.reject) {
            response::NO_MAILBOX
        } else if self.sim.consume(|faults| &mut faults.defer) {
            response::INTERNAL_ERROR
        } else {
            response::OK
        }
    }

    fn data_start(&mut self, _domain: &str, from: &str, _is8bit: bool, to: &[String]) -> Response {
        (self.sender, self.to) = (from.to_owned(), to.to_vec());
        self.data.clear();
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        if self.data.len() + line.len() > MAX_EMAIL_BYTES {
            return Err(io::Error::other("the email is too large"));
        }
        self.data.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        if self.sim.consume(|faults| &mut faults.drop) {
            return response::NO_SERVICE;
        }
        let (to, data) = (std::mem::take(&mut self.to), std::mem::take(&mut self.data));
        self.sim.receive(&self.sender, to, data);
        response::OK
    }
}
