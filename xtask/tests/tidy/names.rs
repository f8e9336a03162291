//! One vocabulary: the field's words for names, and a named subject in every comment.

use std::collections::BTreeMap;

use super::{files, none, read, root};

/// Identifiers of a home-made vocabulary, and the standard words for them.
const BANNED_IDENTIFIERS: &[(&str, &str)] = &[
    ("patience", "timeout"),
    ("most", "max"),
    ("longest", "max"),
    ("largest", "max"),
    ("lull", "quiet period"),
    ("nap", "sleep"),
    ("seat", "permit"),
    ("seats", "permits"),
    ("fact", "event"),
    ("facts", "events"),
    ("hear", "on_<event>"),
    ("heard", "received"),
    ("told", "published"),
    ("bury", "dead_letter"),
    ("kit", "context"),
    ("dice", "random source"),
    ("fence", "pivot step"),
    ("aftermath", "post capture"),
];

/// Words that no comment uses: they name no subject, or personify one.
const BANNED_WORDS: &[&str] = &["nobody", "somebody", "whoever", "told", "hears", "heard"];

/// First words of a doc comment that name no subject.
const BANNED_OPENINGS: &[&str] = &["It ", "What ", "Who ", "Whoever ", "Somebody ", "Nobody "];

/// Endings of limits. The name says the kind of the limit, the comment its reason.
const LIMIT_ENDINGS: &[&str] = &[
    "_TIMEOUT",
    "_INTERVAL",
    "_DELAY",
    "_RETENTION",
    "_LIFETIME",
    "_WINDOW",
    "_PERIOD",
    "_AGE",
    "_LEASE",
    "_LIMIT",
    "_MARGIN",
    "_MARGIN",
];

/// Durations with the names of the server options that they set.
const SERVER_OPTIONS: &[&str] = &["PULL_EXPIRES", "IDLE_HEARTBEAT"];

/// The crates whose public types are read side by side.
const SHARED_CRATES: [&str; 4] = ["common", "store", "bus", "runtime"];

fn sources() -> impl Iterator<Item = (String, String)> {
    let all = [root().join("crates"), root().join("xtask")];
    // This file names what it bans.
    all.into_iter()
        .flat_map(|folder| files(&folder, ".rs"))
        .map(|path| read(&path))
        .filter(|(name, _)| name != "xtask/tests/tidy/names.rs")
}

/// The words of an identifier: `MAX_OPEN_ORDERS`, `maxOpenOrders` and `MaxOpenOrders` have three each.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = '_';
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && previous.is_lowercase()) {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().expect("a word").extend(c.to_lowercase());
        }
        previous = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The names that a line of code declares.
fn declared(line: &str) -> Vec<&str> {
    const KEYWORDS: [&str; 9] = ["fn", "struct", "enum", "trait", "const", "static", "mod", "type", "let"];
    let mut names = Vec::new();
    let mut tokens =
        line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|token| !token.is_empty());
    while let Some(token) = tokens.next() {
        if KEYWORDS.contains(&token) {
            names.extend(tokens.by_ref().find(|name| !["mut", "fn", "unsafe", "async"].contains(name)));
        }
    }
    names
}

fn banned_identifiers(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for name in code.flat_map(declared) {
        // Sentences of tests are prose, and "at most" is the standard name of an upper bound.
        if words(name).len() > 4 || name == "at_most" {
            continue;
        }
        for word in words(name) {
            if let Some((_, standard)) = BANNED_IDENTIFIERS.iter().find(|(banned, _)| *banned == word) {
                found.push(format!("`{name}`: the standard word for `{word}` is `{standard}`"));
            }
        }
    }
    found
}

/// Limits whose names do not say their kind: durations, and counts that are called anything but `MAX_…`.
fn unnamed_limits(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start) {
        let declaration = line
            .trim_start_matches("pub ")
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ");
        let Some((name, kind)) = declaration.strip_prefix("const ").and_then(|rest| rest.split_once(": "))
        else {
            continue;
        };
        let is_named = LIMIT_ENDINGS.iter().any(|ending| name.ends_with(ending) || name == &ending[1..])
            || name.starts_with("MAX_")
            || name.starts_with("MIN_")
            || name.contains("_AFTER")
            || SERVER_OPTIONS.contains(&name);
        if kind.starts_with("Duration") && !is_named {
            found.push(format!("`{name}`: a duration is named `{}`", LIMIT_ENDINGS.join("`, `")));
        }
    }
    found
}

fn comment_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for line in text.lines().map(str::trim_start).filter(|line| line.starts_with("//")) {
        let comment = line.trim_start_matches(['/', '!']).trim_start();
        if let Some(opening) = BANNED_OPENINGS.iter().find(|opening| comment.starts_with(*opening)) {
            faults
                .push(format!("a comment begins with `{}`, which names no subject: {line}", opening.trim()));
        }
        let words = comment.split(|c: char| !c.is_alphabetic());
        for word in words.filter(|word| BANNED_WORDS.contains(&word.to_lowercase().as_str())) {
            faults.push(format!("`{word}` in: {line}"));
        }
    }
    faults
}

fn report(sources: impl Iterator<Item = (String, String)>, check: impl Fn(&str) -> Vec<String>) {
    let breaches = sources.flat_map(|(name, text)| {
        check(&text).into_iter().map(|fault| format!("{name}: {fault}")).collect::<Vec<_>>()
    });
    none(&breaches.collect::<Vec<_>>());
}

#[test]
fn identifiers_use_the_words_of_the_field() {
    report(sources(), banned_identifiers);
}

#[test]
fn limits_are_named_by_their_kind() {
    report(sources().filter(|(name, _)| name.contains("/src/")), unnamed_limits);
}

#[test]
fn comments_name_their_subject() {
    report(sources(), comment_faults);
}

#[test]
fn documents_name_their_subject() {
    let mut documents = files(&root().join("docs"), ".md");
    documents.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    let mut breaches = Vec::new();
    for (name, text) in documents.iter().map(|path| read(path)) {
        let words = text.split(|c: char| !c.is_alphabetic());
        let banned = words.filter(|word| BANNED_WORDS.contains(&word.to_lowercase().as_str()));
        breaches.extend(banned.map(|word| format!("{name}: `{word}`")));
    }
    none(&breaches);
}

#[test]
fn public_types_of_the_shared_crates_have_unique_names() {
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for shared in SHARED_CRATES {
        for (name, text) in
            files(&root().join("crates").join(shared).join("src"), ".rs").iter().map(|path| read(path))
        {
            for line in text.lines() {
                let kind = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
                let Some(rest) = kind.iter().find_map(|kind| line.strip_prefix(kind)) else { continue };
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                seen.entry(rest[..end].to_owned()).or_default().push(name.clone());
            }
        }
    }
    let twice = seen.into_iter().filter(|(_, places)| places.len() > 1);
    none(
        &twice
            .map(|(name, places)| format!("`{name}` is declared in {}", places.join(" and ")))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_name_that_breaks_a_rule_is_found() {
    assert_eq!(
        banned_identifiers("let patience = 1;\nconst MOST_ORDERS: usize = 1;\n// let seat = 1;").len(),
        2
    );
    assert_eq!(banned_identifiers("fn the_most_expensive_ticket_comes_first() {}\nlet almost = 1;").len(), 0);
    assert_eq!(
        unnamed_limits("const EVERY: Duration = X;\npub const SWEEP_INTERVAL: Duration = X;").len(),
        1
    );
    assert_eq!(
        comment_faults("/// It sleeps.\n//! Nobody knows.\n// The worker polls.\nlet told = 1;").len(),
        3
    );
}
