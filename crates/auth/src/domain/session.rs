//! The session of a user on a device.

use std::time::Duration;

use common::event::SessionRevoked;
use common::{Decision, Event, Intervals, SessionId, Time, UserId};
use serde::{Deserialize, Serialize};

/// The session of a user on a device. Its last token was issued at `last_seen_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// The version.
    pub version: u64,
    /// The user.
    pub user_id: UserId,
    /// The `User-Agent` of the device, at most [`Session::MAX_USER_AGENT_LENGTH`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When the user signed in.
    pub created_at: Time,
    /// When the user last proved who they are, if that was after the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated_at: Option<Time>,
    /// When the session was last refreshed: within [`Session::REFRESH_INTERVAL`] of the last use.
    pub last_seen_at: Time,
    /// When the last token expires, to the second.
    pub tokens_expire_at: Time,
    /// When the session was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// How often the revocation was published again.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub republished: u32,
    /// When the session last changed.
    pub updated_at: Time,
}

/// The refusal of a session that was revoked, was idle for too long, or has reached its maximum age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnded;

/// Between publications of a revocation. Three of them fit into the life of a token.
const REVOCATION_INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(30), factor: 4, max: Duration::from_mins(15) };

impl Session {
    /// The time without use after which a session ends.
    pub const IDLE_TIMEOUT: Duration = Duration::from_hours(7 * 24);
    /// The age at which a session ends, even if it is in use.
    pub const MAX_AGE: Duration = Duration::from_hours(30 * 24);
    /// How long a token is valid.
    pub const TOKEN_LIFETIME: Duration = Duration::from_mins(15);
    /// The age at which a token is replaced when its device requests the current user.
    pub const REFRESH_INTERVAL: Duration = Duration::from_mins(5);
    /// How long after an authentication the user may change credentials without another one.
    pub const AUTHENTICATION_TIMEOUT: Duration = Duration::from_mins(10);
    /// How much of a `User-Agent` is stored, in characters: enough to tell devices apart.
    pub const MAX_USER_AGENT_LENGTH: usize = 256;

    /// Starts a session after a sign-in.
    pub fn start(id: SessionId, user_id: UserId, user_agent: Option<&str>, now: Time) -> Decision<Self> {
        let user_agent = user_agent.and_then(clean_user_agent);
        Decision::without_event(Self {
            id,
            version: 1,
            user_id,
            user_agent,
            created_at: now,
            authenticated_at: None,
            last_seen_at: now,
            tokens_expire_at: token_expiry(now, now.after(Self::MAX_AGE)),
            revoked_at: None,
            republished: 0,
            updated_at: now,
        })
    }

    /// Refreshes the session of a device in use. Returns `None` if the last refresh is recent.
    ///
    /// # Errors
    /// The session has ended.
    pub fn refresh(&self, now: Time) -> Result<Option<Decision<Self>>, SessionEnded> {
        if !self.is_live(now) {
            return Err(SessionEnded);
        }
        if now - self.last_seen_at < Self::REFRESH_INTERVAL {
            return Ok(None);
        }
        Ok(Some(Decision::without_event(Self {
            version: self.version + 1,
            last_seen_at: now,
            tokens_expire_at: token_expiry(now, self.created_at.after(Self::MAX_AGE)),
            updated_at: now,
            ..self.clone()
        })))
    }

    /// The user has proved again who they are. Returns `None` if the session has ended.
    pub fn authenticate(&self, now: Time) -> Option<Decision<Self>> {
        let next = || Self {
            version: self.version + 1,
            authenticated_at: Some(now),
            updated_at: now,
            ..self.clone()
        };
        self.is_live(now).then(|| Decision::without_event(next()))
    }

    /// Whether the user has proved a moment ago who they are.
    pub fn is_recently_authenticated(&self, now: Time) -> bool {
        let authenticated_at = self.authenticated_at.unwrap_or(self.created_at);
        self.is_live(now) && now - authenticated_at < Self::AUTHENTICATION_TIMEOUT
    }

    /// Revokes the session. Returns `None` if it has ended already.
    pub fn revoke(&self, now: Time) -> Option<Decision<Self>> {
        if !self.is_live(now) {
            return None;
        }
        let next = Self { version: self.version + 1, revoked_at: Some(now), updated_at: now, ..self.clone() };
        Some(next.announced())
    }

