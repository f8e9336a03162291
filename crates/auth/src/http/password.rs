//! `PUT /api/users/password`

use axum::extract::State;
use axum::http::StatusCode;
use common::http::responses::{InvalidBody, TooManyAttempts};
use common::http::{CurrentUser, FieldErrors, HttpContext, Parse, Valid};
use common::{FieldError, Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::Email;
use crate::password::{Hashing, Password, TypedPassword};
use crate::throttle::Origin;

/// The body of a password change. Without `Debug`, so that no log contains a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordChange)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChange {
    /// The current password.
    #[schema(required = true, value_type = String, format = Password)]
    current: Option<String>,
    /// 15 to 128 characters; nothing is trimmed.
    #[schema(required = true, value_type = String, format = Password, min_length = 15, max_length = 128)]
    new: Option<String>,
}

/// A password change, validated by [`Change::validated`] because that needs the hashing pool.
pub(super) struct Change(RawChange);

impl Parse for Change {
    type Raw = RawChange;

    fn parse(raw: RawChange, _: Time, _: &mut FieldErrors) -> Option<Self> {
        Some(Self(raw))
    }
}

impl Change {
    /// The current password and the new one, if that meets the rules.
    ///
    /// # Errors
    /// 400 with the errors of both fields.
    async fn validated(self, hashing: &Hashing, email: &Email) -> Result<(TypedPassword, Password), Problem> {
        let Self(RawChange { current, new }) = self;
        let missing = |field| FieldError::new(field, "is required");
        // Forms send an empty text for a field that was not filled in.
        let current = current.filter(|current| !current.is_empty()).ok_or_else(|| missing("current"));
        let new = match new {
            None => Err(missing("new")),
            Some(text) => hashing
                .choose(TypedPassword::new(&text), Some(email.clone()))
                .await?
                .map_err(|error| FieldError::new("new", error.to_string())),
        };
        match (current, new) {
            (Ok(current), Ok(new)) => Ok((TypedPassword::new(&current), new)),
            (current, new) => Err(Problem::not_valid(current.err().into_iter().chain(new.err()).collect())),
        }
    }
}

/// Changes the caller's password.
///
/// The caller's other sessions are revoked, and a notice is sent.
#[utoipa::path(
    put,
    path = "/api/users/password",
    tag = "users",
    request_body = RawChange,
    responses(
        (status = 204, description = "The password is changed, and only the session of the request is live."),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: `current` is wrong."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn change_password(
    State(accounts): State<Accounts>,
    context: HttpContext,
    caller: CurrentUser,
    from: Origin,
    Valid(change): Valid<Change>,
) -> Result<StatusCode, Problem> {
    // The token's address may be a former one.
    let email = accounts.user(caller.id).await?.email;
    let (current, new) = change.validated(&accounts.hashing, &email).await?;
    let user = accounts.authenticate(&caller, current, &from).await?;
    accounts.change_password(&user, new, Some(caller.session), &from).await?;
    accounts.revoke_sessions(user.id, Some(caller.session), &context).await?;
    Ok(StatusCode::NO_CONTENT)
}
