//! `cargo xtask up`: the cluster on this machine, until Ctrl-C.

use std::fs::{self, File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use servers::cluster::{Cluster, ClusterConfig};
use servers::{ServerError, tools};

use crate::run::{TaskError, build_programs, handle_signals, programs, root, unusable};
use crate::setup;

/// Interval between two checks for exited processes.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Options of `cargo xtask up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The marketplace's address.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Build with optimizations, which takes minutes instead of seconds.
    #[arg(long)]
    release: bool,

    /// Delete the databases first.
    #[arg(long)]
    fresh: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    setup::servers()?;
    build_programs(options.release)?;
    let folder = tools().join("up");
    let _lock = lock(&folder)?;
    clear(&folder, options.fresh)?;
    eprintln!("\n=== starting two processes of each service");
    let config =
        ClusterConfig { listen: options.listen, ..ClusterConfig::new(programs(options.release)?, &folder) };
    let mut cluster = Cluster::start(config).map_err(task_error)?;
    // Until here Ctrl-C ends xtask and, by their watchdogs, its child processes at once.
    let stop = stop_requests()?;
    print_banner(&cluster, &folder);
    restart_exited(&mut cluster, &stop)?;
    eprintln!("Stopping: the services first, then the servers. Ctrl-C again kills them.");
    thread::spawn(move || stop.recv().map(|()| std::process::exit(130)));
    cluster.stop().map_err(task_error)
}

/// Locks the data folder, which two clusters cannot share.
fn lock(folder: &Path) -> Result<File, TaskError> {
    let path = folder.join("lock");
    fs::create_dir_all(folder).map_err(unusable(folder))?;
    let file = File::create(&path).map_err(unusable(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(TaskError("`cargo xtask up` is already running; stop it first".to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(unusable(&path)(error)),
    }
}

/// Removes the logs of the last run, and optionally the data.
fn clear(folder: &Path, data: bool) -> Result<(), TaskError> {
    let folders = ["logs", "data"].map(|name| folder.join(name));
    for folder in folders.iter().take(if data { 2 } else { 1 }).filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder).map_err(unusable(folder))?;
    }
    Ok(())
}

/// A channel that receives each Ctrl-C and SIGTERM.
fn stop_requests() -> Result<Receiver<()>, TaskError> {
    let mut signals = handle_signals()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || signals.forever().try_for_each(|_| sender.send(())));
    Ok(receiver)
}

/// Restarts processes that exit, as Kubernetes would, until a stop is requested.
fn restart_exited(cluster: &mut Cluster, stop: &Receiver<()>) -> Result<(), TaskError> {
    while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(CHECK_INTERVAL) {
        for exit in cluster.restart_exited().map_err(task_error)? {
            let (name, status, log) = (exit.name, exit.status, exit.log);
            eprintln!("\n{name} exited ({status}) and is restarted. Its log ends with:\n{log}");
        }
    }
    Ok(())
}

fn print_banner(cluster: &Cluster, folder: &Path) {
    let folder = folder.strip_prefix(root()).unwrap_or(folder);
    println!("\nTicketing is ready, as a cluster: two processes of each service behind nginx.\n");
    println!("  Marketplace        {}", cluster.url());
    println!("  Stripe simulator   {}   (no real money moves)", cluster.stripe_url());
    println!("  Mailbox            {}   (no email leaves this machine)", cluster.mailbox_url());
    println!("  MongoDB            {}", cluster.database_url(""));
    println!("  NATS               {}", cluster.nats_url());
    for (name, url) in cluster.admin_urls() {
        println!("  {name:<18} {url}/metrics");
    }
    println!("  Data, logs         {}", folder.display());
    let hold = std::env::var("ORDER_HOLD").unwrap_or_else(|_| "15m".to_owned());
    println!("  A ticket is held   {hold}   (ORDER_HOLD changes it)");
    println!("\nOpen {url} in a browser, or try:  curl {url}/api/tickets", url = cluster.url());
    println!("A process that exits or is killed is restarted. Ctrl-C stops everything.");
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of `map_err`")]
fn task_error(error: ServerError) -> TaskError {
    TaskError(error.to_string())
}
