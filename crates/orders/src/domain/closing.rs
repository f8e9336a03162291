//! The closing of an account: whether the account may be deleted, and from when on orders of and for it end before they can be paid.

use common::event::ClosingRequest;
use common::{Decision, Event, Time, UserId};
use serde::{Deserialize, Serialize};

/// The decision on a request to delete an account. An account without this document is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The user, and the id of the document.
    pub user_id: UserId,
    /// The number of the last request.
    pub request: u64,
    /// Whether the request is to be accepted only if the account has listed, sold and bought nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub if_unused: bool,
    /// The decision.
    pub status: ClosingStatus,
    /// The version.
    pub version: u64,
    /// When the request arrived.
    pub requested_at: Time,
}

/// The decision on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosingStatus {
    /// Not decided.
    Pending,
    /// The account stays open.
    Refused,
    /// The account is closed for ever.
    Accepted,
}

impl Closing {
    /// Begins to decide on a request: from now on the account is closed for orders. Returns `None` if the request is known, or
    /// older than the known one. An account that is closed stays closed.
    pub fn begin(known: Option<&Self>, wanted: &ClosingRequest, now: Time) -> Option<Decision<Self>> {
        if known.is_some_and(|known| known.request >= wanted.request) {
            return None;
        }
        let status = match known.map(|known| known.status) {
            Some(ClosingStatus::Accepted) => ClosingStatus::Accepted,
            Some(ClosingStatus::Pending | ClosingStatus::Refused) | None => ClosingStatus::Pending,
        };
        Some(Decision::without_event(Self {
            user_id: wanted.user_id,
            request: wanted.request,
            if_unused: wanted.if_unused,
            status,
            version: known.map_or(1, |known| known.version + 1),
            requested_at: now,
        }))
    }

    /// Whether the account is closed for orders.
    pub fn refuses_orders(&self) -> bool {
        self.status != ClosingStatus::Refused
    }

    /// Accepts or refuses this request. Returns `None` if it is decided, or superseded.
    pub fn decide(&self, request: u64, status: ClosingStatus) -> Option<Decision<Self>> {
        let is_pending = self.status == ClosingStatus::Pending && self.request == request;
        is_pending.then(|| Self { status, ..self.clone() }.announced()).flatten()
    }

    /// Publishes the decision again. Returns `None` before the decision.
    pub fn announced(&self) -> Option<Decision<Self>> {
        let event = self.event()?;
        Some(Decision::with_event(Self { version: self.version + 1, ..self.clone() }, event))
    }

    /// The event of the decision. Returns `None` before the decision.
    pub fn event(&self) -> Option<Event> {
        let Self { user_id, request, if_unused, .. } = *self;
        let request = ClosingRequest { user_id, request, if_unused };
        match self.status {
            ClosingStatus::Pending => None,
            ClosingStatus::Refused => Some(Event::OrderClosingRefused(request)),
            ClosingStatus::Accepted => Some(Event::OrderClosingAccepted(request)),
        }
    }
}
