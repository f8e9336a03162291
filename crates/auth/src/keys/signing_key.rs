//! A signing key, as stored.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A key that signs tokens (ES256).
///
/// The private key is stored in clear text: a client with access to auth's database can sign in as any user anyway, by
/// writing a password hash. The private key never leaves the database and this process; `Debug` omits it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SigningKey {
    /// The `kid` of the tokens.
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    /// The number of the key; the first is 1.
    pub(crate) generation: u32,
    /// When the key starts to sign. The key is published before, so that caches have it by then.
    pub(crate) signs_from: Time,
    /// The key pair: PKCS #8 in Base64.
    pkcs8: String,
}

impl SigningKey {
    /// Generates a key, with the system's randomness even in tests: the library accepts no other.
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
