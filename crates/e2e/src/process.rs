//! The program `ticketing` as a process: started, killed, started again.

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use servers::{Signal, send_signal};

use crate::Endpoints;

/// A running `ticketing`. Killed when dropped.
pub struct Process {
    child: Child,
    /// The addresses that it listens on.
    pub endpoints: Endpoints,
    /// The address of its metrics.
    pub metrics: String,
}

impl Process {
    /// Starts the program on free ports, without a limit of writes, and waits until it reports to be ready.
    ///
    /// # Panics
    /// The program does not start.
    pub fn start(program: &str, data: &Path, more: &[&str]) -> Self {
        Self::start_with(program, data, more, &[])
    }

    /// As [`Self::start`], with these variables.
    ///
    /// # Panics
    /// The program does not start.
    pub fn start_with(program: &str, data: &Path, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--stripe-listen", "127.0.0.1:0"])
            .args(["--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(more)
            // One person of a test or a measurement does the work of many. A program that is older ignores it.
            .envs([("MAIL_SIM_LISTEN", "127.0.0.1:0"), ("MAILBOX_LISTEN", "127.0.0.1:0")])
            .envs(["MAX_WRITES", "MAX_SIGN_UPS", "MAX_STREAMS"].map(|limit| (limit, "0")))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (mut marketplace, mut stripe, mut metrics) = (None, None, None);
        for line in output.lines() {
            let line = line.expect("a line");
            let url = || line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned);
            if line.trim_start().starts_with("Marketplace") {
                marketplace = url();
            } else if line.trim_start().starts_with("Stripe simulator") {
                stripe = url();
            } else if line.trim_start().starts_with("Metrics") {
                metrics = url();
            } else if line.contains("Ctrl-C stops") {
                break;
            }
        }
        let marketplace = marketplace.expect("the marketplace's address");
        let stripe = stripe.expect("the simulator's address");
        let metrics = metrics.expect("the metrics' address");
        Self { child, endpoints: Endpoints::new(marketplace, stripe), metrics }
    }

    /// Kills the process (SIGKILL) and waits until it has ended.
    ///
    /// # Panics
    /// The process cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("the signal is sent");
        self.child.wait().expect("the process ends");
    }

    /// Stops the process gracefully (SIGTERM) and waits. Returns whether it succeeded.
    ///
    /// # Panics
    /// The signal cannot be sent.
    pub fn stop(mut self) -> bool {
        send_signal(self.child.id(), Signal::TERM).expect("the signal is sent");
        self.child.wait().expect("the process ends").success()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Polls in real time until the condition holds: the only way to wait for other processes.
///
/// # Panics
/// The condition does not hold within `timeout`.
pub async fn poll_until<F: Future<Output = bool>>(
    timeout: Duration,
    expected: &str,
    mut condition: impl FnMut() -> F,
) {
    let check = || {
        let holds = condition();
        async { Ok::<_, Infallible>(holds.await.then_some(())) }
    };
    let Ok(held) = common::poll_until(timeout, check).await;
    assert!(held.is_some(), "not within {timeout:?}: {expected}");
}
