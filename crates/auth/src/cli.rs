//! The command line of the service, and its admin commands.

use auth::domain::User;
use auth::{Config, KeyError, KeyFile, SigningKeys};
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
    /// Rotates or revokes the keys that sign session tokens.
    Keys {
        /// The action.
        #[command(subcommand)]
        action: Keys,
    },
    /// The same as `keys revoke`.
    // The names of the command in former releases.
    #[command(alias = "withdraw-keys", hide = true)]
    RevokeKeys,
    /// Lists the emails that failed for good.
    FailedEmails,
    #[command(flatten)]
    Common(AdminCommand),
}

/// An action on the signing keys.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Keys {
    /// Generates the next key before its time. The key signs a day later; all sessions live on.
    Rotate,
    /// Revokes every key, because one may have leaked, and generates a new one. All users have to sign in again.
    Revoke,
    /// Stores every key without encryption, before a rollback to a release that reads no other.
    Unseal,
}

/// A command, and the file of the key that it may need.
pub(crate) struct Task {
    pub(crate) command: Command,
    pub(crate) key: KeyFile,
}

impl Keys {
    async fn run(self, keys: &SigningKeys) -> Result<String, KeyError> {
        Ok(match self {
            Self::Rotate => format!("The next key signs from {} on.", keys.rotate().await?),
            Self::Revoke => format!(
                "Keys revoked: {}. Restart every service now, auth first; all users have to sign in again.",
                keys.revoke().await?
            ),
            Self::Unseal => format!(
                "Keys stored without encryption: {}. Start the former release now; this one encrypts them again.",
                keys.unseal().await?
            ),
        })
    }
}

impl AdminTask for Task {
    fn is_exclusive(&self) -> bool {
        matches!(&self.command, Command::Common(command) if command.is_exclusive())
    }

    async fn run(
        self,
        service: &ServiceStore,
        context: &ServiceContext,
        build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
    ) -> Result<(), BoxError> {
        let action = match self.command {
            Command::Keys { action } => action,
            Command::RevokeKeys => Keys::Revoke,
            Command::FailedEmails => return Ok(mail::print_failed::<User>(&context.store).await?),
            Command::Common(command) => return command.run(service, context, build).await,
        };
        let keys = SigningKeys::open(context, self.key.open(context.ids.bytes())?).await?;
        println!("{}", action.run(&keys).await?);
        Ok(())
    }
}
