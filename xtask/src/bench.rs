//! `cargo xtask bench`: measures the release build of the real program.

use crate::run::{Failed, cargo};

pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    // The bench starts this program as a process of its own.
    cargo(&["build", "--release", "--quiet", "--package", "ticketing"], &[])?;
    let mut bench = vec!["run", "--release", "--quiet", "--package", "e2e", "--bin", "bench", "--"];
    bench.extend(names.iter().map(String::as_str));
    cargo(&bench, &[])
}
