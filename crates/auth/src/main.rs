//! `auth`: the service as a process of its own, and the operator's commands.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use runtime::{AdminCommand, ServiceArgs, run_admin_command, run_service};

/// Accounts and sessions: who somebody is.
#[derive(Debug, Parser)]
#[command(name = "auth", version, about)]
struct Options {
    #[command(flatten)]
    common: ServiceArgs,

    #[command(flatten)]
    settings: auth::Settings,

    #[command(subcommand)]
    command: Option<Command>,
}

/// Something else than serving, in the environment of the service.
#[derive(Debug, Subcommand)]
enum Command {
    /// Withdraws every key that signs sessions, because one may have leaked, and makes a new one.
    WithdrawKeys,
    /// What every service can be asked.
    #[command(flatten)]
    Common(AdminCommand),
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match options.command {
        Some(Command::WithdrawKeys) => {
            runtime::telemetry::init("warn");
            runtime::report("auth", command::withdraw_keys(&options.common.store_url).await)
        }
        Some(Command::Common(command)) => {
            run_admin_command("auth", &options.common.store_url, &command).await
        }
        None => {
            runtime::telemetry::init("info");
            let ran = run_service("auth", options.common, async |context| {
                let auth = auth::start(context, options.settings).await?;
                Ok((auth.service, Some(auth.keys)))
            });
            runtime::report("auth", ran.await)
        }
    }
}
