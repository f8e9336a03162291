//! From the request for an order to `awaiting-payment`, one order at a time.

use std::time::Duration;

use super::driver::Driver;
use super::running::Running;
use super::stages::Stages;
use crate::crowd::Crowd;
use crate::program::Failure;
use crate::report::{self, Goal};
use crate::stats::percentile;
use crate::watch::pause;

const ORDERS: usize = 200;
/// The first ones warm all up.
const WARM_UP: usize = 30;
/// Between two orders; what the one before leaves behind is done by then.
const PAUSE: Duration = Duration::from_millis(200);
const GOAL: Goal = Goal::Below(10.0);

pub(super) async fn measure(running: &mut Running, crowd: &Crowd, driver: &Driver) -> Result<(), Failure> {
    let tickets = crowd.list(ORDERS + WARM_UP).await?.replies;
    driver.at_rest().await?;
    let crowd = crowd.seen_from(running.address("orders")?);
    let mut stages = Stages::listen(running.nats()).await?;
    let (mut ours, mut replies, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut announced = [const { Vec::new() }; 3];
    for (number, ticket) in tickets.iter().enumerate() {
        let (waited, heard) = tokio::try_join!(crowd.order_and_watch(ticket), stages.next())?;
        pause(PAUSE).await;
        let writes = driver.three_writes().await?;
        if number >= WARM_UP {
            ours.push(waited.until_payable);
            replies.push(waited.until_reply);
            bare.push(writes);
            announced.iter_mut().zip(heard).for_each(|(stage, time)| stage.push(time));
        }
    }
    report::title(&format!(
        "cluster-purchase: from POST /api/orders to `awaiting-payment` in the order's events, {ORDERS} one by one"
    ));
    let [late, writes] = [&ours, &bare].map(|times| percentile(times, 99.0));
    report::goal(late, " ms", GOAL, "p99");
    report::figure(writes, " ms", "p99 of the bare driver's three durable writes one after another");
    let [half, reply, writes] = [&ours, &replies, &bare].map(|times| percentile(times, 50.0));
    report::note(&format!("{half:.1} ms median (the reply alone {reply:.1} ms), bare {writes:.1} ms"));
    let [created, reserved, awaiting] = announced.map(|stage| percentile(&stage, 50.0));
    report::note(&format!(
        "the bus carries order.created after {created:.1} ms, ticket.reserved after {reserved:.1} ms,"
    ));
    report::note(&format!("order.awaiting-payment after {awaiting:.1} ms (medians)"));
    Ok(())
}
