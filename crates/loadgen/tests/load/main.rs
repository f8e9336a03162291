//! Runs against servers of the tests: the course's contract, a target that sells twice, and one that stalls.

mod checks;
mod course;
mod latency;

use clap::Parser;
use loadgen::Options;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// The options of a run at this target.
fn options(target: &str, arguments: &str) -> Options {
    let line = ["loadgen", "--target", target].into_iter().chain(arguments.split_whitespace());
    Line::parse_from(line).options
}
