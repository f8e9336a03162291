//! The metrics `events_handled_total` and `event_failures_total` of a consumer.

use std::collections::HashMap;

use common::event::Subject;
use metrics::{Counter, counter};

/// The counters of a consumer, by subject. They are kept, since finding one by its labels costs more than counting, and
/// registered at the start: an alert cannot see the increase of a counter that begins with its first increment.
pub(super) struct EventCounters(HashMap<Subject, Counters>);

struct Counters {
    handled: Counter,
    failed: Counter,
}

impl EventCounters {
    pub(super) fn new(consumer: &'static str, subjects: &[Subject]) -> Self {
        let counters = |subject: Subject| {
            let of = |name| counter!(name, "consumer" => consumer, "subject" => subject.as_str());
            Counters { handled: of("events_handled_total"), failed: of("event_failures_total") }
        };
        Self(subjects.iter().map(|subject| (*subject, counters(*subject))).collect())
    }

    pub(super) fn handled(&self, subject: Subject) {
        if let Some(counters) = self.0.get(&subject) {
            counters.handled.increment(1);
        }
    }

    pub(super) fn failed(&self, subject: Subject) {
        if let Some(counters) = self.0.get(&subject) {
            counters.failed.increment(1);
        }
    }
}
