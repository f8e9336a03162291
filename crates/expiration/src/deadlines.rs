//! What the consumer and the workers of this service share.

use std::sync::Arc;

use common::{SharedClock, Time};
use runtime::ServiceContext;
use store::Collection;

use crate::alarm::Alarm;
use crate::domain::Deadline;

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Deadlines {
    pub(crate) collection: Collection<Deadline>,
    pub(crate) clock: SharedClock,
    pub(crate) alarm: Arc<Alarm>,
}

impl Deadlines {
    pub(crate) fn new(context: &ServiceContext) -> Self {
        Self { collection: context.store.collection(), clock: context.clock.clone(), alarm: Arc::default() }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }
}
