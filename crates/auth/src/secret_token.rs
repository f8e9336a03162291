//! Secret tokens: of links in emails, and of sign-ins that wait for a second factor.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{ChallengeId, Ids, UserId};
use mail::Secret;
use uuid::Uuid;

use crate::domain::TokenHash;

/// The length of the id before the secret.
const ID_LENGTH: usize = 16;
/// The length of a secret: 256 bits cannot be guessed, so a fast hash is enough.
const SECRET_LENGTH: usize = 32;

/// A token: an id that finds the stored hash, and a secret. Without `Debug`.
pub(crate) struct SecretToken<Id> {
    /// The id of what the token belongs to.
    pub(crate) id: Id,
    secret: [u8; SECRET_LENGTH],
}

/// The token of a link: the user's id finds the account.
pub(crate) type LinkToken = SecretToken<UserId>;
/// The token of a sign-in that waits for a second factor.
pub(crate) type ChallengeToken = SecretToken<ChallengeId>;

impl<Id: Copy + From<Uuid> + Into<Uuid>> SecretToken<Id> {
    /// A new token.
    pub(crate) fn generate(id: Id, ids: &Ids) -> Self {
        Self { id, secret: ids.bytes() }
    }

    /// The token as it was written. Returns `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Longer texts are not decoded.
        if text.len() != (ID_LENGTH + SECRET_LENGTH) * 4 / 3 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, secret) = bytes.split_at_checked(ID_LENGTH)?;
        Some(Self { id: Uuid::from_slice(id).ok()?.into(), secret: secret.try_into().ok()? })
    }

    /// The token as text.
    pub(crate) fn to_secret(&self) -> Secret {
        let id: Uuid = self.id.into();
        Secret::new(URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &self.secret].concat()))
    }

    /// The hash of the secret, as it is stored.
    pub(crate) fn hash(&self) -> TokenHash {
        hash(&self.secret)
    }
}

/// The hash of a secret of at least 112 random bits, which cannot be found by trial.
pub(crate) fn hash(secret: &[u8]) -> TokenHash {
    TokenHash::new(URL_SAFE_NO_PAD.encode(digest(&SHA256, secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let (_, context) = runtime::testing::context();
        let token = LinkToken::generate(Uuid::from_u128(7).into(), &context.ids);
        let text = token.to_secret();
        let read = LinkToken::parse(text.expose()).expect("a token");
        assert!(read.id == token.id && read.hash() == token.hash());
        assert!(text.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        for other in ["", "x", &text.expose()[1..], &format!("{}=", text.expose()), &"é".repeat(32)] {
            assert!(LinkToken::parse(other).is_none(), "{other}");
        }
        let another = LinkToken::generate(token.id, &context.ids);
        assert!(another.hash() != token.hash());
    }

    #[test]
    fn the_stored_hash_does_not_contain_the_secret() {
        let (_, context) = runtime::testing::context();
        let token = LinkToken::generate(Uuid::from_u128(7).into(), &context.ids);
        let stored = format!("{:?}", token.hash());
        assert!(!stored.contains(&token.to_secret().expose()[24..]), "{stored}");
    }
}
