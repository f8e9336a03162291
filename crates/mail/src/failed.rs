//! The operator's list of emails that failed for good.

use std::fmt;

use store::{Range, Store, StoreError};
use uuid::Uuid;

use crate::{FailedEmail, SendsEmail};

/// The largest number of documents in a list.
const MAX_LISTED: usize = 1000;

/// A failed email with the document that caused it.
struct Line(Uuid, FailedEmail);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(document, FailedEmail { id, kind, at, attempts, reason }) = self;
        write!(f, "{at}  {kind} of {document} (email {id}) failed after {attempts} attempts: {reason}")
    }
}

/// Prints the emails of a collection that failed for good, the newest document first.
///
/// # Errors
/// The database failed.
pub async fn print_failed<D: SendsEmail>(store: &Store) -> Result<(), StoreError> {
    let failed = Range::of(D::BY_EMAIL_FAILED, []).descending().limit(MAX_LISTED);
    let page = store.collection::<D>().batch(failed).await?;
    for document in &page.items {
        for email in document.emails().failed() {
            println!("{}", Line(document.id(), email.clone()));
        }
    }
    if page.items.is_empty() {
        println!("No email has failed.");
    }
    Ok(())
}
