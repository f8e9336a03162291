//! The operator's commands that every service has.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use bus::DeadLetter;
use common::Time;
use store::{Store, StoreError};
use uuid::Uuid;

use crate::service_main::{AdminTask, BoxError};
use crate::{
    BackendError, EventFiles, RecoverySummary, Service, ServiceContext, ServiceStore, Unreadable,
    export_events, recover,
};

/// A command that every service has.
#[derive(Debug, clap::Subcommand)]
pub enum AdminCommand {
    /// Lists or replays dead letters: events that the service could not handle.
    DeadLetters {
        /// The action.
        #[command(subcommand)]
        action: DeadLetters,
    },
    /// Lists the documents that this release cannot parse.
    Unreadable {
        /// The action.
        #[command(subcommand)]
        action: Unreadable,
    },
    /// Prints the states that this service knows of its own and of other services' aggregates, as JSON lines for `recover`.
    /// The service may be running.
    ExportEvents {
        /// Only aggregates that changed since this time, such as `2026-11-22T03:00:00Z`.
        #[arg(long)]
        since: Option<Time>,
    },
    /// Recovers the database of this service after it was restored from a backup. The service must be stopped.
    Recover {
        /// A file with the output of `export-events` of another service, or `-` for standard input; repeatable.
        #[arg(long)]
        events: Vec<PathBuf>,
    },
}

/// An action on dead letters.
#[derive(Debug, clap::Subcommand)]
pub enum DeadLetters {
    /// Lists the dead letters, oldest first.
    List,
    /// Replays one dead letter, by the running process or by the next that starts.
    Replay {
        /// Its id, printed by `list`.
        id: Uuid,
    },
}

/// The reason why a dead letter command failed.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The dead letter does not exist.
    #[error("there is no dead letter {0}; `dead-letters list` shows all")]
    Unknown(Uuid),
}

impl DeadLetters {
    /// Performs the action on the databases of these services.
    ///
    /// # Errors
    /// A database failed, or the dead letter does not exist.
    pub async fn run(&self, stores: &[(&'static str, Store)]) -> Result<(), DeadLetterError> {
        match self {
            Self::List => list(stores).await,
            Self::Replay { id } => replay(stores, *id).await,
        }
    }
}

impl AdminTask for AdminCommand {
    fn is_exclusive(&self) -> bool {
        matches!(self, Self::Recover { .. })
    }

    async fn run(
        self,
        service: &ServiceStore,
        context: &ServiceContext,
        build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
    ) -> Result<(), BoxError> {
        match self {
            Self::DeadLetters { action } => action.run(&[(service.name, service.store.clone())]).await?,
            Self::Unreadable { action } => action.run(std::slice::from_ref(service)).await?,
            Self::ExportEvents { since } => print_events(service, context, since).await?,
            Self::Recover { events } => {
                let summary = recover(service, context, build, EventFiles::read(&events)?).await?;
                report_recovery(&summary)?;
            }
        }
        Ok(())
    }
}

/// Prints the result of a recovery.
///
/// # Errors
/// Something was refused.
pub fn report_recovery(summary: &RecoverySummary) -> Result<(), BoxError> {
    for refused in &summary.refused {
        eprintln!("refused: {refused}");
    }
    println!("{summary}");
    match summary.refused.len() {
        0 => Ok(()),
        refused => Err(format!("the database is not fully recovered: {refused} refused").into()),
    }
}

async fn print_events(
    service: &ServiceStore,
    context: &ServiceContext,
    since: Option<Time>,
) -> Result<(), BoxError> {
    let (mut output, mut written) = (BufWriter::new(io::stdout()), Ok(()));
    let unreadable = export_events(service, context, since, |event| {
        if written.is_ok() {
            written = serde_json::to_writer(&mut output, &event)
                .map_err(io::Error::from)
                .and_then(|()| output.write_all(b"\n"));
        }
    });
    for document in unreadable.await? {
        eprintln!("skipped: {document}");
    }
    written.and_then(|()| output.flush()).map_err(Into::into)
}

async fn list(stores: &[(&'static str, Store)]) -> Result<(), DeadLetterError> {
    let mut none = true;
    for (service, store) in stores {
        let letters = DeadLetter::page(store).await?;
        none &= letters.items.is_empty() && letters.unreadable.is_empty();
        for letter in &letters.items {
            println!("{}", describe(service, letter));
        }
        for id in letters.unreadable {
            println!("{id}  {service} has a dead letter that this release cannot read");
        }
    }
    if none {
        println!("There are no dead letters.");
    }
    Ok(())
}

fn describe(service: &str, letter: &DeadLetter) -> String {
    let waiting = if letter.replay_requested { ", to be replayed" } else { "" };
    // The subject of an unreadable event may be any text.
    let subject = letter.event.subject().unwrap_or_else(|| "an event".to_owned()).escape_debug().to_string();
    let aggregate = letter.event.aggregate().map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    format!(
        "{}  {}  {service} could not handle {subject} of {aggregate} (tried {} times{waiting}): {}",
        letter.id, letter.failed_at, letter.attempts, letter.reason
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
