//! `DELETE /api/users`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::responses::{InvalidBody, TooManyAttempts};
use common::http::{CurrentUser, HostCookie, HttpContext, Valid};

use super::reauthentication::{Confirmation, RawConfirmation};
use crate::Accounts;
use crate::closing::CloseError;
use crate::domain::Session;
use crate::throttle::Origin;

/// Deletes the caller's account.
///
/// Every session is revoked, and the address is free at once. The caller's open orders and those for their listings are
/// cancelled as `account-closed`, and the listings are withdrawn. Records of payments stay under ids.
#[utoipa::path(
    delete,
    path = "/api/users",
    tag = "users",
    request_body = RawConfirmation,
    responses(
        (status = 204, description = "The account is deleted, and the cookie is removed."),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: the password is wrong."),
        (status = 409, description = "`order-paying`: a purchase or a sale of the caller is being paid."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    context: HttpContext,
    user: CurrentUser,
    from: Origin,
    Valid(Confirmation(password)): Valid<Confirmation>,
) -> Result<Response, Problem> {
    accounts.close_account(&user, password, &from).await?;
    let now = context.clock.now();
    context.sessions.revoke(user.session, now.after(Session::TOKEN_LIFETIME), now);
    let cleared = HostCookie::session(&context).clear().map(|cookie| [(SET_COOKIE, cookie)]);
    Ok((StatusCode::NO_CONTENT, cleared, ()).into_response())
}

impl From<CloseError> for Problem {
    fn from(error: CloseError) -> Self {
        match error {
            CloseError::Paying => Self::conflict(
                "order-paying",
                "One of your purchases or sales is being paid; delete the account when that is done.",
            ),
            CloseError::Undecided => Self::unavailable().caused_by(error),
            CloseError::SignIn(error) => error.into(),
            CloseError::Commit(error) => error.into(),
        }
    }
}
