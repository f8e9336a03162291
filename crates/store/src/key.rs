//! Secondary keys: ordered keys for lookups and pages, and unique keys.

use common::Time;
use uuid::Uuid;

/// One part of an ordered key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A number; sorts by value.
    Int(i64),
    /// A text without NUL; sorts by its UTF-8 bytes.
    Text(String),
    /// An id; sorts by its bytes, which for `UUIDv7` is by time.
    Id(Uuid),
}

impl From<i64> for Part {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Time> for Part {
    fn from(time: Time) -> Self {
        Self::Int(time.as_millis())
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Typed ids of `common` as parts.
macro_rules! id_parts {
    ($($id:ty),+) => {$(
        impl From<$id> for Part {
            fn from(id: $id) -> Self {
                Self::Id(id.into())
            }
        }
    )+};
}

id_parts!(
    Uuid,
    common::UserId,
    common::SessionId,
    common::TicketId,
    common::OrderId,
    common::PaymentId,
    common::EventId
);

impl Part {
    /// Appends the part so that the bytes sort as the parts do, whatever follows.
    fn encode(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Int(number) => {
                bytes.push(1);
                // Flipping the sign bit puts negative numbers before positive ones.
                bytes.extend_from_slice(&(number ^ i64::MIN).to_be_bytes());
            }
            Self::Text(text) => {
                bytes.push(2);
                bytes.extend(text.bytes().filter(|byte| *byte != 0));
                bytes.push(0);
            }
            Self::Id(id) => {
                bytes.push(3);
                bytes.extend_from_slice(id.as_bytes());
            }
        }
    }
}

/// Encodes parts so that the bytes sort as the parts do, one after another.
pub(crate) fn encode(parts: impl IntoIterator<Item = Part>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        part.encode(&mut bytes);
    }
    bytes
}

/// An entry of an ordered index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The index, unique within the collection.
    pub index: &'static str,
    /// The encoded parts; they sort as the parts do.
    pub bytes: Vec<u8>,
}

/// A value that only one document of the collection may hold at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UniqueKey {
    /// The name, unique within the collection.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

impl UniqueKey {
    /// The unique key `name` with this value.
    #[expect(clippy::needless_pass_by_value, reason = "an id or a text reads better without `&`")]
    pub fn new(name: &'static str, value: impl ToString) -> Self {
        Self { name, value: value.to_string() }
    }
}

/// The order in which an index is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Least first.
    Ascending,
    /// Greatest first.
    Descending,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_keys_sort_as_their_parts() {
        let rows: Vec<Vec<Part>> = vec![
            vec![Part::Int(i64::MIN)],
            vec![Part::Int(-1)],
            vec![Part::Int(0), Part::Text("z".into())],
            vec![Part::Int(1)],
            vec![Part::Int(i64::MAX)],
            vec!["a".into()],
            vec!["a".into(), Part::Int(5)],
            vec!["a!".into()],
            vec!["b".into()],
            vec![Part::Id(Uuid::nil())],
        ];
        let encoded: Vec<_> = rows.into_iter().map(encode).collect();
        assert!(encoded.is_sorted(), "{encoded:?}");
    }
}
