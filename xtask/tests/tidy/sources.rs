//! Rules for every source file.

use super::{files, none, read, root};

/// Above this a file holds more than one thing.
const LONGEST_FILE: usize = 500;

#[test]
fn no_file_is_too_long() {
    let long = files(&root(), ".rs").into_iter().map(|path| read(&path)).filter_map(|(name, text)| {
        let lines = text.lines().count();
        (lines > LONGEST_FILE).then(|| format!("{name} has {lines} lines; cut it along what it does"))
    });
    none(&long.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    // Put together here, so that this file does not find itself.
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
fn every_module_says_what_lives_there() {
    // Tests mirror what they test; their sentences say the rest.
    let sources = files(&root(), ".rs").into_iter().map(|path| read(&path));
    let sources = sources.filter(|(name, _)| !name.contains("tests"));
    let silent = sources
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| format!("{name} does not begin with a line that says what lives there (`//! …`)"));
    none(&silent.collect::<Vec<_>>());
}
