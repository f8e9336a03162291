//! A service's domain is pure.

use super::{files, none, read, root};

/// What a domain may use: ids, money, events, text, time that it is given, and the standard library's plain parts.
const ALLOWED: [&str; 8] =
    ["common::", "std::", "crate::domain", "super::", "self::", "serde::", "core::", "domain::"];

/// What even those must not bring in.
const FORBIDDEN: [&str; 12] = [
    "common::http",
    "common::Clock",
    "common::SharedClock",
    "common::Ids",
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
    for service in ["auth", "tickets", "orders", "expiration", "payments"] {
        let source = root().join("crates").join(service).join("src");
        let mut domain = files(&source.join("domain"), ".rs");
        domain.push(source.join("domain.rs"));
        for path in domain.into_iter().filter(|path| path.exists()) {
            seen += 1;
            let (name, text) = read(&path);
            // A file's own tests stand at its end and may do what they like.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            breaches.extend(faults(text).into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(seen >= 5, "every service has a domain");
    none(&breaches);
}

fn faults(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut faults = Vec::new();
    for line in code {
        let used = line.trim_start().trim_start_matches("pub ").strip_prefix("use ");
        if let Some(used) = used.filter(|used| !ALLOWED.iter().any(|allowed| used.starts_with(allowed))) {
            faults.push(format!("uses {used}"));
        }
        if let Some(word) = FORBIDDEN.iter().find(|word| line.contains(*word)) {
            faults.push(format!("`{word}` in `{}`", line.trim()));
        }
    }
    faults
}

#[test]
fn an_impure_domain_is_found() {
    assert_eq!(
        faults("use common::Money;\n// tokio would be wrong here\nfn pure() {}\n"),
        Vec::<String>::new()
    );
    assert_eq!(faults("use axum::Json;").len(), 2);
    assert_eq!(faults("pub async fn f() {}").len(), 1);
}
