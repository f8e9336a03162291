//! `POST /api/users/signin/passkey/options` and `POST /api/users/signin/passkey`

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use common::http::responses::{InvalidBody, TooManyRequests};
use common::http::{Caching, FieldErrors, HttpContext, Parse, Valid};
use common::{Problem, Time};
use passki::{AuthenticationChallenge, AuthenticationCredential};
use serde::Serialize;
use utoipa::ToSchema;

use super::response::{SignedIn, UserView};
use crate::Accounts;
use crate::throttle::Origin;

/// The options of a sign-in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasskeySignInOptions {
    /// `PublicKeyCredentialRequestOptionsJSON` of WebAuthn, for `PublicKeyCredential.parseRequestOptionsFromJSON()`.
    #[schema(value_type = Object)]
    public_key: AuthenticationChallenge,
}

/// The signature of an authenticator, in the form of WebAuthn, which may gain members.
pub(super) struct Signature(AuthenticationCredential);

impl Parse for Signature {
    type Raw = AuthenticationCredential;

    const HAS_LISTS: bool = true;

    fn parse(raw: AuthenticationCredential, _: Time, _: &mut FieldErrors) -> Option<Self> {
        Some(Self(raw))
    }
}

/// Begins a sign-in with a passkey.
///
/// The challenge counts once and for 5 minutes. It names no account: the browser offers every passkey of this site.
#[utoipa::path(
    post,
    path = "/api/users/signin/passkey/options",
    tag = "users",
    responses(
        (status = 200, description = "The options for `navigator.credentials.get()`.", body = PasskeySignInOptions),
        TooManyRequests,
    ),
)]
pub(super) async fn options(
    State(accounts): State<Accounts>,
    from: Origin,
) -> Result<impl IntoResponse, Problem> {
    let public_key = accounts.passkey_sign_in_options(&from).await?;
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(PasskeySignInOptions { public_key })))
}

/// Signs a user in with a passkey.
///
/// The body is `AuthenticationResponseJSON` of WebAuthn: `PublicKeyCredential.toJSON()`. A passkey is both factors.
#[utoipa::path(
    post,
    path = "/api/users/signin/passkey",
    tag = "users",
    request_body = serde_json::Value,
    responses(
        (status = 200, description = "The user, and the session cookie.", body = UserView),
        (status = 401, description = "`invalid-credentials`"),
        InvalidBody,
    ),
)]
pub(super) async fn sign_in(
    State(accounts): State<Accounts>,
    context: HttpContext,
    from: Origin,
    headers: HeaderMap,
    Valid(Signature(credential)): Valid<Signature>,
) -> Result<SignedIn, Problem> {
    let user = accounts.sign_in_with_passkey(&credential, &from).await?;
    SignedIn::start_session(&accounts, &context, &headers, StatusCode::OK, user).await
}
