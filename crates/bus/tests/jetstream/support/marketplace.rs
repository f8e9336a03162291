//! Streams of a test's own, and the processes that use them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{Info, pull};
use async_nats::jetstream::{self, Context, stream};
use bus::jetstream::{Address, ConnectError, JetStream, Options};
use bus::{Bus, Delivery};
use common::clock::SystemClock;
use common::{Envelope, poll_until};
use futures::stream::{BoxStream, StreamExt};
use uuid::Uuid;

use super::ids;

/// The contract has no latency bound; this only ends a test that would hang.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

/// The server reserves the bytes of all streams of all tests.
const MAX_STREAM_BYTES: i64 = 64 << 20;

/// The publishing services.
const STREAMS: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

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
        Self {
            url: url.to_owned(),
            options: Options { prefix, max_stream_bytes: MAX_STREAM_BYTES, ..Options::default() },
        }
    }

    /// The same with small streams.
    pub(crate) fn with_stream_bytes(self, max_stream_bytes: i64) -> Self {
        Self { options: Options { max_stream_bytes, ..self.options }, ..self }
    }

    /// The same with this `ack_wait`.
    pub(crate) fn with_ack_wait(self, ack_wait: Duration) -> Self {
        Self { options: Options { ack_wait, ..self.options }, ..self }
    }

    /// The same with processes that close however slow the machine is.
    pub(crate) fn with_close_timeout(self, close_timeout: Duration) -> Self {
        Self { options: Options { close_timeout, ..self.options }, ..self }
    }

    /// A new process.
    pub(crate) async fn process(&self) -> Arc<JetStream> {
        connect(&self.url, self.options.clone()).await.expect("connected")
    }

    /// A new process of one service.
    pub(crate) async fn process_of(&self, service: &str) -> Arc<JetStream> {
        let options = Options { name: service.to_owned(), ..self.options.clone() };
        Self { url: self.url.clone(), options }.process().await
    }

    /// The server, without the adapter.
    pub(crate) async fn context(&self) -> Context {
        jetstream::new(async_nats::connect(&self.url).await.expect("connected"))
    }

    pub(crate) fn stream_name(&self, service: &str) -> String {
        format!("{}-{service}", self.options.prefix)
    }

    /// The server's information on this service's stream.
    pub(crate) async fn stream(&self, service: &str) -> stream::Info {
        let found = self.context().await.get_stream(self.stream_name(service)).await;
        found.expect("the stream is there").cached_info().clone()
    }

    /// The server's information on a consumer of expiration's stream.
    pub(crate) async fn consumer(&self, name: &str) -> Option<Info> {
        self.consumer_of("expiration", name).await
    }

    /// The server's information on a consumer of this service's stream.
    pub(crate) async fn consumer_of(&self, service: &str, name: &str) -> Option<Info> {
        let stream = self.stream_name(service);
        let found = self.context().await.get_consumer_from_stream::<pull::Config, _, _>(name, stream).await;
        found.ok().map(|consumer| consumer.cached_info().clone())
    }

    /// Waits until a consumer of expiration's stream meets the condition.
    pub(crate) async fn wait_for(&self, consumer: &str, condition: impl Fn(&Info) -> bool) {
        self.wait_for_of("expiration", consumer, condition).await;
    }

    /// Waits until a consumer of this service's stream meets the condition.
    pub(crate) async fn wait_for_of(&self, service: &str, consumer: &str, condition: impl Fn(&Info) -> bool) {
        eventually(async || self.consumer_of(service, consumer).await.filter(&condition)).await;
    }

    /// Removes the streams.
    pub(crate) async fn end(self) {
        let context = self.context().await;
        for service in STREAMS {
            context.delete_stream(self.stream_name(service)).await.expect("deleted");
        }
    }
}

pub(crate) async fn connect(url: &str, options: Options) -> Result<Arc<JetStream>, ConnectError> {
    let address: Address = url.parse().expect("an address");
    within(JetStream::connect(&address, options, Arc::new(SystemClock), ids())).await
}

/// Publishes as a relay does, with retries.
pub(crate) async fn publish(bus: &dyn Bus, event: &Arc<Envelope>) {
    eventually(async || bus.publish(Arc::clone(event)).await.ok()).await;
}

/// Reads until there is a value.
pub(crate) async fn eventually<T>(read: impl AsyncFn() -> Option<T>) -> T {
    let Ok(found) = poll_until(TEST_TIMEOUT, || async { Ok::<_, Infallible>(read().await) }).await;
    found.expect("a value before the timeout")
}

pub(crate) async fn next(deliveries: &mut BoxStream<'static, Delivery>) -> Delivery {
    within(deliveries.next()).await.expect("a subscription does not end")
}

/// Receives and acknowledges the next delivery, which must be of this event.
pub(crate) async fn expect(deliveries: &mut BoxStream<'static, Delivery>, event: &Arc<Envelope>) {
    let delivery = next(deliveries).await;
    assert_eq!(delivery.envelope(), Some(event));
    delivery.ack();
}

pub(crate) async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(TEST_TIMEOUT, work).await.expect("finished before the timeout")
}
