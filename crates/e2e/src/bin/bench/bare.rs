//! The least server with axum: one handler that gives the same bytes to everybody. It bounds what any service built
//! with axum can reach on this machine.

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

/// Makes the bench that server: `bench bare-server <file with the bytes>`.
pub(crate) const COMMAND: &str = "bare-server";

/// Serves until it is killed.
#[tokio::main]
pub(crate) async fn serve(file: Option<&str>) -> Result<(), Failure> {
    let page = Bytes::from(std::fs::read(file.ok_or("name the file to serve")?)?);
    let show = move || async move { ([(CONTENT_TYPE, "application/json")], page) };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/api/tickets", get(show))).await?;
    Ok(())
}

/// The server as a process. Killed when dropped.
pub(crate) struct Bare {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    /// Starts it and waits until it says where it is.
    pub(crate) fn start(page: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(COMMAND).arg(page).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take();
        // From here on it is killed whatever happens.
        let mut bare = Self { child, address: ([127, 0, 0, 1], 0).into() };
        let mut line = String::new();
        BufReader::new(output.ok_or("the bare server has no output")?).read_line(&mut line)?;
        bare.address = line.trim().parse()?;
        Ok(bare)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
