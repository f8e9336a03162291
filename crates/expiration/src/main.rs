//! The expiration service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, command } = Options::parse();
    let build = async |context: &_| Ok(expiration::service(context));
    let (documents, recovery) = (expiration::DOCUMENTS, &expiration::RECOVERY);
    runtime::service_main(expiration::NAME, documents, recovery, args, command, build).await
}
