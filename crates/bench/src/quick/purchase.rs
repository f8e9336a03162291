//! Whole purchases, as a browser makes them: order, begin to pay, enter a card at the card processor, and wait.

use std::sync::Arc;
use std::time::Duration;

use loadgen::{CARD, Stopwatch, pause};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::crowd::{json, order};
use crate::load::{Sent, expect};
use crate::program::Failure;
use crate::quick::side::Side;
use crate::wire::{Connection, get_as, post, post_form};

/// Between two reads of an order that is being paid.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
const TIMEOUT: Duration = Duration::from_secs(10);

impl Side {
    /// Buys each ticket, the buyers in turn, so many at a time.
    pub(crate) async fn purchases(&self, tickets: &[String], at_once: usize) -> Result<Sent<()>, Failure> {
        let (address, stripe) = (self.program.address, self.program.stripe);
        let buyers = self.crowd.buyers().iter().cloned().cycle();
        let queue: Vec<_> = tickets.iter().cloned().zip(buyers).collect();
        let queue = Arc::new(Mutex::new(queue.into_iter()));
        let (mut clients, watch) = (JoinSet::new(), Stopwatch::start());
        for _ in 0..at_once {
            let queue = Arc::clone(&queue);
            clients.spawn(async move {
                let (mut shop, mut bank) =
                    (Connection::open(address).await?, Connection::open(stripe).await?);
                let mut latencies = Vec::new();
                loop {
                    let next = queue.lock().next();
                    let Some((ticket, buyer)) = next else { return Ok::<_, Failure>(latencies) };
                    let watch = Stopwatch::start();
                    buy(&mut shop, &mut bank, &ticket, &buyer).await?;
                    latencies.push(watch.millis());
                }
            });
        }
        let mut latencies = Vec::new();
        while let Some(ended) = clients.join_next().await {
            latencies.extend(ended??);
        }
        Ok(Sent { replies: vec![(); latencies.len()], latencies, took: watch.elapsed() })
    }
}

async fn buy(shop: &mut Connection, bank: &mut Connection, ticket: &str, buyer: &str) -> Result<(), Failure> {
    let reply = shop.send(&order(ticket, buyer)).await?;
    expect(&reply, 201)?;
    let ordered = json(&reply).ok_or("an order is not JSON")?;
    let order = ordered["id"].as_str().ok_or("an order has no id")?;
    let reply = shop.send(&post("/api/payments", buyer, &format!(r#"{{"orderId":"{order}"}}"#))).await?;
    expect(&reply, 201)?;
    let begun = json(&reply).ok_or("a payment is not JSON")?;
    let secret = begun["clientSecret"].as_str().ok_or("a payment has no client secret")?;
    let intent = secret.split("_secret").next().unwrap_or_default();
    let form = format!("client_secret={secret}&{CARD}");
    let path = format!("/v1/payment_intents/{intent}/confirm");
    expect(&bank.send(&post_form(&path, "pk_test_sim", &form)).await?, 200)?;
    let (request, watch) = (get_as(&format!("/api/orders/{order}"), buyer), Stopwatch::start());
    loop {
        let reply = shop.send(&request).await?;
        expect(&reply, 200)?;
        if json(&reply).is_some_and(|order| order["status"] == "complete") {
            return Ok(());
        }
        if watch.elapsed() > TIMEOUT {
            return Err("an order that was paid did not become complete".into());
        }
        pause(POLL_INTERVAL).await;
    }
}
