//! Serving the marketplace until a stop is requested.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bus::LocalBus;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::admin::{self, Health, ReadinessChecks};
use runtime::{ServeError, Tasks, bind, stop};
use store::sqlite::{SqliteBackend, SqliteOpenError};
use stripe_sim::Fees;

use crate::cli::ServeOptions;
use crate::demo::{self, DemoError};
use crate::{AssembleError, Marketplace, Parts, SIMULATOR, database_file};

/// The marketplace cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An address cannot be bound.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A service cannot start.
    #[error(transparent)]
    Assemble(#[from] AssembleError<SqliteOpenError>),
    /// The demo cannot be set up.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The operating system refused a request.
    #[error("the operating system refused a request: {0}")]
    System(#[from] std::io::Error),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Serves until Ctrl-C or SIGTERM, then finishes requests and work in progress and closes the databases.
///
/// # Errors
/// The marketplace cannot start.
pub async fn serve(options: &ServeOptions, folder: &Path) -> Result<(), RunError> {
    // The addresses first, so that a second marketplace fails before the data is touched.
    let listener = bind(options.listen, "--listen").await?;
    let stripe_listener = bind(options.stripe_listen, "--stripe-listen").await?;
    let smtp_listener = bind(options.mail_sim_listen, "--mail-sim-listen").await?;
    let mailbox_listener = bind(options.mailbox_listen, "--mailbox-listen").await?;
    let admin_listener = bind(options.admin_listen, "--admin-listen").await?;
    let metrics = admin::collect_metrics()?;

    let clock: SharedClock = Arc::new(SystemClock);
    let data = folder.to_owned();
    let parts = Parts {
        ids: Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy)),
        clock: Arc::clone(&clock),
        open: Box::new(move |name| {
            let file = database_file(&data, name);
            Ok(if name == SIMULATOR {
                SqliteBackend::open_unsynced(file)
            } else {
                SqliteBackend::open(file)
            }?)
        }),
        bus: Arc::new(LocalBus::new()),
        auth: options.auth.clone(),
        hold: options.hold,
        http: options.http.clone(),
        address: listener.local_addr()?,
        stripe_address: stripe_listener.local_addr()?,
        mail_sim_address: smtp_listener.local_addr()?,
        fees: Fees::default(),
    };
    let banner = Banner {
        address: parts.address,
        stripe: parts.stripe_address,
        mailbox: mailbox_listener.local_addr()?,
        admin: admin_listener.local_addr()?,
        hold: options.hold,
        demo: options.demo,
    };
    let tasks = Tasks::default();
    let marketplace = Marketplace::assemble(parts, &tasks).await?;
    if options.demo {
        demo::set_up(&marketplace.router, clock.now()).await?;
    }

    let serving = Tasks::default();
    tasks.spawn(runtime::serve(stripe_listener, marketplace.stripe.router(), tasks.stop_token()));
    tasks.spawn(runtime::serve(mailbox_listener, marketplace.mail.router(), tasks.stop_token()));
    tasks.spawn(marketplace.mail.clone().serve_smtp(smtp_listener, tasks.stop_token()));
    serving.spawn(runtime::serve(listener, marketplace.router.clone(), serving.stop_token()));
    let health = Health::starting(serving.stop_token());
    health.has_started(ReadinessChecks { stores: marketplace.stores.clone(), bus: None });
    admin::spawn(&tasks, admin_listener, health, metrics, clock);
    let stop_requested = stop::signal();
    banner.print(folder);

    stop_requested.await?;
    eprintln!("Stopping: finishing requests and work in progress.");
    // Requests first: the workers still publish the events that they commit.
    let in_time = serving.stop(stop::REQUESTS_TIMEOUT).await & tasks.stop(stop::WORK_TIMEOUT).await;
    if !in_time {
        tracing::warn!("some work did not finish in time; it continues at the next start");
    }
    marketplace.close().await;
    Ok(())
}

/// The start message: addresses and commands to try.
struct Banner {
    address: SocketAddr,
    stripe: SocketAddr,
    mailbox: SocketAddr,
    admin: SocketAddr,
    hold: Duration,
    demo: bool,
}

impl Banner {
    fn print(&self, folder: &Path) {
        let Self { address, stripe, mailbox, admin, hold, demo } = self;
        println!("Ticketing is ready.\n");
        println!("  Marketplace        http://{address}");
        println!("  API                http://{address}/api/docs");
        println!("  Stripe simulator   http://{stripe}   (no real money moves)");
        println!("  Mailbox            http://{mailbox}   (no email leaves this machine)");
        println!("  Metrics, health    http://{admin}/metrics");
        println!("  Data               {}", folder.display());
        println!("  A ticket is held   {}\n", duration_text(*hold));
        if *demo {
            println!("Demo accounts: ada@example.com, grace@example.com, linus@example.com");
            println!("Their password: {}\n", demo::PASSWORD);
        }
        println!("Open http://{address} in a browser, or try:  curl http://{address}/api/tickets");
        println!("README.md shows a whole purchase with curl. Ctrl-C stops.");
    }
}

fn duration_text(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_shown_in_its_largest_whole_unit() {
        let texts = [900_000, 20_000, 90_000, 250].map(|millis| duration_text(Duration::from_millis(millis)));
        assert_eq!(texts, ["15 min", "20 s", "90 s", "250 ms"]);
    }
}
