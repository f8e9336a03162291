//! Events that NATS has stored and acknowledged, and lost before every consumer received them.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::Config;
use e2e::{Cluster, Person, cards, poll_until};
use serde_json::{Value, json};
use servers::Server;

use crate::one_at_a_time;

/// Longer than the test takes.
const HOLD: &str = "5m";
/// The longest delay between two polls of an authorized payment is a minute.
const HEALED_WITHIN: Duration = Duration::from_mins(2);

/// Stops both processes of a service as a crash does.
fn kill(cluster: &Cluster, service: &str) {
    for name in [1, 2].map(|replica| format!("{service}-{replica}")) {
        cluster.processes().process(&name).expect("a known process").kill();
    }
}

fn start(cluster: &Cluster, service: &str) {
    let names = [1, 2].map(|replica| format!("{service}-{replica}"));
    for act in [Server::respawn, Server::wait_until_ready] {
        for name in &names {
            act(cluster.processes().process(name).expect("a known process"))
                .expect("the process starts again");
        }
    }
}

/// The stream of a service.
async fn stream(cluster: &Cluster, service: &str) -> (jetstream::Context, jetstream::stream::Stream) {
    let url = cluster.processes().nats_url().to_owned();
    let context = jetstream::new(async_nats::connect(url).await.expect("a connection"));
    let stream = context.get_stream(format!("ticketing-{service}")).await.expect("a stream");
    (context, stream)
}

/// Removes every event of a service from its stream.
async fn purge(cluster: &Cluster, service: &str) {
    let purged = stream(cluster, service).await.1.purge().await.expect("purged");
    assert!(purged.purged > 0);
}

/// Lets every event of a service become older than its stream retains.
async fn expire(cluster: &Cluster, service: &str) {
    let (context, stream) = stream(cluster, service).await;
    let config = stream.cached_info().config.clone();
    let short = Config {
        max_age: Duration::from_secs(1),
        duplicate_window: Duration::from_secs(1),
        ..config.clone()
    };
    context.update_stream(short).await.expect("updated");
    let is_empty = async || {
        let info = context.get_stream(config.name.clone()).await.expect("a stream").cached_info().clone();
        info.state.messages == 0
    };
    poll_until(HEALED_WITHIN, "the stream has retained nothing", is_empty).await;
    context.update_stream(config.clone()).await.expect("updated");
}

async fn becomes(buyer: &Person, order: &Value, status: &str) {
    let condition = async || buyer.order(order).await["status"] == status;
    poll_until(HEALED_WITHIN, &format!("the order is {status}"), condition).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stream_loses_while_its_consumer_is_stopped_is_published_again() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start(HOLD, |_| {}).await;
    let endpoints = cluster.endpoints();
    let seller = Person::sign_up(&endpoints, "seller").await;
    let buyer = Person::sign_up(&endpoints, "buyer").await;
    let price = common::Money { amount: 20_00, currency: common::Currency::Usd };
    let ticket = seller.sells("Concert", price).await;
    // Orders knows the ticket, whose event would otherwise wait for the process that is killed.
    cluster.wait_until_consistent(HEALED_WITHIN).await;

    kill(&cluster, "tickets");
    let order = buyer.buys(&ticket).await;
    // Payments has received the event, so the stream has stored it.
    let begins = async || matches!(buyer.begins_to_pay(&order).await.status, 200 | 201);
    poll_until(HEALED_WITHIN, "the payment begins", begins).await;
    purge(&cluster, "orders").await;
    start(&cluster, "tickets");
    becomes(&buyer, &order, "awaiting-payment").await;

    let payment = buyer.begins_to_pay(&order).await.json;
    kill(&cluster, "orders");
    assert_eq!(buyer.enters_card(&payment, cards::VISA).await.status, 200);
    let path = format!("/api/payments?orderId={}", order["id"].as_str().expect("an id"));
    let is_authorized = async || buyer.all(&path).await[0]["status"] == json!("authorized");
    poll_until(HEALED_WITHIN, "the payment is authorized", is_authorized).await;
    expire(&cluster, "payments").await;
    start(&cluster, "orders");
    becomes(&buyer, &order, "complete").await;

    let snapshot = cluster.wait_until_consistent(HEALED_WITHIN).await;
    assert_eq!(snapshot.ended("complete"), 1);
}
