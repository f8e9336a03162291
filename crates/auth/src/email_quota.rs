//! The requests for emails of one client address, which all replicas count together.

use std::net::IpAddr;

use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::MasterKey;
use crate::domain::{EmailRequests, TooManyEmails};
use crate::throttle::network;

/// The requests of one client address; all addresses of an IPv6 /64 are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmailQuota {
    /// A name of the address that only the master key can give.
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    pub(crate) requests: EmailRequests,
}

impl EmailQuota {
    /// The id of the quota of an address.
    pub(crate) fn id_of(from: IpAddr, key: &MasterKey) -> Uuid {
        key.name("emails of an address", &[&network(from)])
    }

    /// Counts a request.
    ///
    /// # Errors
    /// `max` requests were made within the hour.
    pub(crate) fn take(
        quota: Option<&Self>,
        id: Uuid,
        max: u32,
        now: Time,
    ) -> Result<Decision<Self>, TooManyEmails> {
        let former = quota.map(|quota| &quota.requests).cloned().unwrap_or_default();
        let version = quota.map_or(0, |quota| quota.version) + 1;
        Ok(Decision::without_event(Self { id, version, requests: former.with(max, now)? }))
    }

    /// When no request counts any more.
    pub(crate) fn purge_at(&self) -> Time {
        self.requests.expire_at().unwrap_or(Time::from_millis(0))
    }
}
