//! `PUT /api/users/email`

use axum::extract::State;
use axum::http::StatusCode;
use common::http::responses::{InvalidBody, TooManyAttempts};
use common::http::{CurrentUser, FieldErrors, Parse, Valid};
use common::{Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::Email;
use crate::password::TypedPassword;
use crate::throttle::Origin;

/// The body of a change of address. Without `Debug`, so that no log contains a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = EmailChange)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChange {
    /// The new address, at most 254 characters.
    #[schema(required = true, value_type = String, format = Email, max_length = 254, example = "ann@example.com")]
    email: Option<String>,
    /// The current password.
    #[schema(required = true, value_type = String, format = Password)]
    password: Option<String>,
}

/// A change of address.
pub(super) struct Change {
    email: Email,
    password: TypedPassword,
}

impl Parse for Change {
    type Raw = RawChange;

    fn parse(raw: RawChange, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let email = errors.required("email", raw.email);
        let email = email.and_then(|email| errors.check("email", Email::parse(&email)));
        let password = errors.required("password", raw.password.filter(|password| !password.is_empty()));
        Some(Self { email: email?, password: TypedPassword::new(&password?) })
    }
}

/// Requests a change of the caller's address.
///
/// A confirmation link is sent to the new address and a notice to the present one. Nothing changes before the link is used.
#[utoipa::path(
    put,
    path = "/api/users/email",
    tag = "users",
    request_body = RawChange,
    responses(
        (status = 202, description = "The emails will be sent."),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: the password is wrong."),
        (status = 409, description = "`email-taken`, also for the caller's own address."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn change_email(
    State(accounts): State<Accounts>,
    user: CurrentUser,
    from: Origin,
    Valid(Change { email, password }): Valid<Change>,
) -> Result<StatusCode, Problem> {
    accounts.request_email_change(&user, email, password, &from).await?;
    Ok(StatusCode::ACCEPTED)
}
