//! An address and a password, as they arrive.

use common::http::{FieldErrors, Parse};
use common::{FieldError, Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::Email;
use crate::password::{Hashing, Password, TypedPassword};

/// The body of sign-up and sign-in. It has no `Debug`, so that nothing in it gets into a log.
#[derive(Deserialize, ToSchema)]
#[schema(as = Credentials)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCredentials {
    /// At most 254 characters; case makes no difference.
    #[schema(required = true, value_type = String, format = Email, max_length = 254, example = "ann@example.com")]
    email: Option<String>,
    /// 8 to 128 characters; nothing is trimmed.
    #[schema(required = true, value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: Option<String>,
}

/// What somebody wants to sign up with. It is judged later, on the hashing pool: see [`NewCredentials::vetted`].
pub(super) struct NewCredentials(RawCredentials);

impl Parse for NewCredentials {
    type Raw = RawCredentials;

    fn parse(raw: RawCredentials, _: Time, _: &mut FieldErrors) -> Option<Self> {
        Some(Self(raw))
    }
}

impl NewCredentials {
    /// The address and the password, if both keep their rules.
    ///
    /// # Errors
    /// 400 names the faults of both together.
    pub(super) async fn vetted(self, hashing: &Hashing) -> Result<(Email, Password), Problem> {
        let Self(RawCredentials { email, password }) = self;
        let missing = |field| FieldError::new(field, "is required");
        let email = email.ok_or_else(|| missing("email")).and_then(|email| {
            Email::parse(&email).map_err(|fault| FieldError::new("email", fault.to_string()))
        });
        let password = match password {
            None => Err(missing("password")),
            Some(text) => hashing
                .choose(TypedPassword::new(&text), email.as_ref().ok().cloned())
                .await?
                .map_err(|fault| FieldError::new("password", fault.to_string())),
        };
        match (email, password) {
            (Ok(email), Ok(password)) => Ok((email, password)),
            (email, password) => {
                Err(Problem::not_valid(email.err().into_iter().chain(password.err()).collect()))
            }
        }
    }
}

/// What somebody signs in with. The rules for new passwords do not apply: a password that breaks them is just wrong.
pub(super) struct Credentials {
    pub(super) email: Email,
    pub(super) password: TypedPassword,
}

impl Parse for Credentials {
    type Raw = RawCredentials;

    fn parse(raw: RawCredentials, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let email = errors.required("email", raw.email);
        let email = email.and_then(|email| errors.check("email", Email::parse(&email)));
        // An empty field is one that was not filled in.
        let password = errors.required("password", raw.password.filter(|password| !password.is_empty()));
        Some(Self { email: email?, password: TypedPassword::new(&password?) })
    }
}
