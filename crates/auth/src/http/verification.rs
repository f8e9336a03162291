//! `POST /api/users/verification` and `POST /api/users/verify`

use axum::extract::State;
use axum::http::StatusCode;
use common::http::responses::{NotSignedIn, TooManyAttempts};
use common::http::{ClientAddress, CurrentUser, FieldErrors, Parse, Valid};
use common::{Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::throttle::Origin;

/// The token of a link. Without `Debug`, so that no log contains a token.
#[derive(Deserialize, ToSchema)]
#[schema(as = Token)]
#[serde(deny_unknown_fields)]
pub(super) struct RawToken {
    /// The token of the link in the email.
    #[schema(required = true, value_type = String)]
    token: Option<String>,
}

/// The token of a link.
pub(super) struct Token(String);

impl Parse for Token {
    type Raw = RawToken;

    fn parse(raw: RawToken, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        errors.required("token", raw.token).map(Self)
    }
}

/// Sends the verification email again.
///
/// The link of the former email is superseded.
#[utoipa::path(
    post,
    path = "/api/users/verification",
    tag = "users",
    responses(
        (status = 202, description = "The email will be sent."),
        NotSignedIn,
        (status = 409, description = "`already-verified`"),
        TooManyAttempts,
    ),
)]
pub(super) async fn send_verification(
    State(accounts): State<Accounts>,
    user: CurrentUser,
    ClientAddress(from): ClientAddress,
) -> Result<StatusCode, Problem> {
    accounts.send_verification(&user, from).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Verifies an address by the link of an email.
///
/// A link for a change of address changes the address.
#[utoipa::path(
    post,
    path = "/api/users/verify",
    tag = "users",
    request_body = RawToken,
    responses(
        (status = 204, description = "The address is verified, or changed."),
        (status = 400, description = "`malformed-json`, `not-valid`; `token-invalid`: used, superseded, or older than 24 hours."),
        (status = 409, description = "`email-taken`: the new address has an account meanwhile."),
    ),
)]
pub(super) async fn verify(
    State(accounts): State<Accounts>,
    from: Origin,
    Valid(Token(token)): Valid<Token>,
) -> Result<StatusCode, Problem> {
    accounts.verify(&token, &from).await?;
    Ok(StatusCode::NO_CONTENT)
}
