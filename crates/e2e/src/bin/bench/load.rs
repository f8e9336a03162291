//! Many connections at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::program::Failure;
use crate::watch::Watch;
use crate::wire::{Connection, Reply};

/// Sends one request again and again on each of `connections` for `duration`; requests per second.
pub(crate) async fn repeat(
    address: SocketAddr,
    connections: usize,
    request: &[u8],
    duration: Duration,
) -> Result<f64, Failure> {
    let mut clients = JoinSet::new();
    let request: Arc<[u8]> = request.into();
    let watch = Watch::start();
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

/// What a number of requests gave.
pub(crate) struct Sent<T> {
    /// What was taken from each reply, in no order.
    pub(crate) replies: Vec<T>,
    /// How long each took, in milliseconds.
    pub(crate) latencies: Vec<f64>,
    /// How long all took.
    pub(crate) took: Duration,
}

impl<T> Sent<T> {
    /// Requests per second.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many requests")]
    pub(crate) fn rate(&self) -> f64 {
        self.replies.len() as f64 / self.took.as_secs_f64()
    }
}

/// Sends each of these requests once over `connections`. All must be answered with `status`; `take` is given the replies.
pub(crate) async fn each<T: Send + 'static>(
    address: SocketAddr,
    connections: usize,
    requests: Vec<Vec<u8>>,
    status: u16,
    take: fn(&Reply<'_>) -> Option<T>,
) -> Result<Sent<T>, Failure> {
    let queue = Arc::new(Mutex::new(requests.into_iter()));
    let mut clients = JoinSet::new();
    let watch = Watch::start();
    for _ in 0..connections {
        let queue = Arc::clone(&queue);
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut taken = Vec::new();
            loop {
                let next = queue.lock().next();
                let Some(request) = next else { return Ok::<_, Failure>(taken) };
                let sent = Watch::start();
                let reply = connection.send(&request).await?;
                expect(&reply, status)?;
                let what = take(&reply).ok_or("a reply is not what it should be")?;
                taken.push((what, sent.elapsed().as_secs_f64() * 1000.0));
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

fn expect(reply: &Reply<'_>, status: u16) -> Result<(), Failure> {
    if reply.status == status {
        return Ok(());
    }
    let body = String::from_utf8_lossy(reply.body);
    Err(format!("the server answered {} where {status} was expected: {body}", reply.status).into())
}
