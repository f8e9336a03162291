//! `POST /api/users/reauthentication`, and the routes that require a recent authentication.

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use common::http::responses::{InvalidBody, TooManyAttempts};
use common::http::{CurrentUser, FieldErrors, Parse, Valid};
use common::{Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::password::TypedPassword;
use crate::throttle::Origin;

/// The caller's password. Without `Debug`, so that no log contains it.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordConfirmation)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfirmation {
    /// The current password.
    #[schema(required = true, value_type = String, format = Password)]
    password: Option<String>,
}

/// The caller's password.
pub(super) struct Confirmation(pub(super) TypedPassword);

impl Parse for Confirmation {
    type Raw = RawConfirmation;

    fn parse(raw: RawConfirmation, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        // Forms send an empty text for a field that was not filled in.
        let password = errors.required("password", raw.password.filter(|password| !password.is_empty()))?;
        Some(Self(TypedPassword::new(&password)))
    }
}

/// The caller, who has proved within the last 10 minutes who they are; else the request is refused with 403.
pub(super) struct RecentlyAuthenticated(pub(super) CurrentUser);

impl FromRequestParts<Accounts> for RecentlyAuthenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, accounts: &Accounts) -> Result<Self, Problem> {
        let caller = <CurrentUser as FromRequestParts<_>>::from_request_parts(parts, accounts).await?;
        let session = accounts.sessions.get(caller.session).await?.ok_or_else(Problem::not_signed_in)?;
        if session.is_recently_authenticated(accounts.now()) {
            return Ok(Self(caller));
        }
        let detail = "Confirm your password first: the last sign-in is more than 10 minutes ago.";
        Err(Problem::new(StatusCode::FORBIDDEN, "reauthentication-required", detail))
    }
}

/// Proves again who the caller is.
///
/// Changes of credentials require that within the last 10 minutes.
#[utoipa::path(
    post,
    path = "/api/users/reauthentication",
    tag = "users",
    request_body = RawConfirmation,
    responses(
        (status = 204, description = "The session counts as just authenticated."),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: the password is wrong."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn reauthenticate(
    State(accounts): State<Accounts>,
    caller: CurrentUser,
    from: Origin,
    Valid(Confirmation(password)): Valid<Confirmation>,
) -> Result<StatusCode, Problem> {
    accounts.authenticate(&caller, password, &from).await?;
    Ok(StatusCode::NO_CONTENT)
}
