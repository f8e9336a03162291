//! The audit trail of an account: what happened, when and from where.

use std::time::Duration;

use common::{ActivityId, Decision, Time, UserId};
use serde::{Deserialize, Serialize};

/// An event in the life of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The account was created.
    SignUp,
    /// The user signed in.
    SignIn,
    /// A password or a code was wrong.
    SignInFailed,
    /// The user signed out.
    SignOut,
    /// The user proved again who they are.
    Reauthentication,
    /// A session was revoked.
    SessionRevoked,
    /// Every other session was revoked.
    SessionsRevoked,
    /// The address was verified or changed.
    AddressVerified,
    /// A change of the address was requested.
    AddressChangeRequested,
    /// The password was changed.
    PasswordChanged,
    /// The password was set by a link.
    PasswordReset,
    /// An authenticator app was confirmed.
    AuthenticatorAdded,
    /// The authenticator app was removed.
    AuthenticatorRemoved,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
}

/// One entry of the trail. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The entry.
    pub id: ActivityId,
    /// The version.
    pub version: u64,
    /// The user.
    pub user_id: UserId,
    /// When it happened.
    pub at: Time,
    /// The event.
    pub what: What,
    /// The client's IP address.
    pub address: String,
    /// The `User-Agent` of the browser, shortened like that of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl What {
    /// The name in the API and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::SignIn => "sign-in",
            Self::SignInFailed => "sign-in-failed",
            Self::SignOut => "sign-out",
            Self::Reauthentication => "reauthentication",
            Self::SessionRevoked => "session-revoked",
            Self::SessionsRevoked => "sessions-revoked",
            Self::AddressVerified => "address-verified",
            Self::AddressChangeRequested => "address-change-requested",
            Self::PasswordChanged => "password-changed",
            Self::PasswordReset => "password-reset",
            Self::AuthenticatorAdded => "authenticator-added",
            Self::AuthenticatorRemoved => "authenticator-removed",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
        }
    }
}

impl Activity {
    /// How long an entry is stored: long enough to notice an intrusion after a vacation.
    pub const RETENTION: Duration = Duration::from_hours(90 * 24);

    /// An entry about a request from this IP address and browser.
    pub fn new(
        id: ActivityId,
        user_id: UserId,
        what: What,
        (address, user_agent): (String, Option<String>),
        at: Time,
    ) -> Decision<Self> {
        Decision::without_event(Self { id, version: 1, user_id, at, what, address, user_agent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_logs_is_the_name_in_the_api() {
        for what in [What::SignUp, What::AddressChangeRequested, What::PasskeyRemoved] {
            assert_eq!(serde_json::to_value(what).expect("JSON"), what.name());
        }
    }
}
