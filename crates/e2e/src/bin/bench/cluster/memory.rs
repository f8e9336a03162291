//! What the services' processes take when they have nothing to do.

use servers::cluster::SERVICES;

use super::running::Running;
use crate::memory::resident;
use crate::program::Failure;
use crate::report::{self, Goal};

const GOAL: Goal = Goal::Below(30.0);

pub(super) async fn measure(running: &mut Running) -> Result<(), Failure> {
    running.at_rest().await?;
    report::title("cluster-memory: resident memory of each service's process, idle after the start");
    for service in SERVICES {
        let memory = resident(running.id(service.name)?)?;
        if service.is_stateful {
            report::goal(memory, " MiB", GOAL, service.name);
        } else {
            report::figure(memory, " MiB", service.name);
        }
    }
    Ok(())
}
