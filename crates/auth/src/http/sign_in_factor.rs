//! `POST /api/users/signin/factor`

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::http::responses::{InvalidBody, TooManyAttempts};
use common::http::{FieldErrors, HttpContext, Parse, Valid};
use common::{Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::{SignedIn, UserView};
use crate::Accounts;
use crate::throttle::Origin;

/// The second factor of a sign-in. Without `Debug`, so that no log contains a code.
#[derive(Deserialize, ToSchema)]
#[schema(as = SecondFactor)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFactor {
    /// The challenge in the answer to the sign-in.
    #[schema(required = true, value_type = String)]
    challenge: Option<String>,
    /// A code of the authenticator app, or a recovery code.
    #[schema(required = true, value_type = String, example = "123456")]
    code: Option<String>,
}

/// The second factor of a sign-in.
pub(super) struct SecondFactor {
    challenge: String,
    code: String,
}

impl Parse for SecondFactor {
    type Raw = RawFactor;

    fn parse(raw: RawFactor, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let challenge = errors.required("challenge", raw.challenge);
        let code = errors.required("code", raw.code.filter(|code| !code.is_empty()));
        Some(Self { challenge: challenge?, code: code? })
    }
}

/// Completes a sign-in with the second factor.
///
/// Each code counts once. A challenge accepts 5 codes within 5 minutes, and ends with any change of credentials.
#[utoipa::path(
    post,
    path = "/api/users/signin/factor",
    tag = "users",
    request_body = RawFactor,
    responses(
        (status = 200, description = "The user, and the session cookie.", body = UserView),
        (status = 401, description = "`invalid-code`; `challenge-expired`: sign in again."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn sign_in_with_code(
    State(accounts): State<Accounts>,
    context: HttpContext,
    from: Origin,
    headers: HeaderMap,
    Valid(SecondFactor { challenge, code }): Valid<SecondFactor>,
) -> Result<SignedIn, Problem> {
    let user = accounts.sign_in_with_code(&challenge, &code, &from).await?;
    SignedIn::start_session(&accounts, &context, &headers, StatusCode::OK, user).await
}
