//! The requests for emails that count against the limit of an account, or of a client address.

use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};

/// The times of requests within the last hour, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailRequests(Vec<Time>);

/// The refusal of a request, with the delay after which the next one is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyEmails(pub Duration);

impl EmailRequests {
    /// How long a request counts.
    pub const REQUEST_RETENTION: Duration = Duration::from_hours(1);

    /// Whether no request counts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When no request counts any more.
    pub fn expire_at(&self) -> Option<Time> {
        self.0.last().map(|last| last.after(Self::REQUEST_RETENTION))
    }

    /// The requests with a further one. `max` is 0 if there is no limit; then none is counted.
    ///
    /// # Errors
    /// `max` requests were made within the hour.
    pub fn with(&self, max: u32, now: Time) -> Result<Self, TooManyEmails> {
        if max == 0 {
            return Ok(Self::default());
        }
        let counts = |at: &Time| now < at.after(Self::REQUEST_RETENTION);
        let mut recent: Vec<_> = self.0.iter().copied().filter(counts).collect();
        match recent.first() {
            Some(first) if recent.len() >= max as usize => {
                Err(TooManyEmails(first.after(Self::REQUEST_RETENTION) - now))
            }
            _ => {
                recent.push(now);
                Ok(Self(recent))
            }
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
        let mut requests = EmailRequests::default();
        for number in 0..5 {
            requests = requests.with(5, minute(number)).expect("below the limit");
        }
        assert_eq!(requests.with(5, minute(10)).err(), Some(TooManyEmails(Duration::from_mins(50))));
        assert!(requests.with(5, minute(60)).is_ok());
        assert_eq!(requests.expire_at(), Some(minute(64)));
    }

    #[test]
    fn no_limit_counts_nothing() {
        assert!(EmailRequests::default().with(0, minute(0)).expect("no limit").is_empty());
    }
}
