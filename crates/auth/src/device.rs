//! The browsers that have signed in before: an encrypted cookie lists their accounts, and nothing is stored.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use common::http::{HostCookie, HttpContext};
use common::{Ids, Time, UserId};
use uuid::Uuid;

use crate::master_key::MasterKey;

/// A browser that has signed in before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    /// The browser, by a random id.
    pub(crate) id: Uuid,
    seen_at: Time,
    /// The accounts that the browser has signed in to, the latest first.
    users: Vec<UserId>,
}

/// The purpose of the encryption.
const PURPOSE: &str = "device";

impl Device {
    /// How long a browser is known after its last sign-in.
    const RETENTION: Duration = Duration::from_hours(365 * 24);
    /// The largest number of accounts of a browser: more than the members of a household.
    const MAX_USERS: usize = 8;

    /// The browser that sent these headers, if it has signed in before.
    pub(crate) fn of(headers: &HeaderMap, context: &HttpContext, key: &MasterKey) -> Option<Self> {
        let now = context.clock.now();
        let mut cookies = HostCookie::device(context).values(headers);
        let device = cookies.find_map(|sealed| Self::decode(&key.open(PURPOSE, &sealed)?.0))?;
        (now < device.seen_at.after(Self::RETENTION)).then_some(device)
    }

    /// Whether the browser has signed in to this account.
    pub(crate) fn knows(&self, user: UserId) -> bool {
        self.users.contains(&user)
    }

    /// The browser, known or new, once it has signed in to an account.
    pub(crate) fn signed_in(known: Option<Self>, user: UserId, ids: &Ids, now: Time) -> Self {
        let (id, others) = known.map_or_else(|| (ids.next(), Vec::new()), |known| (known.id, known.users));
        let others = others.into_iter().filter(|other| *other != user);
        let users = std::iter::once(user).chain(others).take(Self::MAX_USERS).collect();
        Self { id, seen_at: now, users }
    }

    /// The `Set-Cookie` value of the browser. Returns `None` if it cannot be encrypted, which costs the browser its
    /// exemption and nothing else.
    pub(crate) fn cookie(&self, context: &HttpContext, key: &MasterKey) -> Option<HeaderValue> {
        HostCookie::device(context).set(&key.seal(PURPOSE, &self.encode(), context.ids.bytes()).ok()?)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.id.as_bytes().to_vec();
        bytes.extend(self.seen_at.as_millis().to_be_bytes());
        for user in &self.users {
            bytes.extend(Uuid::from(*user).as_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (id, bytes) = bytes.split_first_chunk()?;
        let (seen_at, users) = bytes.split_first_chunk()?;
        let users = users.chunks_exact(16).filter_map(|user| Uuid::from_slice(user).ok()).map(UserId::from);
        let seen_at = Time::from_millis(i64::from_be_bytes(*seen_at));
        Some(Self { id: Uuid::from_bytes(*id), seen_at, users: users.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_encoded_whole_and_knows_its_latest_accounts() {
        let (_, context) = runtime::testing::context();
        let now = context.clock.now();
        let users: Vec<UserId> = (0..10).map(|_| context.ids.next()).collect();
        let mut device = None;
        for user in &users {
            device = Some(Device::signed_in(device, *user, &context.ids, now));
        }
        let device = device.expect("a browser");
        assert!(device.knows(users[9]) && device.knows(users[2]) && !device.knows(users[1]));
        assert_eq!(Device::decode(&device.encode()), Some(device.clone()));
        let again = Device::signed_in(Some(device.clone()), users[2], &context.ids, now);
        assert_eq!((again.id, again.users.len(), again.users[0]), (device.id, 8, users[2]));
    }
}
