//! The requests for emails of one client address, which all replicas count together.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{EmailRequests, TooManyEmails};
use crate::throttle::network;

/// The requests of one client address; all addresses of an IPv6 /64 are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmailQuota {
    /// The id, derived from the address, which is not stored.
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    pub(crate) requests: EmailRequests,
}

impl EmailQuota {
    /// The id of the quota of an address.
    pub(crate) fn id_of(from: IpAddr) -> Uuid {
        let hash = digest(&SHA256, format!("email-quota {}", network(from)).as_bytes());
        let bytes = hash.as_ref().first_chunk().copied().unwrap_or_default();
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
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
