//! Metadata of objects (<https://docs.stripe.com/api/metadata>).

use std::collections::BTreeMap;

use crate::error::ApiError;
use crate::param::Params;

/// Stripe's limits, lengths in characters.
const MAX_KEYS: usize = 50;
const MAX_KEY_LENGTH: usize = 40;
const MAX_VALUE_LENGTH: usize = 500;

/// A request's changes: a named key is set, or removed if its value is empty; other keys stay.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetadataChange {
    /// `metadata=` removes all keys.
    clears: bool,
    sets: Vec<(String, String)>,
}

impl MetadataChange {
    /// Reads the changes among the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        let invalid = |param: &str, message: String| Err(ApiError::invalid(message).about_parameter(param));
        let mut sets = Vec::new();
        for (key, value) in params.nested("metadata") {
            let param = format!("metadata[{key}]");
            if key.is_empty() || key.contains(['[', ']']) {
                return invalid(
                    &param,
                    "Metadata keys cannot be empty or contain square brackets.".to_owned(),
                );
            }
            if key.chars().count() > MAX_KEY_LENGTH {
                return invalid(
                    "metadata",
                    format!("Metadata keys can have up to {MAX_KEY_LENGTH} characters."),
                );
            }
            if value.chars().count() > MAX_VALUE_LENGTH {
                let message = format!("Metadata values can have up to {MAX_VALUE_LENGTH} characters.");
                return invalid(&param, message);
            }
            sets.push((key.to_owned(), value.to_owned()));
        }
        match params.given("metadata") {
            Some("") => Ok(Self { clears: true, sets }),
            Some(_) => {
                invalid("metadata", "Invalid object: metadata takes keys in square brackets.".to_owned())
            }
            None => Ok(Self { clears: false, sets }),
        }
    }

    /// The changed metadata.
    pub(crate) fn apply(
        &self,
        before: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let mut metadata = if self.clears { BTreeMap::new() } else { before };
        for (key, value) in &self.sets {
            if value.is_empty() {
                metadata.remove(key);
            } else {
                metadata.insert(key.clone(), value.clone());
            }
        }
        if metadata.len() > MAX_KEYS {
            let message = format!("Metadata can have up to {MAX_KEYS} keys.");
            return Err(ApiError::invalid(message).about_parameter("metadata"));
        }
        Ok(metadata)
    }
}
