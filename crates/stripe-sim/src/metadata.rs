//! What callers attach to objects.

use std::collections::BTreeMap;

use crate::error::ApiError;
use crate::param::Params;

/// Stripe allows 50 keys of 40 characters with values of 500 (<https://docs.stripe.com/api/metadata>).
const MOST: usize = 50;
const LONGEST_KEY: usize = 40;
const LONGEST_VALUE: usize = 500;

/// The metadata among the parameters.
pub(crate) fn read(params: &Params) -> Result<BTreeMap<String, String>, ApiError> {
    let wrong = |param: &str, message: String| Err(ApiError::invalid(message).about_parameter(param));
    let mut metadata = BTreeMap::new();
    for (key, value) in params.below("metadata").filter(|(_, value)| !value.is_empty()) {
        if key.chars().count() > LONGEST_KEY {
            return wrong("metadata", format!("Metadata keys can have up to {LONGEST_KEY} characters."));
        }
        if value.chars().count() > LONGEST_VALUE {
            let message = format!("Metadata values can have up to {LONGEST_VALUE} characters.");
            return wrong(&format!("metadata[{key}]"), message);
        }
        metadata.insert(key.to_owned(), value.to_owned());
    }
    if metadata.len() > MOST {
        return wrong("metadata", format!("Metadata can have up to {MOST} keys."));
    }
    Ok(metadata)
}
