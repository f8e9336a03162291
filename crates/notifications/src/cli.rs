//! The command line of the service, and its admin commands.

use clap::{Parser, Subcommand};
use mail::MailOptions;
use notifications::domain::OrderEmails;
use runtime::{AdminCommand, AdminTask, BoxError, Service, ServiceArgs, ServiceContext, ServiceStore};

/// Notifications: sends emails about orders to buyers and sellers.
#[derive(Debug, Parser)]
#[command(name = "notifications", version, about)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    #[command(flatten)]
    pub(crate) mail: MailOptions,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// A command of the operator.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
            Self::FailedEmails => Ok(mail::print_failed::<OrderEmails>(&context.store).await?),
            Self::Common(command) => command.run(service, context, build).await,
        }
    }
}
