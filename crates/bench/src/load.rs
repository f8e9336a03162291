//! Requests over many connections at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loadgen::Stopwatch;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::program::Failure;
use crate::wire::{Connection, Reply};

/// Repeats a request on each of `connections` for `duration`. Returns requests per second.
pub(crate) async fn repeat(
    address: SocketAddr,
    connections: usize,
    request: &[u8],
    duration: Duration,
) -> Result<f64, Failure> {
    let mut clients = JoinSet::new();
    let request: Arc<[u8]> = request.into();
    let watch = Stopwatch::start();
    for _ in 0..connections {
        let request = Arc::clone(&request);
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut count = 0_u32;
            while watch.elapsed() < duration {
                expect(&connection.send(&request).await?, 200)?;
                count += 1;
            }
            Ok::<_, Failure>(count)
        });
    }
    let mut total = 0;
    while let Some(ended) = clients.join_next().await {
        total += ended??;
    }
    Ok(f64::from(total) / watch.elapsed().as_secs_f64())
}

/// The outcome of a number of requests.
pub(crate) struct Sent<T> {
    /// The value taken from each reply, in no order.
    pub(crate) replies: Vec<T>,
    /// The time of each request, in milliseconds.
    pub(crate) latencies: Vec<f64>,
    /// The time of all together.
    pub(crate) took: Duration,
}

impl<T> Sent<T> {
    /// Requests per second.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many requests")]
    pub(crate) fn rate(&self) -> f64 {
        self.replies.len() as f64 / self.took.as_secs_f64()
    }
}

/// Sends each of these requests once over `connections`. Every reply must have this `status`; `take` reads its value.
pub(crate) async fn each<T: Send + 'static>(
    address: SocketAddr,
    connections: usize,
    requests: Vec<Vec<u8>>,
    status: u16,
    take: fn(&Reply<'_>) -> Option<T>,
) -> Result<Sent<T>, Failure> {
    let queue = Arc::new(Mutex::new(requests.into_iter()));
    let mut clients = JoinSet::new();
    let watch = Stopwatch::start();
    for _ in 0..connections {
        let queue = Arc::clone(&queue);
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut taken = Vec::new();
            loop {
                let next = queue.lock().next();
                let Some(request) = next else { return Ok::<_, Failure>(taken) };
                let sent = Stopwatch::start();
                let reply = connection.send(&request).await?;
                expect(&reply, status)?;
                let value = take(&reply).ok_or("a reply has an unexpected body")?;
                taken.push((value, sent.millis()));
            }
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = clients.join_next().await {
        all.extend(ended??);
    }
    let took = watch.elapsed();
    let (replies, latencies) = all.into_iter().unzip();
    Ok(Sent { replies, latencies, took })
}

/// Fails unless the reply has this status.
pub(crate) fn expect(reply: &Reply<'_>, status: u16) -> Result<(), Failure> {
    if reply.status == status {
        return Ok(());
    }
    let body = String::from_utf8_lossy(reply.body);
    Err(format!("the server replied {} instead of {status}: {body}", reply.status).into())
}
