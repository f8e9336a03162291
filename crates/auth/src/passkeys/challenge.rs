//! The challenges that authenticators sign: stored, so that any replica can verify the signature, and removed by their use.

use std::time::Duration;

use common::{Decision, Time, UserId};
use passki::ClientData;
use serde::{Deserialize, Serialize};
use store::CommitError;
use uuid::Uuid;

use super::PasskeyError;
use crate::Accounts;

/// The length of a challenge, in bytes. WebAuthn asks for at least 16.
const LENGTH: usize = 32;

/// A challenge, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyChallenge {
    /// A name of the challenge that only the master key can give.
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    /// The user who adds a passkey; absent at a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    /// When the challenge stops to count.
    pub(crate) expires_at: Time,
}

impl PasskeyChallenge {
    /// How long a challenge counts: enough to fetch a phone.
    pub(crate) const TIMEOUT: Duration = Duration::from_mins(5);
}

impl Accounts {
    /// A new challenge: for this user to add a passkey, or for a sign-in.
    pub(super) async fn new_challenge(&self, user: Option<UserId>) -> Result<[u8; LENGTH], PasskeyError> {
        let challenge: [u8; LENGTH] = self.ids.bytes();
        let id = self.challenge_name(&passki::Passki::base64_encode(&challenge));
        let expires_at = self.now().after(PasskeyChallenge::TIMEOUT);
        let stored = PasskeyChallenge { id, version: 1, user, expires_at };
        self.passkey_challenges.commit(Decision::without_event(stored)).await?;
        Ok(challenge)
    }

    /// Uses the challenge that a browser has signed, whether or not the signature turns out to be right.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] if there is none, or if it was used, is too old, or was given for another purpose.
    pub(super) async fn use_challenge(
        &self,
        client_data: &str,
        user: Option<UserId>,
    ) -> Result<Vec<u8>, PasskeyError> {
        let ClientData { challenge, .. } = ClientData::from_base64(client_data)?;
        let stored = self.passkey_challenges.get(self.challenge_name(&challenge)).await?;
        let counts = |stored: &PasskeyChallenge| stored.user == user && self.now() < stored.expires_at;
        let stored = stored.filter(counts).ok_or(PasskeyError::Refused)?;
        match self.passkey_challenges.remove(&stored).await {
            Ok(()) => Ok(passki::Passki::base64_decode(&challenge)?),
            // Another request was faster.
            Err(CommitError::Conflict) => Err(PasskeyError::Refused),
            Err(error) => Err(error.into()),
        }
    }

    fn challenge_name(&self, challenge: &str) -> Uuid {
        self.key.name("passkey challenge", &[challenge])
    }
}
