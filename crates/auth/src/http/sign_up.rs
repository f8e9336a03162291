//! `POST /api/users/signup`: open an account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::Problem;
use common::http::{HttpContext, ProblemBody, Valid};

use super::credentials::{NewCredentials, RawCredentials};
use super::signed_in::{SignedIn, UserView};
use crate::Accounts;

/// Open an account and sign in
#[utoipa::path(
    post,
    path = "/api/users/signup",
    tag = "users",
    request_body = RawCredentials,
    responses(
        (status = 201, description = "The account, and the session cookie", body = UserView),
        (status = 400, description = "`not-valid`: the address or the password breaks a rule, named per field", body = ProblemBody),
        (status = 409, description = "`email-taken`: the address has an account", body = ProblemBody),
        (status = 503, description = "Too busy; see `Retry-After`", body = ProblemBody),
    )
)]
pub(super) async fn sign_up(
    State(accounts): State<Accounts>,
    context: HttpContext,
    headers: HeaderMap,
    Valid(wanted): Valid<NewCredentials>,
) -> Result<SignedIn, Problem> {
    let (email, password) = wanted.vetted(&accounts.hashing).await?;
    let user = accounts.sign_up(email, password).await?;
    SignedIn::start(&accounts, &context, &headers, StatusCode::CREATED, user).await
}
