//! The security log: what an operator needs to see an attack, without personal data beyond ids.
//!
//! Each event is a log line of this target with the field `event`; sign-ins are counted, too.

use common::{SessionId, UserId};
use metrics::counter;

use crate::domain::What;

/// The target of the log lines.
pub(crate) const TARGET: &str = "security";

/// The outcomes of sign-ins, as values of a label.
const OUTCOMES: [&str; 3] = ["accepted", "refused", "throttled"];

/// Registers the counters with all values of their labels: an alert does not see the increase of a counter that begins
/// with its first increment.
pub(crate) fn register() {
    for outcome in OUTCOMES {
        counter!("sign_ins_total", "outcome" => outcome).increment(0);
    }
    counter!("sign_ups_refused_total").increment(0);
    counter!("sessions_revoked_total").increment(0);
}

/// Something happened to an account.
pub(crate) fn happened(user: UserId, what: What) {
    if what == What::SignIn {
        counter!("sign_ins_total", "outcome" => "accepted").increment(1);
    }
    tracing::info!(target: TARGET, event = what.name(), %user, "security");
}

/// A password was wrong, or the account does not exist; `throttles`: further attempts are delayed.
pub(crate) fn sign_in_failed(user: Option<UserId>, throttles: bool) {
    counter!("sign_ins_total", "outcome" => "refused").increment(1);
    let user = user.map(|user| user.to_string()).unwrap_or_default();
    tracing::warn!(target: TARGET, event = "sign-in-failed", user, throttles, "security");
}

/// A password was right, and the second factor is awaited.
pub(crate) fn second_factor_required(user: UserId) {
    tracing::info!(target: TARGET, event = "second-factor-required", %user, "security");
}

/// An attempt was refused without a look at the password.
pub(crate) fn sign_in_throttled(user: Option<UserId>) {
    counter!("sign_ins_total", "outcome" => "throttled").increment(1);
    let user = user.map(|user| user.to_string()).unwrap_or_default();
    tracing::warn!(target: TARGET, event = "sign-in-throttled", user, "security");
}

/// A sign-up was refused because its address has signed up too often.
pub(crate) fn sign_up_throttled() {
    counter!("sign_ups_refused_total").increment(1);
    tracing::warn!(target: TARGET, event = "sign-up-throttled", "security");
}

/// A session was revoked.
pub(crate) fn session_revoked(user: UserId, session: SessionId) {
    counter!("sessions_revoked_total").increment(1);
    tracing::info!(target: TARGET, event = "session-revoked", %user, %session, "security");
}
