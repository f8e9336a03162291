//! Forms: their fields as sent, and the errors shown beside the fields and in a summary.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use common::Problem;
use http::StatusCode;

use crate::api::{ApiError, Refusal};
use crate::text::Texts;

/// The fields that a form sent. Has no `Debug`, because a password may be among them.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// A field as typed; empty if it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// A field that is not blank.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.trim().is_empty())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(Problem::internal)?;
        let fields = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&body).map_err(|_| {
            let detail = "The form could not be read. Send it again.";
            Problem::new(StatusCode::BAD_REQUEST, "malformed-form", detail)
        })?;
        Ok(Self(fields))
    }
}

/// The errors of a form.
#[derive(Default)]
pub(crate) struct FormErrors {
    /// The error of the form as a whole.
    pub(crate) general: Option<String>,
    /// The errors of single fields.
    pub(crate) fields: Vec<InputError>,
    /// The earliest time to retry.
    pub(crate) retry_after: Option<Duration>,
}

/// The error of one field.
pub(crate) struct InputError {
    /// The name of the field, which is also the id of its input.
    pub(crate) field: &'static str,
    /// One sentence.
    pub(crate) message: String,
}

/// The names of a field: in the API, in the form, and on the page.
pub(crate) type FieldNames = (&'static str, &'static str, &'static str);

impl FormErrors {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    fn general(message: impl Into<String>) -> Self {
        Self { general: Some(message.into()), ..Self::default() }
    }

    pub(crate) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.fields.push(InputError { field, message: message.into() });
    }

    /// Replaces the errors of those fields for which `local` has a better one.
    #[must_use]
    pub(crate) fn overridden_by(mut self, local: Self) -> Self {
        // A refusal without field errors (not signed in, not yours) was decided before the fields were validated.
        if self.fields.is_empty() {
            return self;
        }
        self.fields.retain(|error| local.of(error.field).is_none());
        self.fields.extend(local.fields);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.general.is_none() && self.fields.is_empty()
    }

    /// The error of a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// The errors for a failed call that sent `fields`, and the status of the page that shows them.
    pub(crate) fn from_api(t: &Texts, error: ApiError, fields: &[FieldNames]) -> (StatusCode, Self) {
        match error {
            ApiError::Unavailable => {
                let retry_after = Some(Duration::from_secs(1));
                let errors = Self { retry_after, ..Self::general(t.unavailable.form) };
                (StatusCode::SERVICE_UNAVAILABLE, errors)
            }
            ApiError::Refused(refusal) => (refusal.status, Self::from_refusal(t, &refusal, fields)),
        }
    }

    fn from_refusal(t: &Texts, refusal: &Refusal, fields: &[FieldNames]) -> Self {
        let mut errors = Self { retry_after: refusal.retry_after, ..Self::default() };
        for error in &refusal.errors {
            let path = error.field.as_deref().unwrap_or_default();
            match fields.iter().find(|(api, ..)| *api == path) {
                Some((_, field, label)) => errors.add(field, sentence(label, &error.message)),
                None => errors.general = Some(t.refusal(refusal)),
            }
        }
        if errors.is_empty() {
            errors.general = Some(t.refusal(refusal));
        }
        errors
    }
}

/// Completes an API message such as "must not be empty" with the label of its field.
fn sentence(label: &str, message: &str) -> String {
    let lacks_subject = message.starts_with(|c: char| c.is_lowercase());
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    if lacks_subject { format!("{label} {message}{end}") } else { format!("{message}{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_field() {
        assert_eq!(sentence("Title", "must not be empty"), "Title must not be empty.");
        assert_eq!(sentence("Title", "Choose another one."), "Choose another one.");
    }
}
