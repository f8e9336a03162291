//! Runs against servers of the tests: the course's contract, a target that sells twice, and one that stalls.

mod app;
mod checks;
mod course;
mod latency;

use clap::Parser;
use loadgen::Options;

/// The options of a run at this target.
fn options(target: &str, arguments: &str) -> Options {
    Options::parse_from(["loadgen", "--target", target].into_iter().chain(arguments.split_whitespace()))
}
