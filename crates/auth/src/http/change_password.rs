//! `PUT /api/users/password`: another password for one's own account.

use axum::extract::State;
use axum::http::StatusCode;
use common::http::{ClientAddress, CurrentUser, FieldErrors, HttpContext, Parse, ProblemBody, Valid};
use common::{FieldError, Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::Email;
use crate::password::{Hashing, Password, TypedPassword};

/// The body. It has no `Debug`, so that nothing in it gets into a log.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordChange)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChange {
    /// The password until now.
    #[schema(required = true, value_type = String, format = Password)]
    current: Option<String>,
    /// 8 to 128 characters; nothing is trimmed.
    #[schema(required = true, value_type = String, format = Password, min_length = 8, max_length = 128)]
    new: Option<String>,
}

/// It is judged later, on the hashing pool: see [`Change::vetted`].
pub(super) struct Change(RawChange);

impl Parse for Change {
    type Raw = RawChange;

    fn parse(raw: RawChange, _: Time, _: &mut FieldErrors) -> Option<Self> {
        Some(Self(raw))
    }
}

impl Change {
    /// The password until now, and the new one if it keeps the rules.
    ///
    /// # Errors
    /// 400 names the faults of both together.
    async fn vetted(self, hashing: &Hashing, email: &Email) -> Result<(TypedPassword, Password), Problem> {
        let Self(RawChange { current, new }) = self;
        let missing = |field| FieldError::new(field, "is required");
        // An empty field is one that was not filled in.
        let current = current.filter(|current| !current.is_empty()).ok_or_else(|| missing("current"));
        let new = match new {
            None => Err(missing("new")),
            Some(text) => hashing
                .choose(TypedPassword::new(&text), Some(email.clone()))
                .await?
                .map_err(|fault| FieldError::new("new", fault.to_string())),
        };
        match (current, new) {
            (Ok(current), Ok(new)) => Ok((TypedPassword::new(&current), new)),
            (current, new) => Err(Problem::not_valid(current.err().into_iter().chain(new.err()).collect())),
        }
    }
}

/// Change one's password
///
/// All other sessions of the caller end.
#[utoipa::path(
    put,
    path = "/api/users/password",
    tag = "users",
    request_body = RawChange,
    responses(
        (status = 204, description = "The new password counts, and the caller is signed in nowhere else"),
        (status = 400, description = "`not-valid`: a field is missing, or the new password breaks a rule", body = ProblemBody),
        (status = 401, description = "`not-signed-in`; `invalid-credentials`: `current` is not the password", body = ProblemBody),
        (status = 429, description = "`too-many-attempts`: too many failures from this address; see `Retry-After`", body = ProblemBody),
        (status = 503, description = "Too busy; see `Retry-After`", body = ProblemBody),
    )
)]
pub(super) async fn change_password(
    State(accounts): State<Accounts>,
    context: HttpContext,
    person: CurrentUser,
    ClientAddress(from): ClientAddress,
    Valid(change): Valid<Change>,
) -> Result<StatusCode, Problem> {
    let email = Email::parse(&person.email).map_err(|fault| Problem::internal(fault.to_string()))?;
    let (current, new) = change.vetted(&accounts.hashing, &email).await?;
    accounts.change_password(&email, current, new, from).await?;
    accounts.revoke_others(&person, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}
