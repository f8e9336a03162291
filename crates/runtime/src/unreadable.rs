//! The operator's command `unreadable`: the documents and outbox entries that this release cannot parse.

use bus::{DeadLetter, find_unreadable_entries};
use store::{Store, StoreError, Verifier};

use crate::idempotency::KeyRecord;
use crate::revocation::Revocation;
use crate::{BackendError, Recovery};

/// The collections that every service has.
pub const COMMON_DOCUMENTS: [Verifier; 3] =
    [Verifier::of::<DeadLetter>(), Verifier::of::<Revocation>(), Verifier::of::<KeyRecord>()];

/// An action on unreadable documents.
#[derive(Debug, clap::Subcommand)]
pub enum Unreadable {
    /// Lists the documents that this release cannot parse, with collection and id, and the entries of the collection
    /// `outbox`, with the id of their aggregate.
    List,
}

/// The reason why a command on unreadable documents failed.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableError {
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A service's database, and its own collections.
#[derive(Clone)]
pub struct ServiceStore {
    /// The name of the service.
    pub name: &'static str,
    /// The database.
    pub store: Store,
    /// The service's own collections.
    pub documents: &'static [Verifier],
    /// The service's part in recoveries.
    pub recovery: &'static Recovery,
}

impl Unreadable {
    /// Performs the action on the databases of these services.
    ///
    /// # Errors
    /// A database failed.
    pub async fn run(&self, services: &[ServiceStore]) -> Result<(), UnreadableError> {
        let Self::List = self;
        let mut none = true;
        for ServiceStore { name, store, documents, .. } in services {
            let mut print = |document| {
                none = false;
                println!("{name}: {document}");
            };
            let verifiers: Vec<_> = documents.iter().chain(&COMMON_DOCUMENTS).collect();
            for verifier in &verifiers {
                store.find_unreadable(**verifier, &mut print).await?;
            }
            let collections: Vec<_> = verifiers.iter().map(|verifier| verifier.collection).collect();
            find_unreadable_entries(&**store.backend(), &collections, print).await?;
        }
        if none {
            println!("There are no unreadable documents.");
        }
        Ok(())
    }
}
