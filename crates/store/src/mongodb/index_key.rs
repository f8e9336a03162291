//! Index entries as text, since MongoDB orders texts by their bytes, but binaries by their length first.
//!
//! The text is the key in hexadecimal, a point, the id. The point is less than every digit, so a key that begins another
//! one comes first whatever the id is. The id makes every text unique: a page continues behind one value, and an index
//! of one field serves it.

use uuid::Uuid;

use crate::RangeQuery;

/// The text of this key and id.
pub(super) fn of(key: &[u8], id: Uuid) -> String {
    format!("{}.{id}", bound(key))
}

/// Less than all texts of this key, more than all texts of lesser keys.
pub(super) fn bound(key: &[u8]) -> String {
    hex::encode(key)
}

/// The text of a cursor ([`RangeQuery::cursor`]). Bytes that are too short for a cursor count as a key.
pub(super) fn from_cursor(cursor: &[u8]) -> String {
    match cursor.split_last_chunk::<16>() {
        Some((key, id)) => of(key, Uuid::from_bytes(*id)),
        None => bound(cursor),
    }
}

/// The cursor of a text.
pub(super) fn to_cursor(text: &str) -> Option<Vec<u8>> {
    let (key, id) = text.split_once('.')?;
    Some(RangeQuery::cursor(&hex::decode(key).ok()?, Uuid::try_parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_as_keys_and_then_ids() {
        let (least, greatest) = (Uuid::nil(), Uuid::max());
        let keys: [&[u8]; 6] = [&[], &[0], &[0, 255], &[9], &[10], &[255]];
        let texts = keys.into_iter().flat_map(|key| [bound(key), of(key, least), of(key, greatest)]);
        let texts: Vec<_> = texts.collect();
        assert!(texts.is_sorted_by(|one, next| one < next), "{texts:?}");
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = RangeQuery::cursor(&[0, 17, 255], Uuid::from_u128(7));
        assert_eq!(from_cursor(&cursor), "0011ff.00000000-0000-0000-0000-000000000007");
        assert_eq!(to_cursor(&from_cursor(&cursor)), Some(cursor));
        for nonsense in ["", ".", "0.", "00", "zz.00000000-0000-0000-0000-000000000007", "00.7"] {
            assert_eq!(to_cursor(nonsense), None, "{nonsense}");
        }
    }
}
