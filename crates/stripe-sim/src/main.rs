//! The simulator as a program.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use store::Store;
use store::sqlite::{SqliteBackend, SqliteOpenError};
use stripe_sim::{Fees, Settings, StripeSim};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// A simulator of the part of Stripe's API that takes card payments.
///
/// Point any of Stripe's libraries at the listening address, with the keys below. The control page has the same
/// address.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The listening address.
    #[arg(long, env = "STRIPE_SIM_LISTEN", default_value = "127.0.0.1:12111")]
    listen: SocketAddr,
    /// The database file. By default the state is in memory and ends with the process.
    #[arg(long, env = "STRIPE_SIM_DATABASE")]
    database: Option<PathBuf>,
    /// The address for browsers. By default the listening address.
    #[arg(long, env = "STRIPE_SIM_PUBLIC_URL")]
    public_url: Option<String>,
    /// The receiver of events, such as `http://127.0.0.1:3000/api/payments/webhook`.
    #[arg(long, env = "STRIPE_SIM_WEBHOOK_URL")]
    webhook_url: Option<String>,
    /// The signing secret of events. Of several, separated by commas, each signs, as during a roll.
    #[arg(
        long = "webhook-secret",
        env = "STRIPE_SIM_WEBHOOK_SECRET",
        default_value = "whsec_sim",
        value_delimiter = ',',
        hide_env_values = true
    )]
    webhook_secrets: Vec<String>,
    /// The event types to send, separated by commas; `*` is all.
    #[arg(long, env = "STRIPE_SIM_WEBHOOK_EVENTS", default_value = "*", value_delimiter = ',')]
    webhook_events: Vec<String>,
    /// The secret key.
    #[arg(long, env = "STRIPE_SIM_SECRET_KEY", default_value = "sk_test_sim", hide_env_values = true)]
    secret_key: String,
    /// The publishable key.
    #[arg(long, env = "STRIPE_SIM_PUBLISHABLE_KEY", default_value = "pk_test_sim")]
    publishable_key: String,
    /// The fee of every capture in hundredths of a percent: 290 is 2.9 %.
    #[arg(long, env = "STRIPE_SIM_FEE_BASIS_POINTS", default_value_t = 0)]
    fee_basis_points: u16,
    /// The fixed fee of every capture in minor units.
    #[arg(long, env = "STRIPE_SIM_FEE_FIXED", default_value_t = 0)]
    fee_fixed: u32,
    /// The fee of every dispute in minor units.
    #[arg(long, env = "STRIPE_SIM_FEE_DISPUTE", default_value_t = 0)]
    fee_dispute: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    let args = Args::parse();
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(clock.clone(), Arc::new(SystemEntropy));
    let store = Store::new(open(args.database.as_deref())?, clock.clone(), ids.clone());
    let listener = TcpListener::bind(args.listen).await?;
    let address = listener.local_addr()?;
    let sim = StripeSim::new(&store, clock, ids, settings(args, address));
    tracing::info!(%address, "listening");

    let stop = CancellationToken::new();
    let server = axum::serve(listener, sim.router()).with_graceful_shutdown(stop.clone().cancelled_owned());
    let (outcome, (), signalled) =
        tokio::join!(server.into_future(), sim.deliver_webhooks(stop.clone()), stop_on_signal(&stop));
    store.backend().close().await;
    outcome?;
    Ok(signalled?)
}

fn open(file: Option<&Path>) -> Result<Arc<SqliteBackend>, SqliteOpenError> {
    match file {
        Some(file) => SqliteBackend::open_unsynced(file),
        None => SqliteBackend::in_memory(),
    }
}

fn settings(args: Args, address: SocketAddr) -> Settings {
    let public_url = args.public_url.unwrap_or_else(|| format!("http://{address}"));
    Settings {
        public_url: public_url.trim_end_matches('/').to_owned(),
        webhook_url: args.webhook_url,
        webhook_secrets: args.webhook_secrets,
        webhook_events: args.webhook_events,
        secret_key: args.secret_key,
        publishable_key: args.publishable_key,
        fees: Fees {
            basis_points: args.fee_basis_points.into(),
            fixed: args.fee_fixed.into(),
            dispute: args.fee_dispute.into(),
        },
    }
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
