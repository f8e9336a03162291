//! `POST /api/users/signin`: start a session.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::Problem;
use common::http::{ClientAddress, HttpContext, ProblemBody, Valid};

use super::credentials::{Credentials, RawCredentials};
use super::signed_in::{SignedIn, UserView};
use crate::Accounts;

/// Sign in
///
/// Whoever is signed in already gets a further session.
#[utoipa::path(
    post,
    path = "/api/users/signin",
    tag = "users",
    request_body = RawCredentials,
    responses(
        (status = 200, description = "Who signed in, and the session cookie", body = UserView),
        (status = 400, description = "`not-valid`: a field is missing, or the address is none", body = ProblemBody),
        (status = 401, description = "`invalid-credentials`: no such account, or not its password", body = ProblemBody),
        (status = 429, description = "`too-many-attempts`: too many failures from this address; see `Retry-After`", body = ProblemBody),
        (status = 503, description = "Too busy; see `Retry-After`", body = ProblemBody),
    )
)]
pub(super) async fn sign_in(
    State(accounts): State<Accounts>,
    context: HttpContext,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    Valid(Credentials { email, password }): Valid<Credentials>,
) -> Result<SignedIn, Problem> {
    let user = accounts.sign_in(&email, password, from).await?;
    SignedIn::start(&accounts, &context, &headers, StatusCode::OK, user).await
}
