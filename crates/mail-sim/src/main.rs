//! The simulator as a program.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Parser;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use mail_sim::MailSim;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// An SMTP server whose mailbox is read in a browser, and over the part of Mailpit's API that tests need.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The address of the SMTP server.
    #[arg(long, env = "MAIL_SIM_LISTEN", default_value = "127.0.0.1:1025")]
    listen: SocketAddr,
    /// The address of the mailbox.
    #[arg(long, env = "MAILBOX_LISTEN", default_value = "127.0.0.1:8025")]
    mailbox_listen: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    let args = Args::parse();
    let clock: SharedClock = Arc::new(SystemClock);
    let sim = MailSim::new(Arc::clone(&clock), Ids::new(clock, Arc::new(SystemEntropy)));
    let (smtp, http) = (TcpListener::bind(args.listen).await?, TcpListener::bind(args.mailbox_listen).await?);
    tracing::info!(smtp = %smtp.local_addr()?, mailbox = %http.local_addr()?, "listening");

    let stop = CancellationToken::new();
    let server = axum::serve(http, sim.router()).with_graceful_shutdown(stop.clone().cancelled_owned());
    let (outcome, (), signalled) =
        tokio::join!(server.into_future(), sim.serve_smtp(smtp, stop.clone()), stop_on_signal(&stop));
    outcome?;
    Ok(signalled?)
}

/// Stops on Ctrl-C and SIGTERM.
async fn stop_on_signal(stop: &CancellationToken) -> std::io::Result<()> {
    let _cancel_on_drop = stop.clone().drop_guard();
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}
