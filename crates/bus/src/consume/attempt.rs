//! One attempt to handle an event: whatever a handler does, it ends as handled or as a fault.

use std::any::Any;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use common::SharedClock;
use futures::FutureExt;

use crate::{Consume, ConsumeError, Incoming};

/// How much of a reason is kept, in bytes.
const LONGEST_REASON: usize = 4096;

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the handler did not finish within {0:?}")]
    TooSlow(Duration),
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
    let work = AssertUnwindSafe(async { handler.consume(incoming).await }).catch_unwind();
    tokio::select! {
        biased;
        outcome = common::trace::under(trace, work) => {
            outcome.unwrap_or_else(|panic| Err(ConsumeError::failed(Broken::Panicked(words(&*panic)))))
        }
        () = clock.sleep(timeout) => Err(ConsumeError::failed(Broken::TooSlow(timeout))),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

/// An error and its causes in words, outermost first.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut causes = error.source();
    while let Some(cause) = causes {
        let text = cause.to_string();
        // Many errors already end with the words of their cause.
        if !words.ends_with(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        causes = cause.source();
    }
    words.truncate(words.floor_char_boundary(LONGEST_REASON));
    words
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
        let words = reason(&ConsumeError::failed("ä".repeat(LONGEST_REASON)));
        assert_eq!(words.len(), LONGEST_REASON);
        assert!(
            reason(&ConsumeError::failed(format!("x{}", "ä".repeat(LONGEST_REASON)))).len() < LONGEST_REASON
        );
    }
}
