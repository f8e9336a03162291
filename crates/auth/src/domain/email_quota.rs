//! The number of emails that a client address or an account can request in an hour.

use std::time::Duration;

use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The emails that one client address has requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailQuota {
    /// The id, derived from the address, which is not stored.
    pub id: Uuid,
    /// The version.
    pub version: u64,
    /// When emails were requested, within the last hour.
    pub requests: Vec<Time>,
}

/// The refusal of a request, with the delay after which the next one is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyEmails(pub Duration);

impl EmailQuota {
    /// How long a request counts.
    pub const WINDOW_RETENTION: Duration = Duration::from_hours(1);

    /// Counts a request.
    ///
    /// # Errors
    /// `max` requests were made within the hour.
    pub fn take(quota: Option<&Self>, id: Uuid, max: u32, now: Time) -> Result<Decision<Self>, TooManyEmails> {
        let requests = with_request(quota.map_or(&[], |quota| &quota.requests), max, now)?;
        let version = quota.map_or(0, |quota| quota.version) + 1;
        Ok(Decision::without_event(Self { id, version, requests }))
    }

    /// When no request counts any more.
    pub fn purge_at(&self) -> Time {
        self.requests.last().copied().unwrap_or(Time::from_millis(0)).after(Self::WINDOW_RETENTION)
    }
}

/// The requests of the last hour with one at `now`. `max` is 0 if there is no limit.
pub(super) fn with_request(requests: &[Time], max: u32, now: Time) -> Result<Vec<Time>, TooManyEmails> {
    if max == 0 {
        return Ok(Vec::new());
    }
    let counts = |at: &Time| now < at.after(EmailQuota::WINDOW_RETENTION);
    let mut recent: Vec<_> = requests.iter().copied().filter(counts).collect();
    match recent.first() {
        Some(first) if recent.len() >= max as usize => {
            Err(TooManyEmails(first.after(EmailQuota::WINDOW_RETENTION) - now))
        }
        _ => {
            recent.push(now);
            Ok(recent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: u64) -> Time {
        Time::from_millis(1_000_000).after(Duration::from_mins(number))
    }

    #[test]
    fn a_request_counts_for_an_hour() {
        let mut quota = None;
        for number in 0..5 {
            let taken = EmailQuota::take(quota.as_ref(), Uuid::nil(), 5, minute(number)).expect("below");
            quota = Some(taken.next);
        }
        let refused = |at| EmailQuota::take(quota.as_ref(), Uuid::nil(), 5, at).err();
        assert_eq!(refused(minute(10)), Some(TooManyEmails(Duration::from_mins(50))));
        assert_eq!(refused(minute(60)), None);
        assert_eq!(quota.expect("a quota").purge_at(), minute(64));
    }

    #[test]
    fn no_limit_counts_nothing() {
        let taken = EmailQuota::take(None, Uuid::nil(), 0, minute(0)).expect("no limit");
        assert!(taken.next.requests.is_empty());
    }
}
