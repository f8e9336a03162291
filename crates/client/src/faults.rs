//! What is wrong with a form, beside the fields and in a summary.

use std::time::Duration;

use http::StatusCode;

use crate::api::{ApiError, Refusal};
use crate::text::Texts;

/// What is wrong with a form. Empty: nothing.
#[derive(Default)]
pub(crate) struct Faults {
    /// What concerns the whole of it.
    pub(crate) general: Option<String>,
    /// What concerns single fields.
    pub(crate) fields: Vec<Fault>,
    /// When to come again, where that is what is wrong.
    pub(crate) retry_after: Option<Duration>,
}

/// What is wrong with a field.
pub(crate) struct Fault {
    /// Its name, which is also the id of its input.
    pub(crate) field: &'static str,
    /// What is wrong.
    pub(crate) message: String,
}

/// A field of a form: its name in the API, its name in the form and on the page.
pub(crate) type Known = (&'static str, &'static str, &'static str);

impl Faults {
    /// Nothing to complain about.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Something that concerns no single field.
    pub(crate) fn general(message: impl Into<String>) -> Self {
        Self { general: Some(message.into()), ..Self::default() }
    }

    /// Notes what is wrong with a field.
    pub(crate) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.fields.push(Fault { field, message: message.into() });
    }

    /// These, but for the fields that `better` knows more about.
    #[must_use]
    pub(crate) fn but_for(mut self, better: Self) -> Self {
        // A no to the whole (not signed in, not yours) was said before any field was looked at.
        if self.fields.is_empty() {
            return self;
        }
        self.fields.retain(|fault| better.of(fault.field).is_none());
        self.fields.extend(better.fields);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.general.is_none() && self.fields.is_empty()
    }

    /// What is wrong with this field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }

    /// What a service said about a form with these fields, and the status of the page that shows it.
    pub(crate) fn told(t: &Texts, error: ApiError, known: &[Known]) -> (StatusCode, Self) {
        match error {
            ApiError::Away => {
                let soon = Some(Duration::from_secs(1));
                let faults = Self { retry_after: soon, ..Self::general(t.away.form) };
                (StatusCode::SERVICE_UNAVAILABLE, faults)
            }
            ApiError::Refused(refusal) => (refusal.status, Self::refused(t, &refusal, known)),
        }
    }

    fn refused(t: &Texts, refusal: &Refusal, known: &[Known]) -> Self {
        let mut faults = Self { retry_after: refusal.retry_after, ..Self::default() };
        for error in &refusal.errors {
            let path = error.field.as_deref().unwrap_or_default();
            match known.iter().find(|(api, ..)| *api == path) {
                Some((_, field, label)) => faults.add(field, sentence(label, &error.message)),
                None => faults.general = Some(t.refusal(refusal)),
            }
        }
        if faults.is_empty() {
            faults.general = Some(t.refusal(refusal));
        }
        faults
    }
}

/// A service says "must not be empty"; people are told what must not.
fn sentence(label: &str, message: &str) -> String {
    let begins_small = message.starts_with(|c: char| c.is_lowercase());
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    if begins_small { format!("{label} {message}{end}") } else { format!("{message}{end}") }
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
