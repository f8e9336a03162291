//! The auth service as a process.

mod cli;

use std::path::Path;
use std::process::ExitCode;

use auth::KeyFile;
use clap::Parser;
use cli::{Options, Task};
use mail::EmailContext;
use runtime::{Service, ServiceContext};

#[tokio::main]
async fn main() -> ExitCode {
    let Options { args, config, mail, command } = Options::parse();
    let database = args.store_url.expose().strip_prefix("sqlite:").map(Path::new);
    let key = KeyFile::new(config.auth_key_file.clone(), database.map(|file| file.parent().unwrap_or(file)));
    let command = command.map(|command| Task { command, key: key.clone() });
    let public_url = args.http.public_url.clone().unwrap_or_else(|| format!("http://{}", args.listen));
    let build = async |context: &ServiceContext| {
        let mail = EmailContext::smtp(&mail, &public_url)?;
        let auth = auth::service(context, config, key.open(context.ids.bytes())?, mail).await?;
        Ok(Service { verifying_keys: Some(auth.keys), ..auth.service })
    };
    runtime::service_main(auth::NAME, auth::DOCUMENTS, &auth::RECOVERY, args, command, build).await
}
