//! The fields of every stored type, by format: a change of the fields must raise the format.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use store::Verifier;

use crate::documents::recorded_formats;
use crate::generate::SERVICES;
use crate::golden::golden;

fn documents() -> impl Iterator<Item = (&'static str, &'static Verifier)> {
    let own = [
        auth::DOCUMENTS,
        tickets::DOCUMENTS,
        orders::DOCUMENTS,
        expiration::DOCUMENTS,
        payments::DOCUMENTS,
        notifications::DOCUMENTS,
    ];
    let own =
        SERVICES.into_iter().zip(own).flat_map(|(service, all)| all.iter().map(move |one| (service, one)));
    own.chain(runtime::COMMON_DOCUMENTS.iter().map(|one| ("every service", one)))
}

#[test]
fn the_fields_of_every_format_are_recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade/formats.txt");
    let recorded = fs::read_to_string(&path).expect("the record");
    let recorded: BTreeSet<_> = recorded.lines().collect();
    let missing: Vec<_> = documents()
        .map(|(service, one)| {
            format!("{service}: {} {}: {}", one.collection, one.format, one.fields().join(" "))
        })
        .filter(|line| !recorded.contains(line.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "raise `FORMAT` if the fields have changed, and add to {} (no line is ever changed):\n{}",
        path.display(),
        missing.join("\n")
    );
    // One line a format: a format whose fields change is two formats.
    let formats: BTreeSet<_> =
        recorded.iter().filter_map(|line| line.rsplit_once(": ")).map(|(format, _)| format).collect();
    assert_eq!(formats.len(), recorded.len(), "a format has two lines");
}

#[test]
fn the_newest_golden_folder_has_documents_of_every_format_of_this_release() {
    let newest = golden().pop().expect("a golden folder");
    for service in SERVICES {
        let file = newest.join(format!("{service}.db"));
        // Notifications is younger than the third folder.
        if service == notifications::NAME && !file.exists() {
            continue;
        }
        let recorded = recorded_formats(&file);
        for (_, one) in documents().filter(|(of, _)| *of == service || *of == "every service") {
            if let Some(formats) = recorded.get(one.collection) {
                let expected = BTreeSet::from([one.format]);
                assert_eq!(*formats, expected, "{service}: {} in {}", one.collection, newest.display());
            }
        }
    }
}
