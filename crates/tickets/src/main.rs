//! The tickets service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, command } = Options::parse();
    let build = async |context: &_| Ok(tickets::service(context));
    runtime::service_main(tickets::NAME, tickets::DOCUMENTS, &tickets::RECOVERY, args, command, build).await
}
