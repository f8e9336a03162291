//! The minimal server with axum: one handler that returns the same bytes to every caller. Its figures bound those of any
//! service built with axum on this machine.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::program::Failure;

/// The argument that makes the bench this server: `bench bare-server <file with the bytes>`.
pub(crate) const COMMAND: &str = "bare-server";

/// Serves until the process is killed.
#[tokio::main]
pub(crate) async fn serve(file: Option<&str>) -> Result<(), Failure> {
    let page = Bytes::from(std::fs::read(file.ok_or("name the file to serve")?)?);
    let read = move || async move { ([(CONTENT_TYPE, "application/json")], page) };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/api/tickets", get(read))).await?;
    Ok(())
}

/// The server as a process. Killed when dropped.
pub(crate) struct BareServer {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl BareServer {
    /// Starts the server and waits until it prints its address.
    pub(crate) fn start(page: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(COMMAND).arg(page).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take();
        // From here on every error kills the process.
        let mut server = Self { child, address: ([127, 0, 0, 1], 0).into() };
        let mut line = String::new();
        BufReader::new(output.ok_or("the bare server has no output")?).read_line(&mut line)?;
        server.address = line.trim().parse()?;
        Ok(server)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
