//! From the request for an order to `awaiting-payment`, one order at a time, and the events on the way.

use std::time::Duration;

use async_nats::Subscriber;
use common::event::Subject;
use futures::StreamExt;
use loadgen::{Stopwatch, pause};

use super::driver::Driver;
use super::running::Running;
use crate::crowd::Crowd;
use crate::figures::{self, Goal, percentile};
use crate::program::Failure;

const ORDERS: usize = 200;
const WARM_UP_ORDERS: usize = 30;
/// The order before is done by then.
const ORDER_INTERVAL: Duration = Duration::from_millis(200);
const GOAL: Goal = Goal::Below(10.0);

/// The events of an order in their sequence, until it awaits its payment.
const SUBJECTS: [Subject; 3] =
    [Subject::OrderCreated, Subject::TicketReserved, Subject::OrderAwaitingPayment];

pub(super) async fn measure(running: &mut Running, crowd: &Crowd, driver: &Driver) -> Result<(), Failure> {
    let tickets = crowd.list(ORDERS + WARM_UP_ORDERS).await?.replies;
    driver.until_idle().await?;
    let crowd = crowd.seen_from(running.address("orders")?);
    let mut stages = Stages::subscribe(running.nats()).await?;
    let (mut ours, mut replies, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut published = [const { Vec::new() }; SUBJECTS.len()];
    for (number, ticket) in tickets.iter().enumerate() {
        let (waited, times) = tokio::try_join!(crowd.order_and_watch(ticket), stages.next())?;
        pause(ORDER_INTERVAL).await;
        let writes = driver.three_writes().await?;
        if number >= WARM_UP_ORDERS {
            ours.push(waited.until_payable);
            replies.push(waited.until_reply);
            bare.push(writes);
            published.iter_mut().zip(times).for_each(|(stage, time)| stage.push(time));
        }
    }
    figures::title(&format!(
        "cluster-purchase: from POST /api/orders to `awaiting-payment` in the order's events, {ORDERS} one by one"
    ));
    let [late, writes] = [&ours, &bare].map(|times| percentile(times, 99.0));
    figures::goal(late, " ms", GOAL, "p99");
    figures::figure(writes, " ms", "p99 of the bare driver's three durable writes one after another");
    let [half, reply, writes] = [&ours, &replies, &bare].map(|times| percentile(times, 50.0));
    figures::note(&format!("{half:.1} ms median (the reply alone {reply:.1} ms), bare {writes:.1} ms"));
    let [created, reserved, awaiting] = published.map(|stage| percentile(&stage, 50.0));
    figures::note(&format!(
        "the bus carries order.created after {created:.1} ms, ticket.reserved after {reserved:.1} ms,"
    ));
    figures::note(&format!("order.awaiting-payment after {awaiting:.1} ms (medians)"));
    Ok(())
}

/// Plain subscriptions at NATS, beside the streams.
struct Stages(Vec<Subscriber>);

impl Stages {
    async fn subscribe(nats: &str) -> Result<Self, Failure> {
        let client = async_nats::connect(nats).await?;
        let mut subscribers = Vec::new();
        for subject in SUBJECTS {
            subscribers.push(client.subscribe(format!("ticketing.{subject}")).await?);
        }
        client.flush().await?;
        Ok(Self(subscribers))
    }

    /// The arrival of the next purchase's events, in milliseconds from now.
    async fn next(&mut self) -> Result<Vec<f64>, Failure> {
        let watch = Stopwatch::start();
        let mut times = Vec::new();
        for subscriber in &mut self.0 {
            subscriber.next().await.ok_or("NATS closed the subscription")?;
            times.push(watch.millis());
        }
        Ok(times)
    }
}
