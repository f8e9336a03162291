//! What an aggregate decided: its next state and the facts to announce.

use crate::Fact;

/// The outcome of a command that changes something. Both halves are written in one atomic commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<A> {
    /// The aggregate as it shall be; its version is one above the state that was decided on.
    pub next: A,
    /// What the other services are told, in this order.
    pub facts: Vec<Fact>,
}

impl<A> Decision<A> {
    /// A change that concerns nobody else.
    pub fn quiet(next: A) -> Self {
        Self { next, facts: Vec::new() }
    }

    /// A change that is announced.
    pub fn announced(next: A, fact: Fact) -> Self {
        Self { next, facts: vec![fact] }
    }
}
