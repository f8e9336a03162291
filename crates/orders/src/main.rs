//! The orders service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;
use orders::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, hold, command } = Options::parse();
    let build = async |context: &_| Ok(orders::service(context, Config { hold }));
    runtime::service_main(orders::NAME, orders::DOCUMENTS, &orders::RECOVERY, args, command, build).await
}
