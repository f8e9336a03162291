//! A key that tokens are signed with, as it is stored.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use store::{Document, Index, Keys, Range};
use uuid::Uuid;

/// The index and the claim of a key's number.
const GENERATION: &str = "generation";

/// A key that tokens are signed with (ES256).
///
/// The private key is stored in auth's own database, as it is: whoever can read that database can sign anybody in
/// anyway, by writing a password's hash. It never leaves the database and this process; `Debug` does not show it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningKey {
    /// Names the key in tokens (`kid`).
    pub(crate) id: Uuid,
    version: u64,
    /// 1 for the first key, one more for each that follows.
    pub(crate) generation: u32,
    /// It is published from the start and signs from here on, so that everybody knows it by then.
    pub(crate) signs_from: Time,
    /// The private and the public key: PKCS #8 in Base64.
    pkcs8: String,
}

impl SigningKey {
    /// A new key. Its randomness is the operating system's even in tests: the library takes no other.
    pub(crate) fn generate(
        id: Uuid,
        generation: u32,
        signs_from: Time,
    ) -> Result<Decision<Self>, Unspecified> {
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        let pkcs8 = STANDARD.encode(pair.as_ref());
        Ok(Decision::without_event(Self { id, version: 1, generation, signs_from, pkcs8 }))
    }

    /// The key pair as PKCS #8.
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(&self.pkcs8)
    }

    /// All keys, oldest first; there are never more than a few.
    pub(crate) fn all() -> Range {
        Range::of(GENERATION, [])
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("generation", &self.generation)
            .field("signs_from", &self.signs_from)
            .finish_non_exhaustive()
    }
}

impl Document for SigningKey {
    const COLLECTION: &'static str = "signing-keys";
    const INDEXES: &'static [Index] = &[Index::one(GENERATION)];
    const UNIQUE_KEYS: &'static [&'static str] = &[GENERATION];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    /// Of several replicas that make the next key at once, the claim lets one win.
    fn keys(&self) -> Keys {
        Keys::none()
            .ordered(GENERATION, [i64::from(self.generation).into()])
            .unique(store::UniqueKey::new(GENERATION, self.generation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_key_is_not_shown_in_debug_output() {
        let key = SigningKey::generate(Uuid::nil(), 1, Time::from_millis(0)).expect("a key").next;
        assert!(!format!("{key:?}").contains(&key.pkcs8[..16]));
        assert!(!format!("{key:?}").contains("pkcs8"));
    }
}
