//! One attempt to handle an event, with a timeout and panics caught.

use std::any::Any;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use common::{SharedClock, error_chain};
use futures::FutureExt;

use super::handler::{Consume, ConsumeError, Incoming};

/// The longest reason that a dead letter stores.
const MAX_REASON_BYTES: usize = 4096;

#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error("the handler did not finish within {0:?}")]
    TimedOut(Duration),
    #[error("the handler panicked: {0}")]
    Panicked(String),
}

/// Runs the handler once, under the event's trace, for at most `timeout`.
pub(super) async fn attempt(
    handler: &dyn Consume,
    incoming: Incoming,
    timeout: Duration,
    clock: &SharedClock,
) -> Result<(), ConsumeError> {
    let trace = incoming.envelope.trace.clone();
    // The handler is called inside the block, so that a panic before its first await is caught too.
    let handling = AssertUnwindSafe(async { handler.consume(incoming).await }).catch_unwind();
    tokio::select! {
        biased;
        outcome = common::trace::scope(trace, handling) => outcome.unwrap_or_else(|panic| {
            Err(ConsumeError::failed(AttemptError::Panicked(panic_message(&*panic))))
        }),
        () = clock.sleep(timeout) => Err(ConsumeError::failed(AttemptError::TimedOut(timeout))),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

/// The messages of an error and its causes, as a dead letter stores them.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    let mut reason = error_chain(error);
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the page was not written")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn a_reason_names_every_cause_once() {
        let inner = std::fmt::Error.to_string();
        assert_eq!(
            reason(&ConsumeError::failed(Outer(std::fmt::Error))),
            format!("the page was not written: {inner}")
        );
        assert_eq!(reason(&ConsumeError::failed("no such ticket")), "no such ticket");
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let long = reason(&ConsumeError::failed("ä".repeat(MAX_REASON_BYTES)));
        assert_eq!(long.len(), MAX_REASON_BYTES);
        let odd = reason(&ConsumeError::failed(format!("x{}", "ä".repeat(MAX_REASON_BYTES))));
        assert!(odd.len() < MAX_REASON_BYTES);
    }
}
