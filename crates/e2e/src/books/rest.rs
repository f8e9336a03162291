//! Nothing waits to be announced, and no event was given up.

use super::Books;

pub(super) fn faults(books: &Books) -> Vec<String> {
    let mut faults = Vec::new();
    for (collection, documents) in &books.documents {
        for document in documents {
            let waiting = document["outbox"].as_array().map_or(0, Vec::len);
            if waiting > 0 {
                faults.push(format!("{collection} {} has {waiting} events in its outbox", document["_id"]));
            } else if document["removed"] == true {
                faults.push(format!("{collection} {} is removed and still there", document["_id"]));
            }
        }
        if collection.ends_with(".dead-letters") {
            let letters = documents.iter().map(|document| &document["state"]);
            faults.extend(
                letters.map(|letter| format!("{collection} has {} ({})", letter["event"], letter["reason"])),
            );
        }
    }
    faults
}