    /// Ends the session at this version, after a restore of the database: since the backup the session may have been
    /// refreshed, so that its last token expires later than the restored one, or revoked.
    pub fn end_restored(&self, version: u64, now: Time) -> Decision<Self> {
        let is_over = self.revoked_at.is_some() || now >= self.created_at.after(Self::MAX_AGE);
        if is_over {
            return Decision::without_event(Self { version, ..self.clone() });
        }
        let tokens_expire_at = now.after(Self::TOKEN_LIFETIME);
        Self { version, tokens_expire_at, revoked_at: Some(now), updated_at: now, ..self.clone() }.announced()
    }

    /// When the revocation is to be published again: some process may have missed it. Returns `None` if the session was not
    /// revoked, or its tokens expire before.
    pub fn overdue_at(&self) -> Option<Time> {
        let due = REVOCATION_INTERVALS.due(self.revoked_at?, self.republished);
        (due < self.tokens_expire_at).then_some(due)
    }

    /// Publishes the revocation again.
    pub fn republish(&self, now: Time) -> Option<Decision<Self>> {
        let republished = REVOCATION_INTERVALS.repeated(self.revoked_at?, self.republished, now);
        Some(Self { republished, version: self.version + 1, ..self.clone() }.announced())
    }

    /// This state with `session.revoked`.
    fn announced(self) -> Decision<Self> {
        let event = Event::SessionRevoked(SessionRevoked {
            session_id: self.id,
            user_id: self.user_id,
            tokens_expire_at: self.tokens_expire_at,
        });
        Decision::with_event(self, event)
    }

    /// Whether the session has not ended.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.expires_at()
    }

    /// When the session can be purged: it has ended, and its tokens have expired.
    pub fn purge_at(&self) -> Time {
        if self.revoked_at.is_some() { self.tokens_expire_at } else { self.expires_at() }
    }

    /// When the session ends, unless it is refreshed or revoked before.
    pub fn expires_at(&self) -> Time {
        self.last_seen_at.after(Self::IDLE_TIMEOUT).min(self.created_at.after(Self::MAX_AGE))
    }
}

/// A `User-Agent` without control characters and repeated white space, shortened. Returns `None` if nothing is left.
pub fn clean_user_agent(user_agent: &str) -> Option<String> {
    let words =
        user_agent.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(Session::MAX_USER_AGENT_LENGTH).collect();
    Some(name).filter(|name| !name.is_empty())
}

