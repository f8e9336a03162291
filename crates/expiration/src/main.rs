//! The expiration service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, command } = Options::parse();
    runtime::service_main(expiration::NAME, expiration::DOCUMENTS, args, command, async |context| {
        Ok(expiration::service(context))
    })
    .await
}
