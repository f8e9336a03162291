//! When the events of a purchase pass over the bus: where its time goes.

use async_nats::Subscriber;
use common::event::Subject;
use futures::StreamExt;

use crate::program::Failure;
use crate::watch::Watch;

/// What has to be announced, one after another, until an order awaits its payment.
const SUBJECTS: [Subject; 3] =
    [Subject::OrderCreated, Subject::TicketReserved, Subject::OrderAwaitingPayment];

/// A listener at the bus itself, beside the streams.
pub(super) struct Stages(Vec<Subscriber>);

impl Stages {
    pub(super) async fn listen(nats: &str) -> Result<Self, Failure> {
        let client = async_nats::connect(nats).await?;
        let mut subscribers = Vec::new();
        for subject in SUBJECTS {
            subscribers.push(client.subscribe(format!("ticketing.{subject}")).await?);
        }
        client.flush().await?;
        Ok(Self(subscribers))
    }

    /// When the next purchase's events come, in milliseconds from now.
    pub(super) async fn next(&mut self) -> Result<Vec<f64>, Failure> {
        let watch = Watch::start();
        let mut heard = Vec::new();
        for subscriber in &mut self.0 {
            subscriber.next().await.ok_or("NATS is gone")?;
            heard.push(watch.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(heard)
    }
}
