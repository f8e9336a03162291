//! JSON bodies: the parser, and the errors of their shape.

use std::fmt;

use http::StatusCode;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::{FieldError, Problem};

/// Parses a body.
///
/// # Errors
/// 400 `malformed-json` if it is not JSON, 400 `not-valid` with the field if its shape is wrong.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| shape(&error))?;
    json.end().map_err(|_| malformed())?;
    Ok(read)
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed-json",
        "The body is not JSON; send one JSON object in UTF-8.",
    )
}

/// An error of the body's shape, with its field.
fn shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        return malformed();
    }
    let mut field = error.path().to_string();
    // serde's message ends with the position in the text, which the path replaces.
    let message = inner.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    // The message names an unknown or duplicate field, the path its parent.
    if let Some(name) = message.split('`').nth(1).filter(|_| message.contains(" field `")) {
        let parent = field.trim_end_matches('.');
        if parent.is_empty() || parent == name || parent.ends_with(&format!(".{name}")) {
            field = if parent.is_empty() { name.to_owned() } else { parent.to_owned() };
        } else {
            field = format!("{parent}.{name}");
        }
    }
    let error = match field.as_str() {
        "" | "." => FieldError { message, field: None },
        _ => FieldError::new(field, message),
    };
    Problem::not_valid(vec![error])
}

/// JSON without arrays. Few bodies contain one, but serde also reads a derived struct from an array of its fields, which
/// would be a second form of every body.
pub(super) struct RejectArrays;

impl<'de> Deserialize<'de> for RejectArrays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for RejectArrays {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<String, Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self, A::Error> {
        Err(A::Error::custom("must not be a list"))
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}
