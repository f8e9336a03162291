//! The outcome of an aggregate's command: the next state and the events to publish.

use crate::Event;

/// The outcome of a command that changes the aggregate. Both parts are committed in one atomic write.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<A> {
    /// The next state; its version is one above the version of the state that was decided on.
    pub next: A,
    /// The events to publish, in this order.
    pub events: Vec<Event>,
}

impl<A> Decision<A> {
    /// A change that no other service needs to know.
    pub fn without_event(next: A) -> Self {
        Self { next, events: Vec::new() }
    }

    /// A change with one event.
    pub fn with_event(next: A, event: Event) -> Self {
        Self { next, events: vec![event] }
    }
}
