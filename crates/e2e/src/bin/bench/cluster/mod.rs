//! The production backends: the services as processes on a MongoDB and a NATS server, beside the bare driver.

mod driver;
mod memory;
mod orders;
mod purchase;
mod running;
mod stages;

use self::driver::Driver;
use self::running::Running;
use crate::crowd::Crowd;
use crate::program::Failure;
use crate::report;

/// So many buyers take turns.
const BUYERS: usize = 40;

/// What of it is measured.
pub(crate) struct Wanted {
    pub(crate) memory: bool,
    pub(crate) purchase: bool,
    pub(crate) orders: bool,
}

/// Measures it on one cluster.
pub(crate) async fn measure(wanted: Wanted) -> Result<(), Failure> {
    let mut running = Running::start()?;
    if wanted.memory {
        memory::measure(&mut running).await?;
    }
    if wanted.purchase || wanted.orders {
        let driver = Driver::connect(&running.database("bench")).await?;
        report::title(&format!(
            "cluster: one process of each service, on {} and NATS",
            driver.server().await?
        ));
        let crowd = Crowd::sign_up(running.gateway()?, BUYERS).await?;
        if wanted.purchase {
            purchase::measure(&mut running, &crowd, &driver).await?;
        }
        if wanted.orders {
            orders::measure(&mut running, &crowd, &driver).await?;
        }
    }
    running.stop()
}