/// When a token that is issued now expires: in whole seconds, and not after its session.
fn token_expiry(now: Time, session_end: Time) -> Time {
    let end = now.after(Session::TOKEN_LIFETIME).min(session_end);
    Time::from_millis(end.as_millis().div_euclid(1000) * 1000)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day() -> Duration {
        Duration::from_hours(24)
    }

    fn started() -> (Session, Time) {
        let now = Time::from_millis(1_000_000_500);
        (Session::start(Uuid::nil().into(), Uuid::nil().into(), Some("Firefox"), now).next, now)
    }

    /// Every state of a session, each with a time at which the session is in it.
    fn states() -> [(&'static str, Session, Time); 5] {
        let (live, start) = started();
        let stale = start.after(Session::REFRESH_INTERVAL);
        let revoked = live.revoke(start).expect("it was live").next;
        let mut old = live.clone();
        while let Ok(Some(Decision { next, .. })) = old.refresh(old.last_seen_at.after(day())) {
            old = next;
        }
        [
            ("live", live.clone(), start.after(Session::REFRESH_INTERVAL).before(Duration::from_millis(1))),
            ("stale", live.clone(), stale),
            ("idle for too long", live, start.after(Session::IDLE_TIMEOUT)),
            ("as old as it may get", old, start.after(Session::MAX_AGE)),
            ("revoked", revoked, start.after(Duration::from_secs(1))),
        ]
    }

    #[test]
    fn every_state_answers_every_command() {
        for (state, session, now) in states() {
            let refreshed = session
                .refresh(now)
                .map(|decision| decision.map(|it| (it.next.last_seen_at, it.events.len())));
            let revoked =
                session.revoke(now).map(|decision| (decision.next.revoked_at, decision.events.len()));
            let (expected_refreshed, expected_revoked) = match state {
                "live" => (Ok(None), Some((Some(now), 1))),
                "stale" => (Ok(Some((now, 0))), Some((Some(now), 1))),
                _ => (Err(SessionEnded), None),
            };
            assert_eq!(refreshed, expected_refreshed, "refresh when {state}");
            assert_eq!(revoked, expected_revoked, "revoke when {state}");
        }
    }

    #[test]
    fn an_authentication_is_recent_for_ten_minutes() {
        let (session, start) = started();
        let timeout = Session::AUTHENTICATION_TIMEOUT;
        assert!(session.is_recently_authenticated(start.after(timeout).before(Duration::from_millis(1))));
        assert!(!session.is_recently_authenticated(start.after(timeout)));
        let again = session.authenticate(start.after(timeout)).expect("live").next;
        assert!(again.is_recently_authenticated(start.after(timeout)));
        assert_eq!(again.expires_at(), session.expires_at(), "it lives no longer");
        let revoked = session.revoke(start).expect("live").next;
        assert!(revoked.authenticate(start).is_none() && !revoked.is_recently_authenticated(start));
    }

    #[test]
    fn a_session_that_is_used_lives_thirty_days_and_no_longer() {
        let (mut session, start) = started();
        let end = start.after(Session::MAX_AGE);
        let mut now = start;
        while now < end {
            assert!(session.is_live(now), "{now}");
            if let Some(decision) = session.refresh(now).expect("live") {
                session = decision.next;
            }
            now = now.after(day());
        }
        assert!(!session.is_live(end));
        assert_eq!(session.refresh(end), Err(SessionEnded));
    }

    #[test]
    fn a_token_ends_on_a_whole_second_and_never_after_its_session() {
        let (session, start) = started();
        assert_eq!(session.tokens_expire_at, Time::from_millis(1_000_000_000).after(Session::TOKEN_LIFETIME));
        let young = Session { last_seen_at: start.after(day() * 29), ..session };
        let late = start.after(Session::MAX_AGE).before(Duration::from_mins(1));
        let last = young.refresh(late).expect("live").expect("stale").next;
        assert!(last.tokens_expire_at <= start.after(Session::MAX_AGE));
    }

    #[test]
    fn a_revocation_publishes_when_the_tokens_expire() {
        let (session, now) = started();
        let decision = session.revoke(now).expect("it was live");
        let revoked = SessionRevoked {
            session_id: session.id,
            user_id: session.user_id,
            tokens_expire_at: session.tokens_expire_at,
        };
        assert_eq!(decision.events, [Event::SessionRevoked(revoked)]);
        assert_eq!(decision.next.purge_at(), session.tokens_expire_at);
        assert_eq!(decision.next.version, 2);
    }

    #[test]
    fn after_a_restore_every_session_ends_with_an_event_that_outlives_its_last_token() {
        for (state, session, now) in states() {
            let Decision { next, events } = session.end_restored(1_795_000_000_000, now);
            assert_eq!(next.version, 1_795_000_000_000);
            assert!(!next.is_live(now), "{state}");
            let is_over = matches!(state, "as old as it may get" | "revoked");
            assert_eq!(events.len(), usize::from(!is_over), "{state}");
            let Some(Event::SessionRevoked(revoked)) = events.first() else { continue };
            // Since the backup the session may have been refreshed until now.
            assert_eq!(revoked.tokens_expire_at, now.after(Session::TOKEN_LIFETIME), "{state}");
        }
    }

    #[test]
    fn a_device_name_is_cleaned_and_kept_to_a_bounded_length() {
        let long = "x".repeat(1000);
        for (sent, kept) in [
            ("Firefox/1 (Linux)", Some("Firefox/1 (Linux)")),
            (" \tFirefox \u{1b}[31m  1\u{7f}\n", Some("Firefox [31m 1")),
            ("", None),
            (" \t ", None),
            (&long, Some(&long[..Session::MAX_USER_AGENT_LENGTH])),
        ] {
            let session =
                Session::start(Uuid::nil().into(), Uuid::nil().into(), Some(sent), Time::from_millis(0)).next;
            assert_eq!(session.user_agent.as_deref(), kept, "{sent}");
        }
    }
}
