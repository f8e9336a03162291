//! Tokens whose signature was found good a moment ago: checking one costs as much as the rest of a request.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::session::Claims;
use crate::Time;

/// At most so many, about 1 MiB of them.
const MOST: usize = 2048;

/// What the tokens say. Only the signature is remembered: expiry and revocation are judged at every request.
#[derive(Default)]
pub(super) struct TokenCache(RwLock<HashMap<Box<str>, Arc<Claims>>>);

impl TokenCache {
    /// What a token says, if it was kept.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Claims>> {
        self.0.read().get(token).cloned()
    }

    /// Keeps what a well-signed token says for as long as it is good.
    pub(super) fn keep(&self, token: &str, claims: Claims, now: Time) -> Arc<Claims> {
        let claims = Arc::new(claims);
        if claims.has_expired(now) {
            return claims;
        }
        let mut kept = self.0.write();
        if kept.len() >= MOST {
            kept.retain(|_, claims| !claims.has_expired(now));
        }
        // So many people at once are rare, and each is verified once more.
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(token.into(), Arc::clone(&claims));
        claims
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claims(exp: i64) -> Claims {
        let (sub, sid) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        Claims { sub, email: "ann@example.com".into(), sid, iat: 0, exp }
    }

    fn second(second: i64) -> Time {
        Time::from_millis(second * 1000)
    }

    #[test]
    fn a_token_is_kept_while_it_is_good() {
        let verified = TokenCache::default();
        verified.keep("good", claims(10), second(9));
        verified.keep("expired", claims(10), second(10));
        assert_eq!(verified.get("good").as_deref(), Some(&claims(10)));
        assert!(verified.get("expired").is_none() && verified.get("unknown").is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_expired_go_first() {
        let verified = TokenCache::default();
        let len = || verified.0.read().len();
        for number in 0..MOST {
            verified.keep(&number.to_string(), claims(if number == 0 { 20 } else { 10 }), second(0));
        }
        assert_eq!(len(), MOST);
        verified.keep("next", claims(30), second(15));
        assert_eq!(len(), 2, "the one that is still good, and the next");
        for number in 0..3 * MOST {
            verified.keep(&number.to_string(), claims(30), second(15));
            assert!(len() <= MOST);
        }
    }
}
