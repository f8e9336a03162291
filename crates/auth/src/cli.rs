//! The command line of the service, and the operator's own commands.

use auth::Config;
use clap::{Parser, Subcommand};
use runtime::{AdminCommand, AdminTask, BoxError, ServiceArgs, ServiceContext};

/// Accounts and sessions.
#[derive(Debug, Parser)]
#[command(name = "auth", version, about)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    #[command(flatten)]
    pub(crate) config: Config,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// A command of the operator.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Withdraws every key that signs sessions, because one may have leaked, and makes a new one.
    WithdrawKeys,
    #[command(flatten)]
    Common(AdminCommand),
}

impl AdminTask for Command {
    async fn run(self, name: &'static str, context: &ServiceContext) -> Result<(), BoxError> {
        match self {
            Self::WithdrawKeys => {
                let ServiceContext { store, clock, ids, .. } = context;
                let withdrawn = auth::withdraw_keys(store, clock, ids).await?;
                println!(
                    "Keys withdrawn: {withdrawn}. Restart every service now, auth first; all users have to sign in again."
                );
                Ok(())
            }
            Self::Common(command) => command.run(name, context).await,
        }
    }
}
