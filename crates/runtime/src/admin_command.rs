//! What an operator asks of any service on the command line, beside the running processes or without them.

use std::process::ExitCode;
use std::sync::Arc;

use bus::DeadLetter;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use store::{Store, StoreError};
use uuid::Uuid;

use crate::config::SecretUrl;
use crate::{BackendError, open_beside, report, telemetry};

/// Something else than serving, in the environment of the service.
#[derive(Debug, clap::Subcommand)]
pub enum AdminCommand {
    /// Events that the service could not handle.
    DeadLetters {
        /// What to do with them.
        #[command(subcommand)]
        action: DeadLetters,
    },
}

/// What to do with dead letters.
#[derive(Debug, clap::Subcommand)]
pub enum DeadLetters {
    /// Shows them, the oldest first.
    List,
    /// Has one handled again by the running program, or by the next one that starts.
    Replay {
        /// Its id, as `list` shows it.
        id: Uuid,
    },
}

/// The command failed.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// A database does not open.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No service has such a dead letter.
    #[error("there is no dead letter {0}; `dead-letters list` shows those that there are")]
    Unknown(Uuid),
}

impl DeadLetters {
    /// Does it in the databases of these services.
    ///
    /// # Errors
    /// A database failed, or none has such a dead letter.
    pub async fn run(&self, stores: &[(&'static str, Store)]) -> Result<(), DeadLetterError> {
        match self {
            Self::List => list(stores).await,
            Self::Replay { id } => replay(stores, *id).await,
        }
    }
}

/// Does what an operator asks of the service `name`, whose database is at `url`, and ends the program.
pub async fn run_admin_command(name: &'static str, url: &SecretUrl, what: &AdminCommand) -> ExitCode {
    telemetry::init("warn");
    let AdminCommand::DeadLetters { action } = what;
    let done = async {
        let clock: SharedClock = Arc::new(SystemClock);
        let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
        let store = Store::new(open_beside(name, url, &clock, &ids).await?, clock, ids);
        let done = action.run(&[(name, store.clone())]).await;
        store.backend().close().await;
        done
    };
    report(name, done.await)
}

async fn list(stores: &[(&'static str, Store)]) -> Result<(), DeadLetterError> {
    let mut none = true;
    for (service, store) in stores {
        for letter in DeadLetter::list(store).await? {
            none = false;
            println!("{}", describe(service, &letter));
        }
    }
    if none {
        println!("There are no dead letters.");
    }
    Ok(())
}

fn describe(service: &str, letter: &DeadLetter) -> String {
    let waiting = if letter.replay_requested { ", to be replayed" } else { "" };
    format!(
        "{}  {}  {service} could not handle {} of {} (tried {} times{waiting}): {}",
        letter.id,
        letter.failed_at,
        letter.event.subject(),
        letter.event.aggregate,
        letter.attempts,
        letter.reason
    )
}

async fn replay(stores: &[(&'static str, Store)], id: Uuid) -> Result<(), DeadLetterError> {
    for (service, store) in stores {
        if DeadLetter::request_replay(store, id).await? {
            println!("{service} will handle it again within a minute, or when it is started.");
            return Ok(());
        }
    }
    Err(DeadLetterError::Unknown(id))
}
