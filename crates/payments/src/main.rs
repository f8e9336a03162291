//! The payments service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::{Options, Task};
use payments::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, stripe, command } = Options::parse();
    let config = Config::from(stripe);
    let task = command.map(|command| Task { command, config: config.clone() });
    let build = async |context: &_| Ok(payments::service(context, config)?);
    runtime::service_main(payments::NAME, payments::DOCUMENTS, &payments::RECOVERY, args, task, build).await
}
