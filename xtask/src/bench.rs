//! `cargo xtask bench`: measures the release build of the real program.

use crate::run::{Failed, cargo};

pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    // The bench starts `ticketing` as a process of its own. Built together they share every dependency.
    cargo(&["build", "--release", "--quiet", "--package", "ticketing", "--package", "e2e", "--bins"], &[])?;
    let mut bench = vec!["run", "--release", "--quiet", "--package", "e2e", "--bin", "bench", "--"];
    bench.extend(names.iter().map(String::as_str));
    cargo(&bench, &[])
}
