//! The tokens of links in emails.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Ids, UserId};
use mail::Secret;
use uuid::Uuid;

use crate::domain::TokenHash;

/// The length of the id before the secret.
const ID_LENGTH: usize = 16;
/// The length of a secret: 256 bits cannot be guessed, so a fast hash is enough.
const SECRET_LENGTH: usize = 32;

/// A token: the user's id, which finds the account, and a secret. Without `Debug`.
pub(crate) struct LinkToken {
    /// The user.
    pub(crate) user: UserId,
    secret: [u8; SECRET_LENGTH],
}

impl LinkToken {
    /// A new token of this user.
    pub(crate) fn generate(user: UserId, ids: &Ids) -> Self {
        Self { user, secret: ids.bytes() }
    }

    /// The token of a link. Returns `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Longer texts are not decoded.
        if text.len() != (ID_LENGTH + SECRET_LENGTH) * 4 / 3 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, secret) = bytes.split_at_checked(ID_LENGTH)?;
        Some(Self { user: Uuid::from_slice(id).ok()?.into(), secret: secret.try_into().ok()? })
    }

    /// The token as text, for a link.
    pub(crate) fn to_secret(&self) -> Secret {
        let id = Uuid::from(self.user);
        Secret::new(URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &self.secret].concat()))
    }

    /// The hash of the secret, as accounts store it.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::new(URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.secret)))
    }
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
        assert!(read.user == token.user && read.hash() == token.hash());
        assert!(text.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        for other in ["", "x", &text.expose()[1..], &format!("{}=", text.expose()), &"é".repeat(32)] {
            assert!(LinkToken::parse(other).is_none(), "{other}");
        }
        let another = LinkToken::generate(token.user, &context.ids);
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
