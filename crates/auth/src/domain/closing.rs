//! The deletion of an account: the request, which orders decides, and the tombstone.

use std::time::Duration;

use common::event::{AccountDeleted, ClosingRequest};
use common::{Decision, Event, Intervals, Time, UserId};
use serde::{Deserialize, Serialize};

/// A request to delete an account, or the tombstone of one. Holds no personal data beyond the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The user, and the id of the document.
    pub user_id: UserId,
    /// The state of the deletion.
    pub status: ClosingStatus,
    /// The number of the last request: higher than those of former requests, also of ones that a restored database has lost.
    pub request: u64,
    /// Whether the account is deleted only if it has listed, sold and bought nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub if_unused: bool,
    /// How often the present state was published again.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub republished: u32,
    /// The version.
    pub version: u64,
    /// When the state last changed.
    pub updated_at: Time,
}

/// The state of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosingStatus {
    /// Orders has not decided.
    Requested,
    /// The account stays.
    Refused,
    /// The account is deleted.
    Deleted,
}

/// Between publications of a request that orders has not answered.
const REQUEST_INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) };

/// Between publications of a deletion, which no service confirms.
const DELETION_INTERVALS: Intervals =
    Intervals { first: Duration::from_mins(1), factor: 8, max: Duration::from_hours(24) };

/// Publications of a deletion after the first: over ten hours, longer than the tokens of the account live.
const MAX_DELETION_REPUBLICATIONS: u32 = 4;

impl Closing {
    /// Requests the deletion. Returns `None` if it is requested already, or done.
    pub fn request(
        known: Option<&Self>,
        user_id: UserId,
        if_unused: bool,
        now: Time,
    ) -> Option<Decision<Self>> {
        let is_requested = known.is_some_and(|known| match known.status {
            ClosingStatus::Requested => if_unused || !known.if_unused,
            ClosingStatus::Refused => false,
            ClosingStatus::Deleted => true,
        });
        let next = Self {
            user_id,
            status: ClosingStatus::Requested,
            request: known.map_or(0, |known| known.request + 1).max(now.as_millis().unsigned_abs()),
            if_unused,
            republished: 0,
            version: known.map_or(1, |known| known.version + 1),
            updated_at: now,
        };
        (!is_requested).then(|| next.published())
    }

    /// Keeps the account, unless the refused request was superseded.
    pub fn refuse(&self, request: u64, now: Time) -> Option<Decision<Self>> {
        let is_open = self.status == ClosingStatus::Requested && self.request == request;
        is_open.then(|| {
            let version = self.version + 1;
            let next =
                Self { status: ClosingStatus::Refused, republished: 0, version, updated_at: now, ..*self };
            Decision::without_event(next)
        })
    }

    /// Records that the account is deleted. Returns `None` if that is known.
    pub fn delete(known: Option<&Self>, user_id: UserId, now: Time) -> Option<Decision<Self>> {
        if known.is_some_and(|known| known.status == ClosingStatus::Deleted) {
            return None;
        }
        let next = Self {
            user_id,
            status: ClosingStatus::Deleted,
            request: known.map_or(0, |known| known.request),
            if_unused: false,
            republished: 0,
            version: known.map_or(1, |known| known.version + 1),
            updated_at: now,
        };
        Some(next.published())
    }

    /// Whether this request, or a later one, is answered.
    pub fn is_decided(&self, request: u64) -> bool {
        match self.status {
            ClosingStatus::Requested => false,
            ClosingStatus::Refused => self.request >= request,
            ClosingStatus::Deleted => true,
        }
    }

    /// When the state is to be published again. Returns `None` if that is of no use any more.
    pub fn overdue_at(&self) -> Option<Time> {
        let is_due = match self.status {
            ClosingStatus::Requested => true,
            ClosingStatus::Refused => false,
            ClosingStatus::Deleted => self.republished < MAX_DELETION_REPUBLICATIONS,
        };
        is_due.then(|| self.intervals().due(self.updated_at, self.republished))
    }

    /// Publishes the state again, at a new version.
    #[must_use]
    pub fn republish(&self, now: Time) -> Decision<Self> {
        let republished = self.intervals().repeated(self.updated_at, self.republished, now);
        Self { republished, version: self.version + 1, ..*self }.published()
    }

    const fn intervals(&self) -> Intervals {
        match self.status {
            ClosingStatus::Requested | ClosingStatus::Refused => REQUEST_INTERVALS,
            ClosingStatus::Deleted => DELETION_INTERVALS,
        }
    }

    /// The event of the present state. Returns `None` if the account stays.
    pub fn event(&self) -> Option<Event> {
        let Self { user_id, request, if_unused, .. } = *self;
        match self.status {
            ClosingStatus::Requested => {
                Some(Event::AccountClosing(ClosingRequest { user_id, request, if_unused }))
            }
            ClosingStatus::Refused => None,
            ClosingStatus::Deleted => Some(Event::AccountDeleted(AccountDeleted { user_id })),
        }
    }

    /// This state with its event.
    fn published(self) -> Decision<Self> {
        Decision { events: self.event().into_iter().collect(), next: self }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(second: u64) -> Time {
        Time::from_millis(1_000_000).after(Duration::from_secs(second))
    }

    fn user() -> UserId {
        Uuid::from_u128(7).into()
    }

    fn requested(known: Option<&Closing>, if_unused: bool) -> Option<Closing> {
        Closing::request(known, user(), if_unused, at(0)).map(|decision| decision.next)
    }

    #[test]
    fn a_request_is_made_once_until_it_is_refused() {
        let first = requested(None, false).expect("new");
        assert_eq!(requested(Some(&first), false), None);
        let refused = first.refuse(first.request, at(1)).expect("open").next;
        let second = requested(Some(&refused), false).expect("new");
        assert!(second.request > first.request);
        assert_eq!(second.refuse(first.request, at(2)), None, "a late answer");
        let deleted = Closing::delete(Some(&second), user(), at(3)).expect("open").next;
        assert_eq!(requested(Some(&deleted), false), None);
        assert_eq!(Closing::delete(Some(&deleted), user(), at(4)), None);
    }

    #[test]
    fn a_persons_request_supersedes_that_of_the_worker() {
        let by_worker = requested(None, true).expect("new");
        assert_eq!(requested(Some(&by_worker), true), None);
        let by_person = requested(Some(&by_worker), false).expect("new");
        assert_eq!(requested(Some(&by_person), true), None);
        assert_eq!(by_person.refuse(by_worker.request, at(1)), None);
    }

    #[test]
    fn a_request_is_published_until_it_is_answered_and_a_deletion_for_ten_hours() {
        let mut closing = requested(None, false).expect("new");
        for second in [10, 30, 70] {
            assert_eq!(closing.overdue_at(), Some(at(second)));
            closing = closing.republish(at(second)).next;
        }
        let mut deleted = Closing::delete(Some(&closing), user(), at(0)).expect("open").next;
        let mut minutes = Vec::new();
        while let Some(due) = deleted.overdue_at() {
            minutes.push((due - at(0)).as_secs() / 60);
            deleted = deleted.republish(due).next;
        }
        assert_eq!(minutes, [1, 9, 73, 585]);
    }
}
