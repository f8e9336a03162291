//! The errors of a body's fields, and the rules that several bodies share.

use serde::Deserialize;

use crate::text::{self, TextError};
use crate::{Currency, FieldError, Money};

/// The errors of a body, collected so that all are reported together.
#[derive(Debug, Default)]
pub struct FieldErrors(pub(super) Vec<FieldError>);

impl FieldErrors {
    /// Adds an error.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// The value; adds an error and returns `None` if there is none.
    pub fn check<T>(&mut self, field: &str, value: Result<T, impl ToString>) -> Option<T> {
        value.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// The value; adds an error and returns `None` if it is missing.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, "is required");
        }
        value
    }

    /// A required line of text ([`text::line`]).
    pub fn line(&mut self, field: &str, value: Option<String>, max: usize) -> Option<String> {
        let value = self.required(field, value)?;
        self.check(field, text::line(&value, max))
    }

    /// An optional line of text; blank counts as absent. `None`: it is invalid.
    #[expect(clippy::option_option, reason = "`None` is invalid, `Some(None)` is absent")]
    #[expect(clippy::needless_pass_by_value, reason = "raw fields are handed over whole")]
    pub fn optional_line(
        &mut self,
        field: &str,
        value: Option<String>,
        max: usize,
    ) -> Option<Option<String>> {
        self.optional(field, value.as_deref(), |value| text::line(value, max))
    }

    /// Optional lines of text ([`text::lines`]); blank counts as absent. `None`: they are invalid.
    #[expect(clippy::option_option, reason = "`None` is invalid, `Some(None)` is absent")]
    #[expect(clippy::needless_pass_by_value, reason = "raw fields are handed over whole")]
    pub fn optional_lines(
        &mut self,
        field: &str,
        value: Option<String>,
        max: usize,
    ) -> Option<Option<String>> {
        self.optional(field, value.as_deref(), |value| text::lines(value, max))
    }

    #[expect(clippy::option_option, reason = "`None` is invalid, `Some(None)` is absent")]
    fn optional(
        &mut self,
        field: &str,
        value: Option<&str>,
        clean: impl Fn(&str) -> Result<String, TextError>,
    ) -> Option<Option<String>> {
        match value.map(clean) {
            None | Some(Err(TextError::Empty)) => Some(None),
            Some(value) => self.check(field, value).map(Some),
        }
    }

    /// A required amount in a supported currency. The caller checks its bounds.
    pub fn money(&mut self, field: &str, value: Option<RawMoney>) -> Option<Money> {
        let RawMoney { amount, currency } = self.required(field, value)?;
        let amount = self.required(&format!("{field}.amount"), amount);
        let field = format!("{field}.currency");
        let currency = self.required(&field, currency).and_then(|code| {
            let codes = Currency::ALL.map(Currency::code).join(", ");
            self.check(&field, code.parse::<Currency>().map_err(|()| format!("must be one of {codes}")))
        });
        Some(Money { amount: amount?, currency: currency? })
    }
}

/// Unvalidated money of a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMoney {
    amount: Option<i64>,
    currency: Option<String>,
}
