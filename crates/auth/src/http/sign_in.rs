//! `POST /api/users/signup`, `POST /api/users/signin` and `POST /api/users/signout`

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use common::http::responses::{InvalidBody, TooManyAttempts};
use common::http::{Caching, FieldErrors, HostCookie, HttpContext, Parse, Valid};
use common::{FieldError, Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::{SignedIn, UserView};
use crate::Accounts;
use crate::domain::{Email, What};
use crate::password::{Hashing, Password, TypedPassword};
use crate::throttle::{Origin, SignUpAllowed};

/// The body of sign-up and sign-in. Without `Debug`, so that no log contains a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = Credentials)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCredentials {
    /// At most 254 characters; case is ignored.
    #[schema(required = true, value_type = String, format = Email, max_length = 254, example = "ann@example.com")]
    email: Option<String>,
    /// 15 to 128 characters; nothing is trimmed.
    #[schema(required = true, value_type = String, format = Password, min_length = 15, max_length = 128)]
    password: Option<String>,
}

/// The credentials of a sign-up, validated by [`NewCredentials::validated`] because that needs the hashing pool.
pub(super) struct NewCredentials(RawCredentials);

impl Parse for NewCredentials {
    type Raw = RawCredentials;

    fn parse(raw: RawCredentials, _: Time, _: &mut FieldErrors) -> Option<Self> {
        Some(Self(raw))
    }
}

impl NewCredentials {
    /// The email address and the password, if both meet the rules.
    ///
    /// # Errors
    /// 400 with the errors of both fields.
    async fn validated(self, hashing: &Hashing) -> Result<(Email, Password), Problem> {
        let Self(RawCredentials { email, password }) = self;
        let missing = |field| FieldError::new(field, "is required");
        let email = email.ok_or_else(|| missing("email")).and_then(|email| {
            Email::parse(&email).map_err(|error| FieldError::new("email", error.to_string()))
        });
        let password = match password {
            None => Err(missing("password")),
            Some(text) => hashing
                .choose(TypedPassword::new(&text), email.as_ref().ok().cloned())
                .await?
                .map_err(|error| FieldError::new("password", error.to_string())),
        };
        match (email, password) {
            (Ok(email), Ok(password)) => Ok((email, password)),
            (email, password) => {
                Err(Problem::not_valid(email.err().into_iter().chain(password.err()).collect()))
            }
        }
    }
}

/// The credentials of a sign-in. A password that breaks the rules for new ones is wrong rather than not valid.
pub(super) struct Credentials {
    email: Email,
    password: TypedPassword,
}

impl Parse for Credentials {
    type Raw = RawCredentials;

    fn parse(raw: RawCredentials, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let email = errors.required("email", raw.email);
        let email = email.and_then(|email| errors.check("email", Email::parse(&email)));
        // Forms send an empty text for a field that was not filled in.
        let password = errors.required("password", raw.password.filter(|password| !password.is_empty()));
        Some(Self { email: email?, password: TypedPassword::new(&password?) })
    }
}

/// Creates an account and signs the user in.
#[utoipa::path(
    post,
    path = "/api/users/signup",
    tag = "users",
    request_body = RawCredentials,
    responses(
        (status = 201, description = "The user, and the session cookie.", body = UserView),
        (status = 409, description = "`email-taken`"),
        InvalidBody,
    ),
)]
pub(super) async fn sign_up(
    State(accounts): State<Accounts>,
    context: HttpContext,
    SignUpAllowed(from): SignUpAllowed,
    headers: HeaderMap,
    Valid(wanted): Valid<NewCredentials>,
) -> Result<SignedIn, Problem> {
    let (email, password) = wanted.validated(&accounts.hashing).await?;
    accounts.throttle.sign_up(from.address, context.clock.now()).await?;
    let user = accounts.sign_up(email, password, &from).await?;
    SignedIn::start_session(&accounts, &context, &headers, StatusCode::CREATED, user).await
}

/// Signs a user in.
///
/// Each sign-in starts a session. The session of the request, if there is one, ends; sessions of other browsers stay.
#[utoipa::path(
    post,
    path = "/api/users/signin",
    tag = "users",
    request_body = RawCredentials,
    responses(
        (status = 200, description = "The user, and the session cookie.", body = UserView),
        (status = 401, description = "`invalid-credentials`; `second-factor-required` with `challenge` and `factors`: go on at `/signin/factor`."),
        InvalidBody,
        TooManyAttempts,
    ),
)]
pub(super) async fn sign_in(
    State(accounts): State<Accounts>,
    context: HttpContext,
    from: Origin,
    headers: HeaderMap,
    Valid(Credentials { email, password }): Valid<Credentials>,
) -> Result<SignedIn, Problem> {
    let user = accounts.sign_in(&email, password, &from).await?;
    SignedIn::start_session(&accounts, &context, &headers, StatusCode::OK, user).await
}

/// Signs the user out.
///
/// The session is revoked, even if its token has expired. Succeeds without a session too.
#[utoipa::path(
    post,
    path = "/api/users/signout",
    tag = "users",
    responses((status = 204, description = "The session is revoked, and the cookie is removed.")),
)]
pub(super) async fn sign_out(
    State(accounts): State<Accounts>,
    context: HttpContext,
    from: Origin,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(claims) = context.signed_session(&headers).await?
        && accounts.revoke_session(claims.sid, &context).await?
    {
        accounts.store_activity(claims.sub, What::SignOut, &from).await;
    }
    let cleared = HostCookie::session(&context).clear().map(|cookie| [(SET_COOKIE, cookie)]);
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, Caching::Private.header())], cleared, ()).into_response())
}
