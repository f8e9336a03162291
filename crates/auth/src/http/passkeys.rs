//! `POST /api/users/passkeys/options`, `POST` and `GET /api/users/passkeys`, and `DELETE` of one

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use common::http::responses::{InvalidBody, NotFound, NotSignedIn, TooManyRequests, VersionChanged};
use common::http::{Caching, CurrentUser, FieldErrors, IfMatch, Parse, PathId, Valid};
use common::{FieldError, PasskeyId, Problem, Time};
use passki::{RegistrationChallenge, RegistrationCredential};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::reauthentication::RecentlyAuthenticated;
use crate::Accounts;
use crate::domain::Passkey;
use crate::passkeys::PasskeyError;
use crate::throttle::Origin;

/// The largest number of characters of a passkey's name.
const MAX_NAME_LENGTH: usize = 100;
/// The name of a passkey that its user has not named.
const DEFAULT_NAME: &str = "Passkey";

/// The options of a registration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasskeyOptions {
    /// `PublicKeyCredentialCreationOptionsJSON` of WebAuthn, for `PublicKeyCredential.parseCreationOptionsFromJSON()`.
    #[schema(value_type = Object)]
    public_key: RegistrationChallenge,
}

/// A passkey of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Passkey)]
pub(super) struct PasskeyView {
    /// The id of the passkey.
    id: PasskeyId,
    /// The caller's name for it.
    name: String,
    /// When the caller added it.
    created_at: Time,
    /// When the caller last signed in with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Time>,
}

impl From<Passkey> for PasskeyView {
    fn from(Passkey { id, name, created_at, last_used_at, .. }: Passkey) -> Self {
        Self { id, name, created_at, last_used_at }
    }
}

/// The caller's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyList {
    /// Oldest first, at most 20.
    items: Vec<PasskeyView>,
}

/// The body of a registration.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewPasskey)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPasskey {
    /// The caller's name for the passkey.
    #[schema(max_length = 100, example = "My phone")]
    name: Option<String>,
    /// `RegistrationResponseJSON` of WebAuthn: `PublicKeyCredential.toJSON()`.
    #[schema(required = true, value_type = Object)]
    credential: Option<Value>,
}

/// A passkey that an authenticator has made.
pub(super) struct NewPasskey {
    name: Option<String>,
    credential: RegistrationCredential,
}

impl Parse for NewPasskey {
    type Raw = RawPasskey;

    const HAS_LISTS: bool = true;

    fn parse(raw: RawPasskey, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let name = errors.optional_line("name", raw.name, MAX_NAME_LENGTH);
        let credential = errors.required("credential", raw.credential)?;
        let credential = errors.check("credential", RegistrationCredential::deserialize(credential))?;
        Some(Self { name: name?, credential })
    }
}

/// Begins to add a passkey.
///
/// The challenge counts once and for 5 minutes.
#[utoipa::path(
    post,
    path = "/api/users/passkeys/options",
    tag = "users",
    responses(
        (status = 200, description = "The options for `navigator.credentials.create()`.", body = PasskeyOptions),
        NotSignedIn,
        (status = 403, description = "`reauthentication-required`"),
        (status = 409, description = "`too-many-passkeys`"),
        TooManyRequests,
    ),
)]
pub(super) async fn options(
    State(accounts): State<Accounts>,
    RecentlyAuthenticated(caller): RecentlyAuthenticated,
) -> Result<impl IntoResponse, Problem> {
    let public_key = accounts.passkey_options(caller.id).await?;
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(PasskeyOptions { public_key })))
}

/// Adds a passkey.
///
/// A notice is sent.
#[utoipa::path(
    post,
    path = "/api/users/passkeys",
    tag = "users",
    request_body = RawPasskey,
    responses(
        (status = 201, description = "The passkey.", body = PasskeyView),
        InvalidBody,
        NotSignedIn,
        (status = 403, description = "`reauthentication-required`"),
        (status = 409, description = "`too-many-passkeys`"),
    ),
)]
pub(super) async fn add(
    State(accounts): State<Accounts>,
    RecentlyAuthenticated(caller): RecentlyAuthenticated,
    from: Origin,
    Valid(NewPasskey { name, credential }): Valid<NewPasskey>,
) -> Result<impl IntoResponse, Problem> {
    let name = name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let added = accounts.add_passkey(caller.id, name, &credential, &from).await;
    let added = added.map_err(|error| match error {
        PasskeyError::Refused => {
            let message = "is not accepted; request new options and register again";
            Problem::not_valid(vec![FieldError::new("credential", message)])
        }
        error => error.into(),
    })?;
    let caching = [(CACHE_CONTROL, Caching::Private.header())];
    Ok((StatusCode::CREATED, caching, Json(PasskeyView::from(added))))
}

/// The caller's passkeys.
#[utoipa::path(
    get,
    path = "/api/users/passkeys",
    tag = "users",
    responses((status = 200, description = "The passkeys.", body = PasskeyList), NotSignedIn),
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    caller: CurrentUser,
) -> Result<impl IntoResponse, Problem> {
    let passkeys = accounts.user(caller.id).await?.passkeys;
    let items = passkeys.into_iter().map(PasskeyView::from).collect();
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(PasskeyList { items })))
}

/// Removes a passkey.
///
/// A notice is sent.
#[utoipa::path(
    delete,
    path = "/api/users/passkeys/{id}",
    tag = "users",
    params(
        ("id" = PasskeyId, Path, description = "The passkey."),
        ("If-Match" = Option<String>, Header, description = "`*`: the version of a passkey is not published."),
    ),
    responses(
        (status = 204, description = "The passkey is removed."),
        NotSignedIn,
        (status = 403, description = "`reauthentication-required`"),
        NotFound,
        VersionChanged,
    ),
)]
pub(super) async fn remove(
    State(accounts): State<Accounts>,
    RecentlyAuthenticated(caller): RecentlyAuthenticated,
    from: Origin,
    id: PathId<PasskeyId>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let (id, owner) = (id.parse()?, accounts.user(caller.id).await?);
    if owner.passkeys.iter().all(|passkey| passkey.id != id) {
        return Err(Problem::not_found());
    }
    seen.check(owner.version)?;
    accounts.remove_passkey(caller.id, id, &from).await?;
    Ok(StatusCode::NO_CONTENT)
}
