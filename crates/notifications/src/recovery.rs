//! The recovery of this service after its database was restored: auth knows all recipients.
//!
//! The emails of a restored database that were sent since the backup are sent once more, under the same `Message-ID`s.

use runtime::Recovery;

/// The part of this service in recoveries. The service publishes no event, so no version is raised.
pub const RECOVERY: Recovery = Recovery { sources: &["auth"], exports: &[], aggregates: &[] };
