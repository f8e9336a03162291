//! Streams of one's own, and the processes that use them.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{Info, pull};
use async_nats::jetstream::{self, Context};
use bus::jetstream::{Address, JetStream, Options};
use bus::{Bus, Delivery};
use common::clock::SystemClock;
use common::{Envelope, poll_until};
use futures::stream::{BoxStream, StreamExt};
use uuid::Uuid;

use super::ids;

/// No promise is about speed; this only ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who owns a stream.
const OWNERS: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

/// Streams with a prefix of their own on some server.
pub(crate) struct Marketplace {
    pub(crate) url: String,
    pub(crate) options: Options,
}

impl Marketplace {
    /// On the server that all tests share.
    pub(crate) fn new() -> Self {
        Self::at(&std::env::var("TEST_NATS_URL").expect("set TEST_NATS_URL, or run `cargo xtask test`"))
    }

    /// On this server.
    pub(crate) fn at(url: &str) -> Self {
        let prefix = format!("test-{}", ids().next::<Uuid>().simple());
        Self { url: url.to_owned(), options: Options { prefix, ..Options::default() } }
    }

    /// The same with a server that soon takes back what a process does not answer.
    pub(crate) fn impatient(self) -> Self {
        Self { options: Options { ack_wait: Duration::from_secs(1), ..self.options }, ..self }
    }

    /// A new process.
    pub(crate) async fn process(&self) -> Arc<JetStream> {
        let address: Address = self.url.parse().expect("an address");
        let connected = JetStream::connect(&address, self.options.clone(), Arc::new(SystemClock), ids());
        within(connected).await.expect("connected")
    }

    /// The server without our adapter.
    pub(crate) async fn context(&self) -> Context {
        jetstream::new(async_nats::connect(&self.url).await.expect("connected"))
    }

    pub(crate) fn stream_name(&self, owner: &str) -> String {
        format!("{}-{owner}", self.options.prefix)
    }

    /// What the server knows of a consumer of expiration's stream.
    pub(crate) async fn consumer(&self, name: &str) -> Option<Info> {
        let stream = self.stream_name("expiration");
        let found = self.context().await.get_consumer_from_stream::<pull::Config, _, _>(name, stream).await;
        found.ok().map(|consumer| consumer.cached_info().clone())
    }

    /// Waits until the server says this of a consumer of expiration's stream.
    pub(crate) async fn until(&self, consumer: &str, so: impl Fn(&Info) -> bool) {
        let look = || async { Ok::<_, ()>(self.consumer(consumer).await.filter(&so)) };
        poll_until(PATIENCE, look).await.expect("no error").expect("it came to be so");
    }

    /// Removes the streams.
    pub(crate) async fn end(self) {
        let context = self.context().await;
        for owner in OWNERS {
            context.delete_stream(self.stream_name(owner)).await.expect("deleted");
        }
    }
}

/// Publishes as a relay does: until it is done.
pub(crate) async fn publish(bus: &dyn Bus, event: &Arc<Envelope>) {
    let attempt = || async { Ok::<_, ()>(bus.publish(Arc::clone(event)).await.ok()) };
    poll_until(PATIENCE, attempt).await.expect("no error").expect("published");
}

pub(crate) async fn next(deliveries: &mut BoxStream<'static, Delivery>) -> Delivery {
    within(deliveries.next()).await.expect("a subscription does not end")
}

pub(crate) async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(PATIENCE, work).await.expect("it came to an end")
}
