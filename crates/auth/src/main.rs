//! The auth service as a process.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::Options;
use mail::EmailContext;
use runtime::Service;

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, config, mail, command } = Options::parse();
    let public_url = args.http.public_url.clone().unwrap_or_else(|| format!("http://{}", args.listen));
    let build = async |context: &_| {
        let auth = auth::service(context, config, EmailContext::smtp(&mail, &public_url)?).await?;
        Ok(Service { verifying_keys: Some(auth.keys), ..auth.service })
    };
    runtime::service_main(auth::NAME, auth::DOCUMENTS, &auth::RECOVERY, args, command, build).await
}
