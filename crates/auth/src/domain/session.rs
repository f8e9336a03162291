//! A device on which somebody is signed in.

use std::time::Duration;

use common::event::SessionRevoked;
use common::{Decision, Event, SessionId, Time, UserId};
use serde::{Deserialize, Serialize};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// A device on which somebody is signed in. Tokens are made from it: the last one was issued at `last_seen_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Its revision.
    pub version: u64,
    /// Who is signed in.
    pub user_id: UserId,
    /// What the device called itself, at most [`Session::LONGEST_USER_AGENT`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When somebody signed in.
    pub created_at: Time,
    /// When the device last asked who it is, to [`Session::REFRESH_AFTER`].
    pub last_seen_at: Time,
    /// When the last token that was issued runs out, to the second.
    pub tokens_expire_at: Time,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// When it was last changed.
    pub updated_at: Time,
}

/// The session is over: revoked, idle for too long, or as old as a session may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

impl Session {
    /// A session that was not used for this long is over.
    pub const IDLE: Duration = DAY.saturating_mul(7);
    /// No session lives longer than this.
    pub const LONGEST: Duration = DAY.saturating_mul(30);
    /// How long a token is good.
    pub const TOKEN_LIFE: Duration = MINUTE.saturating_mul(15);
    /// A token of this age is replaced when its device asks who it is.
    pub const REFRESH_AFTER: Duration = MINUTE.saturating_mul(5);
    /// How much of a `User-Agent` is kept, in characters: enough to tell one's devices apart.
    pub const LONGEST_USER_AGENT: usize = 256;

    /// Somebody has signed in.
    pub fn open(id: SessionId, user_id: UserId, user_agent: Option<&str>, now: Time) -> Decision<Self> {
        let user_agent = user_agent.and_then(clean);
        Decision::without_event(Self {
            id,
            version: 1,
            user_id,
            user_agent,
            created_at: now,
            last_seen_at: now,
            tokens_expire_at: token_end(now, now.after(Self::LONGEST)),
            revoked_at: None,
            updated_at: now,
        })
    }

    /// The device asks who it is. `Ok(None)`: it did so a moment ago.
    ///
    /// # Errors
    /// The session is over.
    pub fn seen(&self, now: Time) -> Result<Option<Decision<Self>>, Ended> {
        if !self.is_live(now) {
            return Err(Ended);
        }
        if now - self.last_seen_at < Self::REFRESH_AFTER {
            return Ok(None);
        }
        Ok(Some(Decision::without_event(Self {
            version: self.version + 1,
            last_seen_at: now,
            tokens_expire_at: token_end(now, self.created_at.after(Self::LONGEST)),
            updated_at: now,
            ..self.clone()
        })))
    }

    /// Ends the session now. `None`: it is over already.
    pub fn revoke(&self, now: Time) -> Option<Decision<Self>> {
        if !self.is_live(now) {
            return None;
        }
        let event = Event::SessionRevoked(SessionRevoked {
            session_id: self.id,
            user_id: self.user_id,
            tokens_expire_at: self.tokens_expire_at,
        });
        let next = Self { version: self.version + 1, revoked_at: Some(now), updated_at: now, ..self.clone() };
        Some(Decision::with_event(next, event))
    }

    /// Whether somebody is still signed in with it.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.runs_out_at()
    }

    /// From when on nobody needs to know of it any more: it is over, and so are its tokens.
    pub fn forgotten_at(&self) -> Time {
        if self.revoked_at.is_some() { self.tokens_expire_at } else { self.runs_out_at() }
    }

    fn runs_out_at(&self) -> Time {
        self.last_seen_at.after(Self::IDLE).min(self.created_at.after(Self::LONGEST))
    }
}

/// What a device calls itself, without what only disturbs where it is shown. `None`: nothing is left.
fn clean(user_agent: &str) -> Option<String> {
    let words =
        user_agent.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(Session::LONGEST_USER_AGENT).collect();
    Some(name).filter(|name| !name.is_empty())
}

