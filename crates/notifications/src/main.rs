//! The notifications service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;
use mail::EmailContext;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, mail, command } = Options::parse();
    let public_url = args.http.public_url.clone().unwrap_or_else(|| format!("http://{}", args.listen));
    let build =
        async |context: &_| Ok(notifications::service(context, EmailContext::smtp(&mail, &public_url)?));
    let (documents, recovery) = (notifications::DOCUMENTS, &notifications::RECOVERY);
    runtime::service_main(notifications::NAME, documents, recovery, args, command, build).await
}
