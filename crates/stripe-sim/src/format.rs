//! Conversions to the formats of Stripe's objects.

use std::fmt::Write;

use common::Time;
use serde_json::{Map, Value};

/// Stripe's timestamps: whole seconds since 1970.
pub(crate) fn unix_seconds(time: Time) -> i64 {
    time.as_millis().div_euclid(1000)
}

/// The members of `view`, and these as null.
pub(crate) fn with_nulls(view: Value, nulls: &[&str]) -> Map<String, Value> {
    let Value::Object(mut members) = view else { return Map::new() };
    members.extend(nulls.iter().map(|name| ((*name).to_owned(), Value::Null)));
    members
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
