//! A document's keys and unique keys as its row repeats them.

use crate::{Key, UniqueKey};

/// A key or unique key: its name, then its value.
pub(super) type KeyEntry<'a> = (&'a str, &'a [u8]);

/// The keys as distinct entries.
pub(super) fn of_keys(keys: &[Key]) -> Vec<KeyEntry<'_>> {
    distinct(keys.iter().map(|key| (key.index, key.bytes.as_slice())).collect())
}

/// The unique keys as distinct entries.
pub(super) fn of_unique_keys(keys: &[UniqueKey]) -> Vec<KeyEntry<'_>> {
    distinct(keys.iter().map(|key| (key.name, key.value.as_bytes())).collect())
}

fn distinct(mut entries: Vec<KeyEntry<'_>>) -> Vec<KeyEntry<'_>> {
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// The entries of `these` that are not among `others`.
pub(super) fn without<'a>(these: &[KeyEntry<'a>], others: &[KeyEntry<'_>]) -> Vec<KeyEntry<'a>> {
    these.iter().filter(|entry| !others.contains(entry)).copied().collect()
}

/// Encodes entries one after another, each half behind its length.
pub(super) fn encode(entries: &[KeyEntry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in entries {
        for half in [name.as_bytes(), value] {
            let length = u32::try_from(half.len()).expect("a key is shorter than 4 GiB");
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(half);
        }
    }
    bytes
}

/// Decodes entries; `None` if the bytes are damaged.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Vec<KeyEntry<'_>>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let name = std::str::from_utf8(half(&mut bytes)?).ok()?;
        entries.push((name, half(&mut bytes)?));
    }
    Some(entries)
}

fn half<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (half, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_were_written() {
        let entries: Vec<KeyEntry<'_>> =
            vec![("", b""), ("by-owner", &[0, 255, 1]), ("e-mail", "é'\"".as_bytes())];
        assert_eq!(decode(&encode(&entries)), Some(entries));
        assert_eq!(decode(&[]), Some(Vec::new()));
    }

    #[test]
    fn damaged_entries_are_noticed() {
        let bytes = encode(&[("by-owner", b"ann")]);
        for cut in 1..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(decode(&[1, 0, 0, 0, 0xFF, 0, 0, 0, 0]), None, "a name that is not UTF-8");
    }
}
