//! The auth service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;
use runtime::Service;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, config, command } = Options::parse();
    let build = async |context: &_| {
        let auth = auth::service(context, config).await?;
        Ok(Service { verifying_keys: Some(auth.keys), ..auth.service })
    };
    runtime::service_main(auth::NAME, auth::DOCUMENTS, &auth::RECOVERY, args, command, build).await
}
