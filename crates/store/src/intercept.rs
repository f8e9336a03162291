//! A database in front of another, for tests of faults.

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::{
    Backend, CommitError, EventReceiver, IndexedRecord, OutboxEntry, RangeQuery, Record, Revision,
    ScannedRecord, Schema, StoreError, UniqueKey, Write,
};

/// Makes the trait of these calls, and its adapter.
macro_rules! intercept {
    ($(fn $call:ident $(<$life:lifetime>)? (& $($of:lifetime)? self $(, $argument:ident: $type:ty)*)
        $(-> $result:ty)?;)+) => {
        /// A [`Backend`] that passes each call on to another one. A test overrides the calls that it counts, delays or
        /// refuses.
        pub trait Intercept: Send + Sync + 'static {
            /// The database behind.
            fn inner(&self) -> &dyn Backend;

            $(
                #[doc = concat!("[`Backend::", stringify!($call), "`].")]
                fn $call $(<$life>)? (& $($of)? self $(, $argument: $type)*) $(-> $result)? {
                    self.inner().$call($($argument),*)
                }
            )+
        }

        impl<T: Intercept> Backend for T {
            $(
                fn $call $(<$life>)? (& $($of)? self $(, $argument: $type)*) $(-> $result)? {
                    Intercept::$call(self $(, $argument)*)
                }
            )+
        }
    };
}

intercept! {
    fn database(&self) -> &str;
    fn declare(&self, schema: Schema);
    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;
    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;
    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>>;
    fn count(&self, query: RangeQuery) -> BoxFuture<'_, Result<usize, StoreError>>;
    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>>;
    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>>;
    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>>;
    fn scan_outbox<'a>(
        &'a self,
        collections: &'a [&'static str],
        found: EventReceiver<'a>
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    fn outbox_changed(&self) -> BoxFuture<'_, ()>;
    fn mark_published<'a>(&'a self, seqs: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>>;
    fn revision(&self, collection: &'static str) -> Revision;
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;
    fn close(&self) -> BoxFuture<'_, ()>;
}
