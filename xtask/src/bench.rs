//! `cargo xtask bench`: measures the release build of the real programs with the crate `bench`.

use crate::run::{Failed, cargo, program};
use crate::setup;
use crate::test::PROGRAMS;
use crate::up::programs;

pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    let on_servers = |name: &String| name == "relay" || name.starts_with("cluster-");
    if names.is_empty() || names.iter().any(on_servers) {
        setup::servers()?;
    }
    // The bench starts the other programs as processes. Built together they share every dependency.
    let mut build = PROGRAMS.to_vec();
    build.extend(["--release", "--quiet"]);
    cargo(&build, &[])?;
    let bench = programs(true)?.join("bench");
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    program(&bench.to_string_lossy(), &names, &[])
}
