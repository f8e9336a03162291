//! One template for the services: the same file for the same role, and consumers that handle every event.

use super::{files, none, read, root};

const SERVICES: [&str; 6] = ["auth", "tickets", "orders", "expiration", "payments", "notifications"];

/// The files that every service has. `consumer.rs` and `http/` only where the service has events and routes.
const FILES: &[&str] = &[
    "src/main.rs",
    "src/lib.rs",
    "src/cli.rs",
    "src/recovery.rs",
    "src/storage.rs",
    "tests/api/main.rs",
    "tests/api/app.rs",
];

/// Former names of roles, which no service may have again.
const FORMER: &[&str] = &[
    "src/documents.rs",
    "src/settings.rs",
    "src/options.rs",
    "src/command.rs",
    "src/service.rs",
    "src/live.rs",
    "src/consume",
    "src/live",
    "src/http/show.rs",
    "src/http/view.rs",
    "src/http/problem.rs",
    "tests/it",
];

#[test]
fn every_service_has_the_same_file_for_the_same_role() {
    let mut breaches = Vec::new();
    for service in SERVICES {
        let home = root().join("crates").join(service);
        let missing = FILES.iter().filter(|file| !home.join(file).exists());
        breaches.extend(missing.map(|file| format!("crates/{service}/{file} is missing")));
        let former = FORMER.iter().filter(|file| home.join(file).exists());
        breaches.extend(
            former
                .map(|file| format!("crates/{service}/{file}: the template has another name for this role")),
        );
        let (main, text) = read(&home.join("src/main.rs"));
        if !text.contains("runtime::service_main(") {
            breaches.push(format!("{main} does not call `runtime::service_main`"));
        }
    }
    none(&breaches);
}

/// The types that a text stores as documents.
fn documents(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("impl Document for ")?.strip_suffix(" {")).collect()
}

/// The command `unreadable` finds documents of listed collections only.
#[test]
fn every_document_of_a_service_is_listed_in_its_storage() {
    let (mut breaches, mut seen) = (Vec::new(), 0);
    for service in SERVICES {
        let home = root().join("crates").join(service).join("src");
        let (storage, listed) = read(&home.join("storage.rs"));
        for path in files(&home, ".rs") {
            for document in documents(&read(&path).1) {
                seen += 1;
                if !listed.contains(&format!("Verifier::of::<{document}>()")) {
                    breaches.push(format!("{storage} does not list {document} in `DOCUMENTS`"));
                }
            }
        }
    }
    assert!(seen >= 10, "{seen} documents");
    none(&breaches);
}

/// A catch-all arm would swallow a subscribed event without a handler.
fn catch_alls(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with("_ =>") || line.starts_with("_ if ")).collect()
}

#[test]
fn no_consumer_has_a_catch_all_arm() {
    let mut breaches = Vec::new();
    let mut seen = 0;
    for path in files(&root().join("crates"), ".rs") {
        let (name, text) = read(&path);
        // A file's own tests stand at its end.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if !name.contains("/src/") || name.contains("/src/testing") || !text.contains("impl Consume for") {
            continue;
        }
        seen += 1;
        breaches.extend(catch_alls(text).into_iter().map(|arm| format!("{name}: `{arm}`")));
    }
    assert!(seen >= 6, "tickets, orders, expiration, payments, notifications and runtime consume events");
    none(&breaches);
}

#[test]
fn modules_with_children_are_folders_with_a_mod_file() {
    let sources = files(&root().join("crates"), ".rs").into_iter().chain(files(&root().join("xtask"), ".rs"));
    let beside = sources.filter(|path| !files(&path.with_extension(""), ".rs").is_empty());
    none(
        &beside
            .map(|path| format!("{} belongs into its folder as mod.rs", read(&path).0))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_catch_all_is_found() {
    assert_eq!(catch_alls("match event {\n    Event::A(_) => {}\n    _ => Ok(()),\n}"), ["_ => Ok(()),"]);
    assert_eq!(catch_alls("Event::A(_) | Event::B(_) => Ok(()),").len(), 0);
}
