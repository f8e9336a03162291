//! The production backends: the services as processes on a MongoDB and a NATS server, beside the bare driver.

mod driver;
mod orders;
mod purchase;
mod running;

use loadgen::process::resident;
use servers::cluster::SERVICES;

use self::driver::Driver;
use self::running::Running;
use crate::crowd::Crowd;
use crate::figures::{self, Goal};
use crate::program::Failure;

/// Buyers, who take turns.
const BUYERS: usize = 40;
const MEMORY: Goal = Goal::Below(30.0);

/// The selected measurements.
pub(crate) struct Selection {
    pub(crate) memory: bool,
    pub(crate) purchase: bool,
    pub(crate) orders: bool,
}

/// Makes the selected measurements on one cluster.
pub(crate) async fn measure(selection: Selection) -> Result<(), Failure> {
    let mut running = Running::start()?;
    if selection.memory {
        measure_memory(&mut running).await?;
    }
    if selection.purchase || selection.orders {
        let driver = Driver::connect(&running.database("bench")).await?;
        let server = driver.server().await?;
        figures::title(&format!("cluster: one process of each service, on {server} and NATS"));
        let crowd = Crowd::sign_up(running.gateway()?, BUYERS).await?;
        if selection.purchase {
            purchase::measure(&mut running, &crowd, &driver).await?;
        }
        if selection.orders {
            orders::measure(&mut running, &crowd, &driver).await?;
        }
    }
    running.stop()
}

async fn measure_memory(running: &mut Running) -> Result<(), Failure> {
    running.until_idle().await?;
    figures::title("cluster-memory: resident memory of each service's process, idle after the start");
    for service in SERVICES {
        let memory = resident(running.id(service.name)?)?;
        if service.is_stateful {
            figures::goal(memory, " MiB", MEMORY, service.name);
        } else {
            figures::figure(memory, " MiB", service.name);
        }
    }
    Ok(())
}
