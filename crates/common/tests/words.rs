//! Events of a newer release: unknown words of every enum, and unknown fields.

use std::fs;
use std::path::Path;

use common::Envelope;
use serde_json::{Value, json};

/// The words of events: a golden sample, and the place of the word in its data.
const WORDS: [(&str, &str); 8] = [
    ("ticket.created.v1", "status"),
    ("ticket.reservation-refused.v1", "reason"),
    ("order.created.v1", "status"),
    ("order.cancelled.v1", "cancelReason"),
    ("order.completed.v1", "dispute"),
    ("payment.captured.v1", "status"),
    ("payment.disputed.v1", "dispute"),
    ("payment.refunded.v1", "status"),
];

fn sample(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("a sample")).expect("JSON")
}

#[test]
fn an_unknown_word_of_every_enum_is_read_and_kept() {
    for (name, word) in WORDS {
        let mut event = sample(name);
        event["data"][word] = json!("of-a-newer-release");
        let read: Envelope =
            serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let kept = serde_json::to_value(&read).expect("JSON");
        assert_eq!(kept["data"][word], event["data"][word], "{name}");
    }
}

#[test]
fn a_word_that_is_no_text_is_refused() {
    for (name, word) in WORDS {
        let mut event = sample(name);
        event["data"][word] = json!(7);
        assert!(serde_json::from_value::<Envelope>(event).is_err(), "{name}");
    }
}

#[test]
fn unknown_fields_of_every_event_are_ignored() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for file in fs::read_dir(folder).expect("samples") {
        let file = file.expect("a sample").path();
        let before: Value = serde_json::from_str(&fs::read_to_string(&file).expect("text")).expect("JSON");
        let mut after = before.clone();
        extend(&mut after);
        let read = |event: Value| serde_json::from_value::<Envelope>(event).expect("an event");
        assert_eq!(read(after), read(before), "{}", file.display());
    }
}

/// Adds a field to every object but money, which refuses unknown fields: a sum is never read without its meaning.
fn extend(value: &mut Value) {
    match value {
        Value::Object(members) if members.contains_key("currency") => {}
        Value::Object(members) => {
            members.values_mut().for_each(extend);
            members.insert("ofANewerRelease".to_owned(), json!({ "deep": [1, null] }));
        }
        Value::Array(items) => items.iter_mut().for_each(extend),
        _ => {}
    }
}
