//! Events that this release cannot read: kept with every byte, listed, and replayed by a release that can.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::{DeadLetter, Incoming, Limits, RawEvent};
use common::Decision;
use futures::FutureExt;
use parking_lot::Mutex;
use serde_json::{Value, json};
use store::{Document, Index, Keys};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Harness, ScriptedBus, consume, settle};

/// The versions of the events that the consumer of this bus has handled.
fn note_versions(harness: &Harness, bus: &ScriptedBus) -> (JoinSet<()>, Arc<Mutex<Vec<u64>>>) {
    let versions = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&versions);
    let running =
        consume(harness, bus, Limits::default(), &CancellationToken::new(), move |incoming: Incoming| {
            noted.lock().push(incoming.envelope.version);
            async { Ok(()) }.boxed()
        });
    (running, versions)
}

#[tokio::test]
async fn an_unreadable_event_is_kept_with_every_byte_and_acknowledged_and_others_are_handled() {
    let harness = Harness::new();
    let aggregate = Uuid::from_u128(9);
    let payloads = [
        json!({ "id": Uuid::from_u128(8), "subject": "order.put-on-hold", "aggregate": aggregate, "new": 1.50 })
            .to_string()
            .into_bytes(),
        b"{\"id\": ".to_vec(),
        vec![0xff, 0xfe, 0x00],
        Vec::new(),
    ];
    let readable = serde_json::to_vec(&*harness.event(1, 7)).expect("JSON");
    let bus = ScriptedBus::receiving(payloads.iter().cloned().chain([readable]));
    let (_running, handled) = note_versions(&harness, &bus);
    settle().await;
    assert_eq!((bus.acknowledged(), handled.lock().clone()), (5, vec![7]));
    let letters = harness.letters().await;
    assert_eq!(letters.len(), payloads.len());
    for payload in &payloads {
        let letter = letters.iter().find(|letter| letter.event == RawEvent::new(payload));
        let reason = &letter.expect("every byte is kept").reason;
        assert!(reason.starts_with("this release cannot read the event: "), "{reason}");
        assert!(!reason.contains("on-hold"), "no contents: {reason}");
    }
    let future = letters.iter().find_map(|letter| letter.event.subject()).expect("a subject");
    assert_eq!(future, "order.put-on-hold");
}

#[tokio::test]
async fn an_unreadable_event_is_not_acknowledged_before_it_is_stored() {
    let harness = Harness::new();
    harness.database.refuses.store(true, Ordering::Relaxed);
    let bus = ScriptedBus::receiving([b"?".to_vec()]);
    let (_running, _) = note_versions(&harness, &bus);
    harness.pass(Limits::default().max_retry_delay).await;
    assert_eq!(bus.acknowledged(), 0);
    harness.database.refuses.store(false, Ordering::Relaxed);
    harness.pass_time_until(|| bus.acknowledged() == 1).await;
    assert_eq!(harness.letters().await.len(), 1);
}

#[tokio::test]
async fn an_event_with_fields_of_a_newer_release_keeps_them_as_a_dead_letter() {
    let event = Harness::new().event(1, 1);
    let mut newer = serde_json::to_value(&*event).expect("JSON");
    newer["data"]["colour"] = "green".into();
    let raw = RawEvent::new(newer.to_string().as_bytes());
    let stored = serde_json::to_string(&raw).expect("JSON");
    let read: RawEvent = serde_json::from_str(&stored).expect("a dead letter");
    assert_eq!(read, raw);
    assert_eq!(read.envelope().as_ref(), Ok(&*event));
    let former: Value = serde_json::from_str(&stored).expect("JSON");
    assert_eq!(former["event"], newer, "a former release reads this field");
}

/// A dead letter as a former release stored it.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Stored(Value);

impl Document for Stored {
    const COLLECTION: &'static str = DeadLetter::COLLECTION;
    const INDEXES: &'static [Index] = DeadLetter::INDEXES;

    fn id(&self) -> Uuid {
        self.0["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    fn version(&self) -> u64 {
        1
    }

    fn keys(&self) -> Keys {
        let time: common::Time = serde_json::from_value(self.0["failedAt"].clone()).expect("a time");
        let requested = self.0["replayRequested"] == true;
        let keys = Keys::none().ordered("by-time", [time.into()]).ordered("by-consumer", ["tests".into()]);
        if requested { keys.ordered("replay-requested", ["tests".into(), time.into()]) } else { keys }
    }
}

#[tokio::test]
async fn dead_letters_of_former_releases_are_listed_and_replayed_beside_unreadable_ones() {
    let harness = Harness::new();
    let readable = serde_json::to_value(&*harness.event(1, 3)).expect("JSON");
    let newer = json!({ "id": Uuid::from_u128(5), "subject": "order.put-on-hold", "version": 1, "data": {} });
    for (number, event) in [(1_u128, &newer), (2, &readable)] {
        let letter = json!({
            "id": Uuid::from_u128(number), "version": 1, "event": event, "consumer": "tests",
            "reason": "a bug", "attempts": 10, "failedAt": readable["time"], "replayRequested": true,
        });
        let stored = Decision::without_event(Stored(letter));
        harness.store.collection().commit(stored).await.expect("stored");
    }
    assert_eq!(harness.letters().await.len(), 2, "the newer one hides no other");
    let bus = ScriptedBus::receiving([]);
    let (_running, handled) = note_versions(&harness, &bus);
    settle().await;
    assert_eq!(*handled.lock(), [3]);
    let left = harness.letters().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].event.subject().as_deref(), Some("order.put-on-hold"));
    assert!(left[0].replay_requested, "a release that can read it replays it");
}
