//! The settings of the service.

use std::time::Duration;

/// The settings that an operator may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long an unpaid order holds its ticket.
    pub hold: Duration,
}

impl Default for Config {
    /// A quarter of an hour: time to find the card.
    fn default() -> Self {
        Self { hold: Duration::from_mins(15) }
    }
}
