//! The real program as a process: started, killed, started again.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Place;

/// A running `ticketing`. Killed when dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub place: Place,
    /// The address of its metrics.
    pub metrics: String,
}

impl Process {
    /// Starts the program on free ports and waits until it says that it is ready.
    ///
    /// # Panics
    /// It does not start.
    pub fn start(program: &str, data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--stripe-listen", "127.0.0.1:0"])
            .args(["--admin-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(more)
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
        let marketplace = marketplace.expect("it says where the marketplace is");
        let stripe = stripe.expect("it says where the simulator is");
        let metrics = metrics.expect("it says where its metrics are");
        Self { child, place: Place::new(marketplace, stripe), metrics }
    }

    /// Kills it without a warning (SIGKILL) and waits until it is gone.
    ///
    /// # Panics
    /// It cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop (SIGTERM) and waits; whether it ended well.
    ///
    /// # Panics
    /// It cannot be asked.
    pub fn stop(mut self) -> bool {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        self.child.wait().expect("it ends").success()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
