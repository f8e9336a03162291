//! JSON as BSON and back, so that an operator sees fields where the port has text.
//!
//! The round trip gives equal JSON: whole numbers stay whole, members keep their order. A text that is an id in its usual
//! form becomes a UUID, which `mongosh` shows and finds as such.

use std::fmt;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Decimal128, Document, RawArray, RawBsonRef, RawDocument};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::StoreError;

/// A JSON text as BSON.
pub(super) fn read(json: &str) -> Result<Bson, StoreError> {
    let value: JsonValue =
        serde_json::from_str(json).map_err(|error| StoreError::Unreadable(error.into()))?;
    Ok(value.0)
}

/// BSON as a JSON text.
pub(super) fn write(bson: RawBsonRef<'_>) -> Result<String, StoreError> {
    serde_json::to_string(&BsonAsJson(bson)).map_err(|error| StoreError::Unreadable(error.into()))
}

/// An id as BSON.
pub(super) fn id(id: Uuid) -> Binary {
    Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() }
}

/// BSON as an id.
pub(super) fn as_id(bson: RawBsonRef<'_>) -> Option<Uuid> {
    let binary = bson.as_binary().filter(|binary| binary.subtype == BinarySubtype::Uuid)?;
    Uuid::from_slice(binary.bytes).ok()
}

struct JsonValue(Bson);

impl<'de> Deserialize<'de> for JsonValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Bson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Bson, E> {
        Ok(Bson::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Bson, E> {
        Ok(Bson::Boolean(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Bson, E> {
        Ok(i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Bson, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => number.to_string().parse::<Decimal128>().map(Bson::Decimal128).map_err(E::custom),
        }
    }

    fn visit_f64<E>(self, number: f64) -> Result<Bson, E> {
        Ok(Bson::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Bson, E> {
        Ok(exact_id(text).map_or_else(|| Bson::String(text.to_owned()), |uuid| Bson::Binary(id(uuid))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bson, A::Error> {
        let mut array = Vec::new();
        while let Some(JsonValue(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Bson::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Bson, A::Error> {
        let mut document = Document::new();
        while let Some((name, JsonValue(value))) = members.next_entry::<String, JsonValue>()? {
            if name.contains('\0') {
                return Err(A::Error::custom("the name of a member contains NUL"));
            }
            document.insert(name, value);
        }
        Ok(Bson::Document(document))
    }
}

/// A text as an id, if the id is written as the very same text.
fn exact_id(text: &str) -> Option<Uuid> {
    const LENGTH: usize = uuid::fmt::Hyphenated::LENGTH;
    if text.len() != LENGTH {
        return None;
    }
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().encode_lower(&mut [0; LENGTH]) == text).then_some(id)
}

struct BsonAsJson<'a>(RawBsonRef<'a>);

impl Serialize for BsonAsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            RawBsonRef::Null => serializer.serialize_unit(),
            RawBsonRef::Boolean(value) => serializer.serialize_bool(value),
            RawBsonRef::Int32(number) => serializer.serialize_i32(number),
            RawBsonRef::Int64(number) => serializer.serialize_i64(number),
            RawBsonRef::Double(number) => serializer.serialize_f64(number),
            RawBsonRef::String(text) => serializer.serialize_str(text),
            RawBsonRef::Array(array) => items(array, serializer),
            RawBsonRef::Document(document) => members(document, serializer),
            RawBsonRef::Decimal128(number) => {
                serializer.serialize_u64(number.to_string().parse().map_err(S::Error::custom)?)
            }
            other => match as_id(other) {
                Some(id) => serializer.collect_str(&id),
                None => Err(S::Error::custom(format_args!("BSON of type {:?}", other.element_type()))),
            },
        }
    }
}

fn items<S: Serializer>(array: &RawArray, serializer: S) -> Result<S::Ok, S::Error> {
    let mut items = serializer.serialize_seq(None)?;
    for item in array {
        items.serialize_element(&BsonAsJson(item.map_err(S::Error::custom)?))?;
    }
    items.end()
}

fn members<S: Serializer>(document: &RawDocument, serializer: S) -> Result<S::Ok, S::Error> {
    let mut members = serializer.serialize_map(None)?;
    for member in document {
        let (name, value) = member.map_err(S::Error::custom)?;
        members.serialize_entry(name.as_str(), &BsonAsJson(value))?;
    }
    members.end()
}

#[cfg(test)]
mod tests {
    use mongodb::bson::spec::ElementType;
    use mongodb::bson::{RawBson, rawdoc};

    use super::*;

    fn there_and_back(json: &str) -> String {
        let document =
            rawdoc! { "json": RawBson::try_from(read(json).expect("it is JSON")).expect("it is BSON") };
        write(document.get("json").expect("it is BSON").expect("it is there")).expect("it becomes JSON")
    }

    #[test]
    fn json_comes_back_as_it_went() {
        for json in [
            r#"{"z":9007199254740993,"a":1.5,"list":[],"nothing":null,"nested":{"b":[true,{"c":-1}]}}"#,
            r#""Ünïcödé 票 🎫 \u0000 \" \\""#,
            "18446744073709551615",
            "-9223372036854775808",
            "1.0",
            r#"["0192f000-0000-7000-8000-00000000000a","0192F000-0000-7000-8000-00000000000A"]"#,
        ] {
            assert_eq!(there_and_back(json), json);
        }
    }

    #[test]
    fn an_id_becomes_a_uuid_and_nothing_else_does() {
        let types = |json| read(json).expect("it is JSON").element_type();
        assert_eq!(types(r#""0192f000-0000-7000-8000-00000000000a""#), ElementType::Binary);
        for text in [
            r#""0192F000-0000-7000-8000-00000000000A""#,
            r#""0192f000000070008000000000000000000a""#,
            r#""{192f000-0000-7000-8000-00000000000}""#,
        ] {
            assert_eq!(types(text), ElementType::String, "{text}");
        }
    }

    #[test]
    fn what_bson_cannot_name_is_refused() {
        assert!(read(r#"{"a\u0000b":1}"#).is_err());
    }
}
