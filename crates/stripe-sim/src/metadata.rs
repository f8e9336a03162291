//! What callers attach to objects (<https://docs.stripe.com/api/metadata>).

use std::collections::BTreeMap;

use crate::error::ApiError;
use crate::param::Params;

/// Stripe allows 50 keys of 40 characters with values of 500.
const MOST: usize = 50;
const LONGEST_KEY: usize = 40;
const LONGEST_VALUE: usize = 500;

/// What a request makes of the metadata: what it names is set, or removed if it is empty; the rest stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetadataChange {
    /// `metadata=`: everything goes.
    clears: bool,
    sets: Vec<(String, String)>,
}

impl MetadataChange {
    /// The metadata among the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        let wrong = |param: &str, message: String| Err(ApiError::invalid(message).about_parameter(param));
        let mut sets = Vec::new();
        for (key, value) in params.below("metadata") {
            let param = format!("metadata[{key}]");
            if key.is_empty() || key.contains(['[', ']']) {
                return wrong(&param, "Metadata keys cannot be empty or contain square brackets.".to_owned());
            }
            if key.chars().count() > LONGEST_KEY {
                return wrong("metadata", format!("Metadata keys can have up to {LONGEST_KEY} characters."));
            }
            if value.chars().count() > LONGEST_VALUE {
                let message = format!("Metadata values can have up to {LONGEST_VALUE} characters.");
                return wrong(&param, message);
            }
            sets.push((key.to_owned(), value.to_owned()));
        }
        match params.given("metadata") {
            Some("") => Ok(Self { clears: true, sets }),
            Some(_) => {
                wrong("metadata", "Invalid object: metadata takes keys in square brackets.".to_owned())
            }
            None => Ok(Self { clears: false, sets }),
        }
    }

    /// The metadata after it.
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
        if metadata.len() > MOST {
            let message = format!("Metadata can have up to {MOST} keys.");
            return Err(ApiError::invalid(message).about_parameter("metadata"));
        }
        Ok(metadata)
    }
}
