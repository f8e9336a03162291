//! What an aggregate decided: its next state and the events to announce.

use crate::Event;

/// The outcome of a command that changes something. Both halves are written in one atomic commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<A> {
    /// The aggregate as it shall be; its version is one above the state that was decided on.
    pub next: A,
    /// What the other services are told, in this order.
    pub events: Vec<Event>,
}

impl<A> Decision<A> {
    /// A change that concerns nobody else.
    pub fn without_event(next: A) -> Self {
        Self { next, events: Vec::new() }
    }

    /// A change that is announced.
    pub fn with_event(next: A, event: Event) -> Self {
        Self { next, events: vec![event] }
    }
}
