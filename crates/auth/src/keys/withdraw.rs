//! Withdrawing every key at once, because one may have leaked.

use store::CommitError;

use super::signing_key::SigningKey;
use super::{KeyError, Keyring};

impl Keyring {
    /// Removes every key that there is and makes a new one, which signs at once. Returns how many were removed.
    ///
    /// Other processes keep what they have in memory: all that sign or verify tokens have to be started again.
    pub(crate) async fn withdraw(&self) -> Result<usize, KeyError> {
        let mut withdrawn = 0;
        for key in self.0.stored.page(SigningKey::all()).await?.items {
            match self.0.stored.remove(&key).await {
                Ok(()) => withdrawn += 1,
                // Another process, which tends the keys as always, was faster.
                Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        self.tend().await?;
        Ok(withdrawn)
    }
}
