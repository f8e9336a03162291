//! The command line of the service, and its admin commands.

use auth::Config;
use auth::domain::User;
use clap::{Parser, Subcommand};
use mail::MailOptions;
use runtime::{AdminCommand, AdminTask, BoxError, Service, ServiceArgs, ServiceContext, ServiceStore};

/// Auth: accounts, sessions, and the keys that sign session tokens.
#[derive(Debug, Parser)]
#[command(name = "auth", version, about)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    #[command(flatten)]
    pub(crate) config: Config,

    #[command(flatten)]
    pub(crate) mail: MailOptions,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// A command of the operator.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Revokes every key that signs session tokens, because one may have leaked, and generates a new one.
    // The alias is the command's name of former releases.
    #[command(alias = "withdraw-keys")]
    RevokeKeys,
    /// Lists the emails that failed for good.
    FailedEmails,
    #[command(flatten)]
    Common(AdminCommand),
}

impl AdminTask for Command {
    fn is_exclusive(&self) -> bool {
        matches!(self, Self::Common(command) if command.is_exclusive())
    }

    async fn run(
        self,
        service: &ServiceStore,
        context: &ServiceContext,
        build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
    ) -> Result<(), BoxError> {
        match self {
            Self::RevokeKeys => {
                let ServiceContext { store, clock, ids, .. } = context;
                let revoked = auth::revoke_keys(store, clock, ids).await?;
                println!(
                    "Keys revoked: {revoked}. Restart every service now, auth first; all users have to sign in again."
                );
                Ok(())
            }
            Self::FailedEmails => Ok(mail::print_failed::<User>(&context.store).await?),
            Self::Common(command) => command.run(service, context, build).await,
        }
    }
}
