//! Gauges of the number of documents in a range of an index.

use std::sync::Arc;
use std::time::Duration;

use common::{SharedClock, Time};
use metrics::Gauge;
use store::{Collection, Document, Range, StoreError};
use tokio_util::sync::CancellationToken;

use crate::{PeriodicJob, Worker};

/// Between two measurements: below the interval of Prometheus, 15 seconds.
const MEASURE_INTERVAL: Duration = Duration::from_secs(10);

/// Sets a gauge to the number of documents in a range. Every replica reports the same number.
pub struct Measure<D> {
    /// The collection.
    pub collection: Collection<D>,
    /// The range.
    pub range: Range,
    /// The gauge.
    pub gauge: Gauge,
    /// The clock.
    pub clock: SharedClock,
}

struct MeasureJob<D>(Arc<Measure<D>>);

impl<D> Clone for MeasureJob<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Document> Measure<D> {
    /// The worker that measures.
    pub fn worker(self) -> Worker {
        let clock = self.clock.clone();
        Worker::periodic(MeasureJob(Arc::new(self)), clock)
    }
}

impl<D: Document> PeriodicJob for MeasureJob<D> {
    const NAME: &'static str = "measure";
    const RETRY_DELAY: Duration = MEASURE_INTERVAL;
    type Error = StoreError;

    async fn run(&self, _: &CancellationToken) -> Result<Time, StoreError> {
        let Measure { collection, range, gauge, clock } = &*self.0;
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        gauge.set(collection.count(range.clone()).await? as f64);
        Ok(clock.now().after(MEASURE_INTERVAL))
    }

    /// Nothing waits for a measurement.
    async fn is_idle(&self) -> bool {
        true
    }
}
