//! Waiting until all is at rest.

use std::time::Duration;

use super::{Books, Reader};
use crate::Place;

/// How often the books are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Waits until the books of a marketplace are in order, and returns them.
///
/// # Panics
/// They are not in order when `patience` ends: the message tells what is left. Or a database does not answer.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub async fn in_order(databases: &[(&'static str, String)], place: &Place, patience: Duration) -> Books {
    let began = tokio::time::Instant::now();
    let reader = Reader::open(databases).await.expect("the databases answer");
    loop {
        let books = reader.read(place).await.expect("the databases answer");
        let faults = books.faults();
        if faults.is_empty() {
            reader.close().await;
            return books;
        }
        let (count, shown) = (faults.len(), faults[..faults.len().min(40)].join("\n  "));
        assert!(began.elapsed() < patience, "{count} faults after {patience:?}:\n  {shown}");
        tokio::time::sleep(LOOK).await;
    }
}
