//! `POST /api/users/password/forgotten` and `POST /api/users/password/reset`

use axum::extract::State;
use axum::http::StatusCode;
use common::http::responses::InvalidBody;
use common::http::{ClientAddress, FieldErrors, HttpContext, Parse, Valid};
use common::{FieldError, Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::Email;
use crate::password::TypedPassword;
use crate::secret_token::LinkToken;
use crate::throttle::Origin;
use crate::verification::LinkError;

/// The address of an account.
#[derive(Deserialize, ToSchema)]
#[schema(as = ForgottenPassword)]
#[serde(deny_unknown_fields)]
pub(super) struct RawForgotten {
    /// At most 254 characters; case is ignored.
    #[schema(required = true, value_type = String, format = Email, max_length = 254, example = "ann@example.com")]
    email: Option<String>,
}

/// The address of an account.
pub(super) struct Forgotten(Email);

impl Parse for Forgotten {
    type Raw = RawForgotten;

    fn parse(raw: RawForgotten, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let email = errors.required("email", raw.email)?;
        errors.check("email", Email::parse(&email)).map(Self)
    }
}

/// Requests a link that sets a new password.
///
/// The reply is the same whether or not the address has an account. At most so many emails are sent in an hour.
#[utoipa::path(
    post,
    path = "/api/users/password/forgotten",
    tag = "users",
    request_body = RawForgotten,
    responses(
        (status = 202, description = "If the address has an account, the email will be sent."),
        InvalidBody,
    ),
)]
pub(super) async fn forgotten(
    State(accounts): State<Accounts>,
    ClientAddress(from): ClientAddress,
    Valid(Forgotten(email)): Valid<Forgotten>,
) -> Result<StatusCode, Problem> {
    accounts.forgot_password(email, from).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The token of a link and the new password. Without `Debug`, so that no log contains either.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordReset)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReset {
    /// The token of the link in the email.
    #[schema(required = true, value_type = String)]
    token: Option<String>,
    /// 15 to 128 characters; nothing is trimmed.
    #[schema(required = true, value_type = String, format = Password, min_length = 15, max_length = 128)]
    new: Option<String>,
}

/// A token with a new password, whose rules depend on the account of the token.
pub(super) struct Reset {
    token: String,
    new: TypedPassword,
}

impl Parse for Reset {
    type Raw = RawReset;

    fn parse(raw: RawReset, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let token = errors.required("token", raw.token);
        let new = errors.required("new", raw.new);
        Some(Self { token: token?, new: TypedPassword::new(&new?) })
    }
}

/// Sets a new password by the link of an email.
///
/// The address is verified, every session is revoked, and a notice is sent.
#[utoipa::path(
    post,
    path = "/api/users/password/reset",
    tag = "users",
    request_body = RawReset,
    responses(
        (status = 204, description = "The password is set."),
        (status = 400, description = "`malformed-json`, `not-valid`; `token-invalid`: used, superseded, older than 30 minutes, or void after a change of password or address."),
    ),
)]
pub(super) async fn reset(
    State(accounts): State<Accounts>,
    context: HttpContext,
    from: Origin,
    Valid(Reset { token, new }): Valid<Reset>,
) -> Result<StatusCode, Problem> {
    let token = LinkToken::parse(&token).ok_or(LinkError::TokenInvalid)?;
    let user = accounts.reset_user(&token).await?;
    let new = accounts
        .hashing
        .choose(new, Some(user.email))
        .await?
        .map_err(|error| Problem::not_valid(vec![FieldError::new("new", error.to_string())]))?;
    accounts.reset_password(&token, new, &context, &from).await?;
    Ok(StatusCode::NO_CONTENT)
}
