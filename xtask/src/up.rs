//! `cargo xtask up`: the whole cluster on this machine, until Ctrl-C.

use std::fs::{self, File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use servers::cluster::{Cluster, Plan};
use servers::{ServerError, tools};

use crate::run::{Failed, cargo, root};
use crate::test::PROGRAMS;
use crate::{setup, signals};

/// How often processes are looked after.
const LOOK: Duration = Duration::from_secs(1);

/// How the cluster shall be built, and where it shall be.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the marketplace shall be.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Build for speed. It takes minutes; without it, seconds, which is what one wants while working on it.
    #[arg(long)]
    release: bool,

    /// Begin with empty databases.
    #[arg(long)]
    fresh: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failed> {
    setup::servers()?;
    build(options.release)?;
    let folder = tools().join("up");
    let _lock = only_one(&folder)?;
    clear(&folder, options.fresh)?;
    eprintln!("\n=== starting two of each service");
    let plan = Plan { listen: options.listen, ..Plan::new(programs(options.release)?, &folder) };
    let mut cluster = Cluster::start(plan).map_err(told)?;
    // Until here Ctrl-C ends us at once, and what we have started dies with us. From here on it is heard.
    let stop = asked_to_stop()?;
    welcome(&cluster, &folder);
    look_after(&mut cluster, &stop)?;
    eprintln!("Stopping: the services first, then the servers. Ctrl-C again kills them.");
    thread::spawn(move || stop.recv().map(|()| std::process::exit(130)));
    cluster.stop().map_err(told)
}

/// The same programs as the tests build, so that neither makes the other compile what they share anew.
fn build(release: bool) -> Result<(), Failed> {
    let mut arguments = PROGRAMS.to_vec();
    arguments.extend(release.then_some("--release"));
    cargo(&arguments, &[])
}

/// Where cargo puts programs: beside this one, or in the folder of the other profile.
pub(crate) fn programs(release: bool) -> Result<PathBuf, Failed> {
    Ok(target()?.join(if release { "release" } else { "debug" }))
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf, Failed> {
    let here = std::env::current_exe().ok();
    let target = here.as_deref().and_then(Path::parent).and_then(Path::parent);
    target.map(Path::to_path_buf).ok_or_else(|| Failed("xtask cannot find where cargo builds".to_owned()))
}

/// Two clusters cannot share their data.
fn only_one(folder: &Path) -> Result<File, Failed> {
    let path = folder.join("lock");
    let unusable = |error| Failed(format!("{} cannot be used: {error}", path.display()));
    fs::create_dir_all(folder).map_err(unusable)?;
    let file = File::create(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failed("`cargo xtask up` runs already; stop it first".to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// Removes what was printed last time, and the data if wanted.
fn clear(folder: &Path, data: bool) -> Result<(), Failed> {
    let folders = ["logs", "data"].map(|name| folder.join(name));
    for folder in folders.iter().take(if data { 2 } else { 1 }).filter(|folder| folder.exists()) {
        let removed = fs::remove_dir_all(folder);
        removed.map_err(|error| Failed(format!("{} cannot be removed: {error}", folder.display())))?;
    }
    Ok(())
}

/// Tells of each Ctrl-C and SIGTERM.
fn asked_to_stop() -> Result<Receiver<()>, Failed> {
    let mut signals = signals::listen()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || signals.forever().try_for_each(|_| sender.send(())));
    Ok(receiver)
}

/// Starts again what ends by itself, as Kubernetes would, until it is time to stop.
fn look_after(cluster: &mut Cluster, stop: &Receiver<()>) -> Result<(), Failed> {
    while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(LOOK) {
        for loss in cluster.revive().map_err(told)? {
            eprintln!(
                "\n{} ended ({}) and is started again. Its log ends with:\n{}",
                loss.name, loss.status, loss.log
            );
        }
    }
    Ok(())
}

fn welcome(cluster: &Cluster, folder: &Path) {
    let folder = folder.strip_prefix(root()).unwrap_or(folder);
    println!("\nTicketing is ready, as a cluster: two processes of each service behind nginx.\n");
    println!("  Marketplace        {}", cluster.url());
    println!("  Stripe simulator   {}   (no real money moves)", cluster.stripe_url());
    println!("  MongoDB            {}", cluster.database_url(""));
    println!("  NATS               {}", cluster.nats_url());
    for (name, url) in cluster.admin_urls() {
        println!("  {name:<18} {url}/metrics");
    }
    println!("  Data, logs         {}", folder.display());
    let hold = std::env::var("ORDER_HOLD").unwrap_or_else(|_| "15m".to_owned());
    println!("  A ticket is held   {hold}   (ORDER_HOLD changes it)");
    println!("\nOpen {url} in a browser, or try:  curl {url}/api/tickets", url = cluster.url());
    println!("Kill what you like: it is started again. Ctrl-C stops everything.");
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped with it")]
fn told(fault: ServerError) -> Failed {
    Failed(fault.to_string())
}
