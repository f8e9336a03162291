//! The visitor's passkeys, a section of `/account/security`. A script adds them, since only browsers talk to authenticators.

use common::{PasskeyId, Problem, Time};
use serde::Deserialize;

use crate::api::{ApiError, ListReply, Reply};
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::form::Form;
use crate::visitor::Visitor;

/// A passkey of the visitor.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Passkey {
    pub(super) id: PasskeyId,
    pub(super) name: String,
    created_at: Time,
    last_used_at: Option<Time>,
}

impl Passkey {
    pub(super) fn added(&self) -> TimeTag {
        self.created_at.into()
    }

    pub(super) fn last_used(&self) -> Option<TimeTag> {
        self.last_used_at.map(TimeTag::from)
    }
}

/// The visitor's passkeys; `None` while auth is unavailable.
pub(super) async fn list(client: &Client, visitor: &Visitor) -> Option<Vec<Passkey>> {
    let reply = client.api.get(&visitor.caller, "/api/users/passkeys").await;
    Some(reply.and_then(|reply| reply.json::<ListReply<Passkey>>()).ok()?.items)
}

/// Removes the passkey that the form names.
pub(super) async fn remove(
    client: &Client,
    visitor: &Visitor,
    form: &Form,
) -> Result<Result<Reply, ApiError>, Problem> {
    let id: PasskeyId = form.get("passkey").parse().map_err(|_| Problem::not_found())?;
    Ok(client.api.delete(&visitor.caller, &format!("/api/users/passkeys/{id}")).await)
}
