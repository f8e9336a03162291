//! A service's domain is pure.

use std::path::Path;

use super::{files, none, read, root};

/// The dependencies that a domain may use: ids, money, events, text, pending emails, and derives.
const ALLOWED: [&str; 4] = ["common", "mail", "serde", "thiserror"];

/// Items of these dependencies that a domain must not use.
const FORBIDDEN: [&str; 15] = [
    "common::http",
    "common::Clock",
    "common::SharedClock",
    "common::Ids",
    "EmailContext",
    "EmailWorker",
    "Mailer",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "async fn",
    ".await",
    "tokio",
    "axum",
];

#[test]
fn domains_use_nothing_but_values() {
    let mut breaches = Vec::new();
    let mut seen = 0;
    let outside = outside();
    for service in ["auth", "tickets", "orders", "expiration", "payments", "notifications"] {
        let source = root().join("crates").join(service).join("src");
        let mut domain = files(&source.join("domain"), ".rs");
        domain.push(source.join("domain.rs"));
        // Tests are exempt.
        let in_tests = |path: &Path| path.parent().is_some_and(|folder| folder.ends_with("tests"));
        let domain = domain.into_iter().filter(|path| path.exists() && !path.ends_with("tests.rs"));
        let domain = domain.filter(|path| !in_tests(path));
        for path in domain {
            seen += 1;
            let (name, text) = read(&path);
            // Tests stand at the end of a file and are exempt.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            breaches.extend(faults(text, &outside).into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(seen >= 5, "every service has a domain");
    none(&breaches);
}

/// The crates that the workspace depends on, its own ones included, without those that a domain may use.
fn outside() -> Vec<String> {
    let (_, manifest) = read(&root().join("Cargo.toml"));
    let (_, dependencies) = manifest.split_once("[workspace.dependencies]").expect("dependencies");
    let dependencies = dependencies.split("\n[").next().unwrap_or_default();
    let names = dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    names.filter(|name| !ALLOWED.contains(name)).map(|name| name.replace('-', "_")).collect()
}

fn faults(text: &str, outside: &[String]) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut faults = Vec::new();
    for line in code {
        let used = line.trim_start().trim_start_matches("pub ").strip_prefix("use ");
        let name = used.and_then(|used| used.split([':', ';', ' ']).next()).unwrap_or_default();
        if outside.iter().any(|other| other == name) {
            faults.push(format!("uses {name}"));
        }
        if let Some(word) = FORBIDDEN.iter().find(|word| line.contains(*word)) {
            faults.push(format!("`{word}` in `{}`", line.trim()));
        }
    }
    faults
}

#[test]
fn an_impure_domain_is_found() {
    let outside = outside();
    let faults = |text| faults(text, &outside).len();
    assert_eq!(faults("use common::Money;\n// tokio would be wrong here\nfn pure() {}\n"), 0);
    assert_eq!(faults("use store::Document;"), 1);
    assert_eq!(faults("use async_stripe::Client;"), 1);
    assert_eq!(faults("pub async fn f() {}"), 1);
    assert_eq!(faults("let now = common::SharedClock::now();"), 1);
}
