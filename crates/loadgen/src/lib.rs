//! The load generator: people arrive at any deployment at times that its speed does not move, and everything that it sells
//! them is checked.

mod audit;
mod chart;
mod client;
mod clock;
mod contract;
mod html;
mod journey;
mod meter;
mod options;
pub mod process;
mod recorder;
mod report;
mod request;
mod run;
mod schedule;
mod target;
mod terminal;
mod timeline;

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use audit::Checks;
pub use clock::{Stopwatch, pause};
pub use contract::{CARD, Contract};
pub use options::{Options, Scenario, Spread};
pub use recorder::Outcome;
pub use report::{OperationFigures, OutcomeCount, Report, ServerUsage};
pub use timeline::Point;

use crate::meter::Meter;
use crate::run::Run;

/// A run fails.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The target does not reply.
    #[error("the target does not reply: {0}")]
    NoReply(&'static str),
    /// The target refuses a request that prepares the run.
    #[error("the target refuses {subject} (status {status}, `{code}`)")]
    Refused {
        /// The purpose of the request.
        subject: &'static str,
        /// The status of the reply.
        status: u16,
        /// The code of the problem.
        code: String,
    },
    /// The card processor is no simulator.
    #[error("{0}")]
    CardProcessor(String),
    /// The contract has no search.
    #[error("the course's app has no search")]
    NoSearch,
    /// A report cannot be written.
    #[error("{0} cannot be written: {1}")]
    Write(String, io::Error),
    /// The target did what it must never do.
    #[error("the target violated {0} checks; the report lists them")]
    Violated(usize),
}

/// Makes a run, prints its report, and writes the files.
///
/// # Errors
/// The run cannot be made, or a check was violated; then the report is written all the same.
pub async fn run(options: &Options) -> Result<(), LoadError> {
    let report = generate(options).await?;
    print!("{report}");
    if let Some(file) = &options.json {
        write(file, serde_json::to_string_pretty(&report).map_err(io::Error::from))?;
    }
    if let Some(file) = &options.html {
        write(file, html::page(&report).map_err(io::Error::other))?;
    }
    match report.checks.violations.len() {
        0 => Ok(()),
        violations => Err(LoadError::Violated(violations)),
    }
}

/// Makes a run.
///
/// # Errors
/// The target refuses the preparation.
pub async fn generate(options: &Options) -> Result<Report, LoadError> {
    let arrivals = schedule::arrivals(options);
    let (run, meter) = (Arc::new(Run::prepare(options, &arrivals).await?), Meter::new(options).await);
    let (stop, watch) = (CancellationToken::new(), Stopwatch::start());
    let load = async {
        run.generate(arrivals).await;
        stop.cancel();
        watch.elapsed()
    };
    let points = timeline::take(options, &run.target.recorder, &meter, stop.clone());
    let (took, points) = tokio::join!(load, points);
    let checks = run.check().await;
    let record = run.target.recorder.take();
    Ok(Report::new(options, run.people.len(), took, record, points, meter.source(), checks))
}

fn write(file: &Path, text: io::Result<String>) -> Result<(), LoadError> {
    let file_name = file.display().to_string();
    println!("report: {file_name}");
    text.and_then(|text| std::fs::write(file, text)).map_err(|error| LoadError::Write(file_name, error))
}
