//! `GET /api/users/export`

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use common::http::responses::NotSignedIn;
use common::http::{Caching, CurrentUser};
use common::{Problem, Time, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::sessions::SessionView;
use crate::Accounts;
use crate::domain::{Email, User};

/// Everything that is stored about the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountExport {
    /// The account.
    account: AccountView,
    /// The sessions, newest first.
    sessions: Vec<SessionView>,
}

/// The whole account, without secrets and their hashes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account)]
struct AccountView {
    /// The id.
    id: UserId,
    /// The email address as typed.
    #[schema(value_type = String, format = Email)]
    email: Email,
    /// When the address was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_at: Option<Time>,
    /// The requested new address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Email)]
    new_email: Option<Email>,
    /// Since when sign-ins require an authenticator app.
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator_since: Option<Time>,
    /// The kinds of emails that are to be sent.
    pending_emails: Vec<&'static str>,
    /// The kinds of emails that failed for good.
    failed_emails: Vec<String>,
    /// When the user signed up.
    created_at: Time,
    /// When the account last changed.
    updated_at: Time,
}

impl From<User> for AccountView {
    fn from(user: User) -> Self {
        Self {
            pending_emails: user.emails.pending().iter().map(|email| email.kind.name()).collect(),
            failed_emails: user.emails.failed().iter().map(|email| email.kind.clone()).collect(),
            authenticator_since: user.authenticator.map(|authenticator| authenticator.since),
            id: user.id,
            email: user.email,
            verified_at: user.verified_at,
            new_email: user.email_change.map(|change| change.email),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// Everything that is stored about the caller.
///
/// At the address of the marketplace the reply also has `passkeys`, `activity`, `ticketsListed`, `ticketsHeld`, `ticketsBought`, `orders`, `payments`
/// and `sales`, each the whole list of the service that stores them. The reply is an attachment.
#[utoipa::path(
    get,
    path = "/api/users/export",
    tag = "users",
    responses((status = 200, description = "One JSON document.", body = AccountExport), NotSignedIn),
)]
pub(super) async fn export(
    State(accounts): State<Accounts>,
    caller: CurrentUser,
) -> Result<impl IntoResponse, Problem> {
    let account = accounts.user(caller.id).await?.into();
    let sessions = accounts.sessions_of(caller.id).await?;
    let sessions = sessions.into_iter().map(|session| SessionView::new(session, caller.session)).collect();
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(AccountExport { account, sessions })))
}
