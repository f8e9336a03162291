//! Rules for every source file.

use super::{files, none, read, root};

/// The largest number of lines of a file; a longer one holds more than one concern.
const MAX_LINES: usize = 400;

#[test]
fn no_file_is_too_long() {
    let long = files(&root(), ".rs").into_iter().map(|path| read(&path)).filter_map(|(name, text)| {
        let lines = text.lines().count();
        (lines > MAX_LINES).then(|| format!("{name} has {lines} lines; split it by concern"))
    });
    none(&long.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    // Joined here, so that this file does not match.
    let words = [["to", "do!("], ["unimplement", "ed!("], ["#[ign", "ore"], ["FIX", "ME"], ["#[all", "ow("]];
    let mut breaches = Vec::new();
    for path in files(&root(), ".rs") {
        let (name, text) = read(&path);
        for word in words.iter().map(|halves| halves.concat()) {
            if text.contains(&word) {
                breaches.push(format!("{name} contains `{word}`"));
            }
        }
    }
    none(&breaches);
}

#[test]
fn every_module_begins_with_its_purpose() {
    // Tests mirror the sources; their names are sentences.
    let sources = files(&root(), ".rs").into_iter().map(|path| read(&path));
    let sources = sources.filter(|(name, _)| !name.contains("tests"));
    let silent = sources
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| format!("{name} does not begin with its purpose (`//! …`)"));
    none(&silent.collect::<Vec<_>>());
}
