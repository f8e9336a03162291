//! The upgrade of stored documents: those of former formats are written again, with the keys of this release.

use futures::StreamExt;
use futures::stream::iter;
use metrics::{counter, gauge};

use crate::backend::{Change, ScannedRecord, Write};
use crate::format::Verifier;
use crate::{CommitError, Format, Store, StoreError, UnreadableDocument};

/// An upgrade reads so many documents at once: some hundred kilobytes.
const MAX_BATCH: usize = 128;

/// Concurrent commits of an upgrade. Those of SQLite share a transaction; those of MongoDB leave most of the permits to
/// requests.
const MAX_COMMITS: usize = 16;

/// The progress of the upgrade of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpgradeProgress {
    /// Documents that were written again.
    pub rewritten: u32,
    /// Documents that stay as they are: unreadable, or another document holds one of their unique keys.
    pub left: u32,
}

enum Outcome {
    Rewritten,
    /// Another writer was faster. A writer of an older release leaves the document to the next upgrade.
    Overtaken,
    Left,
}

impl Store {
    /// Writes every document of a former format again: the same state, at the same version and without an event, with
    /// the fields, keys and unique keys of this release. Resumes where a former run ended, because the format is
    /// recorded with each document. `proceed` is called after each batch and returns whether to continue.
    ///
    /// The version stays the same, since the state means the same: clients and replicas need not notice. A commit that
    /// was decided on the former bytes is as good.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn upgrade(
        &self,
        documents: Verifier,
        mut proceed: impl FnMut(UpgradeProgress) -> bool,
    ) -> Result<UpgradeProgress, StoreError> {
        let upgraded = self.rewrite_all(documents, &mut proceed).await;
        self.set_upgrading(None);
        upgraded
    }

    async fn rewrite_all(
        &self,
        documents: Verifier,
        proceed: &mut impl FnMut(UpgradeProgress) -> bool,
    ) -> Result<UpgradeProgress, StoreError> {
        let outdated = gauge!("store_outdated_documents", "collection" => documents.collection);
        let mut progress = UpgradeProgress::default();
        for format in Format::FIRST.written..documents.format {
            let mut after = None;
            loop {
                let batch = self.backend().scan(documents.collection, Some(format), after, MAX_BATCH).await?;
                let Some((last, _)) = batch.last() else { break };
                after = Some(*last);
                self.set_upgrading(Some(documents.collection));
                let found = u32::try_from(batch.len()).unwrap_or(u32::MAX);
                outdated.set(f64::from(progress.left.saturating_add(found)));
                let rewrites = batch.into_iter().map(|found| self.rewrite(documents, found));
                let mut outcomes = iter(rewrites).buffer_unordered(MAX_COMMITS);
                while let Some(outcome) = outcomes.next().await {
                    match outcome? {
                        Outcome::Rewritten => progress.rewritten += 1,
                        Outcome::Overtaken => {}
                        Outcome::Left => progress.left += 1,
                    }
                }
                if !proceed(progress) {
                    return Ok(progress);
                }
            }
        }
        outdated.set(f64::from(progress.left));
        Ok(progress)
    }

    async fn rewrite(&self, documents: Verifier, found: ScannedRecord) -> Result<Outcome, StoreError> {
        let (collection, id) = (documents.collection, found.0);
        let unreadable = |document: &UnreadableDocument| {
            self.reports().unreadable(document);
            Ok(Outcome::Left)
        };
        let put = match documents.put(&found) {
            Ok(put) => put,
            Err(document) => return unreadable(&document),
        };
        let write =
            Write { collection, id, expected: put.version, change: Change::Put(put), outbox: Vec::new() };
        match self.backend().commit(write).await {
            Ok(()) => {
                counter!("store_upgraded_documents_total", "collection" => collection).increment(1);
                Ok(Outcome::Rewritten)
            }
            Err(CommitError::Conflict) => Ok(Outcome::Overtaken),
            Err(CommitError::DuplicateKey(key)) => {
                self.reports().duplicate(collection, id, key);
                Ok(Outcome::Left)
            }
            Err(CommitError::Store(error @ StoreError::Unreadable(_))) => {
                unreadable(&UnreadableDocument::damaged(collection, id, &error))
            }
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}
