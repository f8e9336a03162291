//! The tickets service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, command } = Options::parse();
    runtime::service_main(tickets::NAME, tickets::DOCUMENTS, args, command, async |context| {
        Ok(tickets::service(context))
    })
    .await
}