/// When a token that is issued now runs out: tokens count whole seconds, and none outlives its session.
fn token_end(now: Time, session_end: Time) -> Time {
    let end = now.after(Session::TOKEN_LIFE).min(session_end);
    Time::from_millis(end.as_millis().div_euclid(1000) * 1000)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn opened() -> (Session, Time) {
        let now = Time::from_millis(1_000_000_500);
        (Session::open(Uuid::nil().into(), Uuid::nil().into(), Some("Firefox"), now).next, now)
    }

    /// The states that a session can be in, each with the moment at which it is.
    fn states() -> [(&'static str, Session, Time); 5] {
        let (live, start) = opened();
        let stale = start.after(Session::REFRESH_AFTER);
        let revoked = live.revoke(start).expect("it was live").next;
        let mut old = live.clone();
        while let Ok(Some(Decision { next, .. })) = old.seen(old.last_seen_at.after(DAY)) {
            old = next;
        }
        [
            ("live", live.clone(), start.after(Session::REFRESH_AFTER).before(Duration::from_millis(1))),
            ("stale", live.clone(), stale),
            ("idle for too long", live, start.after(Session::IDLE)),
            ("as old as it may get", old, start.after(Session::LONGEST)),
            ("revoked", revoked, start.after(SECOND)),
        ]
    }

    #[test]
    fn every_state_answers_every_command() {
        for (state, session, now) in states() {
            let seen =
                session.seen(now).map(|decision| decision.map(|it| (it.next.last_seen_at, it.events.len())));
            let revoked =
                session.revoke(now).map(|decision| (decision.next.revoked_at, decision.events.len()));
            let (expected_seen, expected_revoked) = match state {
                "live" => (Ok(None), Some((Some(now), 1))),
                "stale" => (Ok(Some((now, 0))), Some((Some(now), 1))),
                _ => (Err(Ended), None),
            };
            assert_eq!(seen, expected_seen, "seen when {state}");
            assert_eq!(revoked, expected_revoked, "revoke when {state}");
        }
    }

    #[test]
    fn a_session_that_is_used_lives_thirty_days_and_no_longer() {
        let (mut session, start) = opened();
        let end = start.after(Session::LONGEST);
        let mut now = start;
        while now < end {
            assert!(session.is_live(now), "{now}");
            if let Some(decision) = session.seen(now).expect("live") {
                session = decision.next;
            }
            now = now.after(DAY);
        }
        assert!(!session.is_live(end));
        assert_eq!(session.seen(end), Err(Ended));
    }

    #[test]
    fn a_token_ends_on_a_whole_second_and_never_after_its_session() {
        let (session, start) = opened();
        assert_eq!(session.tokens_expire_at, Time::from_millis(1_000_000_000).after(Session::TOKEN_LIFE));
        let young = Session { last_seen_at: start.after(DAY * 29), ..session };
        let late = start.after(Session::LONGEST).before(MINUTE);
        let last = young.seen(late).expect("live").expect("stale").next;
        assert!(last.tokens_expire_at <= start.after(Session::LONGEST));
    }

    #[test]
    fn revoking_tells_until_when_tokens_are_about() {
        let (session, now) = opened();
        let decision = session.revoke(now).expect("it was live");
        let revoked = SessionRevoked {
            session_id: session.id,
            user_id: session.user_id,
            tokens_expire_at: session.tokens_expire_at,
        };
        assert_eq!(decision.events, [Event::SessionRevoked(revoked)]);
        assert_eq!(decision.next.forgotten_at(), session.tokens_expire_at);
        assert_eq!(decision.next.version, 2);
    }

    #[test]
    fn a_device_name_is_cleaned_and_kept_to_a_bounded_length() {
        let long = "x".repeat(1000);
        for (sent, kept) in [
            ("Firefox/1 (Linux)", Some("Firefox/1 (Linux)")),
            (" \tFirefox \u{1b}[31m  1\u{7f}\n", Some("Firefox [31m 1")),
            ("", None),
            (" \t ", None),
            (&long, Some(&long[..Session::LONGEST_USER_AGENT])),
        ] {
            let session =
                Session::open(Uuid::nil().into(), Uuid::nil().into(), Some(sent), Time::from_millis(0)).next;
            assert_eq!(session.user_agent.as_deref(), kept, "{sent}");
        }
    }
}
