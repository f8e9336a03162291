//! What the handlers and consumers of this service share.

use std::time::Duration;

use common::{Decision, OrderId, SharedClock, Time};
use runtime::ServiceContext;
use store::{Collection, UpdateError};
use tracing::warn;

use crate::Config;
use crate::domain::{Order, Ticket};

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Orders {
    pub(crate) placed: Collection<Order>,
    pub(crate) tickets: Collection<Ticket>,
    pub(crate) hold: Duration,
    clock: SharedClock,
}

impl Orders {
    pub(crate) fn new(context: &ServiceContext, config: Config) -> Self {
        Self {
            placed: context.store.collection(),
            tickets: context.store.collection(),
            hold: config.hold,
            clock: context.clock.clone(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Makes a step of the saga, decided on the latest state and the present time.
    pub(crate) async fn step<E>(
        &self,
        id: OrderId,
        mut decide: impl FnMut(&Order, Time) -> Result<Option<Decision<Order>>, E>,
    ) -> Result<(), UpdateError<E>> {
        let order = self.placed.update(id, |order| match order {
            Some(order) => decide(order, self.now()),
            None => Ok(None),
        });
        if order.await?.is_none() {
            // Whoever announced it means another database than ours: nothing here can follow from it.
            warn!(order = %id, "ignored an event about an unknown order");
        }
        Ok(())
    }
}
