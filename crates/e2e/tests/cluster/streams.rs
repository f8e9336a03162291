//! An operator's hand on the streams of a running cluster.

use async_nats::jetstream::{self, stream::Stream};
use tokio::runtime::Handle;

/// Limits the stream of a service to what it contains, so that it refuses every further event. Returns the former limit.
/// Blocks the thread.
///
/// # Panics
/// The server refuses, or the stream still accepts events.
pub(crate) fn fill(url: &str, service: &str) -> i64 {
    Handle::current().block_on(async {
        let context = connect(url).await;
        // Events may arrive between the measurement and the change of the limit.
        loop {
            let stream = stream(&context, service).await;
            let (limit, bytes) = (stream.cached_info().config.max_bytes, stream.cached_info().state.bytes);
            update(&context, &stream, i64::try_from(bytes.max(1)).expect("a size")).await;
            let subject = stream.cached_info().config.subjects[0].replace('*', "test");
            let published = context.publish(subject, "an event too much".into()).await.expect("it is sent");
            if published.await.is_err() {
                return limit;
            }
            update(&context, &stream, limit).await;
        }
    })
}

/// Sets the limit of the stream of a service. Blocks the thread.
///
/// # Panics
/// The server refuses.
pub(crate) fn set_limit(url: &str, service: &str, limit: i64) {
    Handle::current().block_on(async {
        let context = connect(url).await;
        update(&context, &stream(&context, service).await, limit).await;
    });
}

async fn connect(url: &str) -> jetstream::Context {
    jetstream::new(async_nats::connect(url).await.expect("the server answers"))
}

async fn stream(context: &jetstream::Context, service: &str) -> Stream {
    context.get_stream(format!("ticketing-{service}")).await.expect("the stream exists")
}

async fn update(context: &jetstream::Context, stream: &Stream, limit: i64) {
    let config = jetstream::stream::Config { max_bytes: limit, ..stream.cached_info().config.clone() };
    context.update_stream(config).await.expect("the limit is set");
}
