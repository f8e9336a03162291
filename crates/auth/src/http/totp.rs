//! `/api/users/totp`: the authenticator app of the caller

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use common::http::responses::{InvalidBody, NotSignedIn, TooManyAttempts};
use common::http::{Caching, CurrentUser, FieldErrors, Parse, Valid};
use common::{Problem, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reauthentication::{Confirmation, RawConfirmation, RecentlyAuthenticated};
use crate::Accounts;
use crate::throttle::Origin;

/// A secret for an authenticator app. Without `Debug`.
#[derive(Serialize, ToSchema)]
pub(super) struct NewAuthenticator {
    /// The secret in Base32, to type into the app.
    secret: String,
    /// The `otpauth:` address, for a QR code.
    uri: String,
}

/// The recovery codes. Without `Debug`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecoveryCodes {
    /// Each signs in once, without the app. They are shown only now.
    recovery_codes: Vec<String>,
}

/// The state of the caller's authenticator app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthenticatorView {
    /// Since when sign-ins require it; absent: they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
    /// The number of recovery codes that were not used.
    recovery_codes_left: usize,
}

/// A code of an authenticator app. Without `Debug`, so that no log contains it.
#[derive(Deserialize, ToSchema)]
#[schema(as = AuthenticatorCode)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCode {
    /// Six digits; spaces are ignored.
    #[schema(required = true, value_type = String, example = "123456")]
    code: Option<String>,
}

/// A code of an authenticator app.
pub(super) struct Code(String);

impl Parse for Code {
    type Raw = RawCode;

    fn parse(raw: RawCode, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        errors.required("code", raw.code).map(Self)
    }
}

/// Whether sign-ins of the caller require an authenticator app.
#[utoipa::path(
    get,
    path = "/api/users/totp",
    tag = "users",
    responses((status = 200, description = "The state.", body = AuthenticatorView), NotSignedIn),
)]
pub(super) async fn show(
    State(accounts): State<Accounts>,
    caller: CurrentUser,
) -> Result<impl IntoResponse, Problem> {
    let authenticator = accounts.user(caller.id).await?.authenticator;
    let view = AuthenticatorView {
        since: authenticator.as_ref().map(|authenticator| authenticator.since),
        recovery_codes_left: authenticator.map_or(0, |authenticator| authenticator.recovery_codes.len()),
    };
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(view)))
}

/// Begins to set up an authenticator app.
///
/// Sign-ins require it once it is confirmed; one that is in force counts until then.
#[utoipa::path(
    post,
    path = "/api/users/totp",
    tag = "users",
    request_body = RawConfirmation,
    responses(
        (status = 201, description = "The secret, which is shown only now.", body = NewAuthenticator),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: the password is wrong."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn begin(
    State(accounts): State<Accounts>,
    caller: CurrentUser,
    from: Origin,
    Valid(Confirmation(password)): Valid<Confirmation>,
) -> Result<impl IntoResponse, Problem> {
    let new = accounts.begin_authenticator(&caller, password, &from).await?;
    let body = Json(NewAuthenticator { secret: new.secret, uri: new.uri });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, Caching::Private.header())], body))
}

/// Confirms the authenticator app by one of its codes.
///
/// From now on signing in with the password requires a code; recovery codes of a former app are void.
#[utoipa::path(
    post,
    path = "/api/users/totp/confirm",
    tag = "users",
    request_body = RawCode,
    responses(
        (status = 200, description = "The recovery codes.", body = RecoveryCodes),
        (status = 401, description = "`not-signed-in`; `invalid-code`: wrong, or nothing was begun."),
        (status = 403, description = "`reauthentication-required`"),
        InvalidBody,
    ),
)]
pub(super) async fn confirm(
    State(accounts): State<Accounts>,
    RecentlyAuthenticated(caller): RecentlyAuthenticated,
    from: Origin,
    Valid(Code(code)): Valid<Code>,
) -> Result<impl IntoResponse, Problem> {
    let recovery_codes = accounts.confirm_authenticator(&caller, &code, &from).await?;
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(RecoveryCodes { recovery_codes })))
}

/// Removes the authenticator app with its recovery codes.
#[utoipa::path(
    delete,
    path = "/api/users/totp",
    tag = "users",
    request_body = RawConfirmation,
    responses(
        (status = 204, description = "Signing in takes the password alone."),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: the password is wrong."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn remove(
    State(accounts): State<Accounts>,
    caller: CurrentUser,
    from: Origin,
    Valid(Confirmation(password)): Valid<Confirmation>,
) -> Result<StatusCode, Problem> {
    accounts.remove_authenticator(&caller, password, &from).await?;
    Ok(StatusCode::NO_CONTENT)
}
