//! The cost of one purchase on the cluster: commands to MongoDB, which do not depend on the machine.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::Clock;
use common::clock::SystemClock;
use e2e::{Cluster, Person, cards, poll_until};
use mongodb::bson::RawDocument;
use parking_lot::Mutex;
use serde_json::Value;
use servers::{Server, ServerLocation, mongodb as mongodb_server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::one_at_a_time;

/// The commands of one purchase, on average: 21 commits and 7 reads, which docs/PERFORMANCE.md names, and on a slow machine
/// some reads for events that have not arrived.
const MAX_COMMANDS: usize = 30;
/// The commands of the two emails of a purchase, on average: 5 commits, 4 reads of the recipients, and the reads of the worker
/// that sends the emails.
const MAX_EMAIL_COMMANDS: usize = 20;
/// The database of emails.
const EMAILS: &str = "notifications.";
/// The commands that prune published events of one purchase: one for each collection with events, for a buyer without haste.
/// Under load many purchases share one.
const MAX_PRUNES: usize = 3;
/// The time that a person takes between two actions, and that the events of an action take at most.
const HUMAN_PAUSE: Duration = Duration::from_millis(100);
/// The number of purchases, so that regular reads are few beside them.
const PURCHASES: usize = 20;
/// The time in which the events of the last purchase leave the outbox.
const PRUNED_WITHIN: Duration = Duration::from_secs(1);
/// The time in which the commands without a purchase are counted.
const IDLE_TIME: Duration = Duration::from_secs(10);
/// The readings of a page: far more than reads of the database in that time.
const MANY_READS: usize = 500;
/// The reads of the workers of tickets meanwhile.
const REGULAR_READS: usize = 20;
/// The length of a message's header.
const HEADER: usize = 16;
/// The flags of a message, and the kind of its first section.
const FLAGS_AND_KIND: usize = 5;

/// The operator of the update that prunes published events, and the name under which it is counted.
const PULL: &[u8] = b"$pull";
const PRUNE: &str = "prunes";

type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

/// Starts a proxy that counts the commands that clients send to the server, by database, name and collection.
#[expect(clippy::disallowed_methods, reason = "the tasks end with the test")]
async fn count_commands(server: SocketAddr) -> (SocketAddr, Counts) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, counts) = (listener.local_addr().expect("an address"), Counts::default());
    let counted = Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(server).await else { continue };
            let ((near_read, mut near_write), (mut far_read, far_write)) =
                (near.into_split(), far.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut far_read, &mut near_write).await });
            tokio::spawn(forward_messages(near_read, far_write, Arc::clone(&counted)));
        }
    });
    (address, counts)
}

/// Ends with the connection.
async fn forward_messages(
    mut near: impl AsyncReadExt + Unpin,
    mut far: impl AsyncWriteExt + Unpin,
    counts: Counts,
) -> std::io::Result<()> {
    loop {
        let length = near.read_u32_le().await?;
        let mut message = length.to_le_bytes().to_vec();
        message.resize(length as usize, 0);
        near.read_exact(&mut message[size_of::<u32>()..]).await?;
        if let Some(command) = command(&message) {
            *counts.lock().entry(command).or_default() += 1;
        }
        far.write_all(&message).await?;
    }
}

/// `database.command collection` of a command on a collection.
fn command(message: &[u8]) -> Option<String> {
    let sections = message.get(HEADER + FLAGS_AND_KIND..)?;
    let length = u32::from_le_bytes(sections.first_chunk().copied()?) as usize;
    if message.windows(PULL.len()).any(|part| part == PULL) {
        return Some(PRUNE.to_owned());
    }
    let body = RawDocument::from_bytes(sections.get(..length)?).ok()?;
    let (name, collection) = body.iter().next()?.ok()?;
    Some(format!("{}.{name} {}", body.get_str("$db").ok()?, collection.as_str()?))
}

/// Makes a purchase. Returns the number of its reads of the order that only a test needs.
async fn buys(seller: &Person, buyer: &Person) -> usize {
    let price = common::Money { amount: 20_00, currency: common::Currency::Usd };
    let ticket = seller.sells("Concert", price).await;
    SystemClock.sleep(HUMAN_PAUSE).await;
    let order = buyer.buys(&ticket).await;
    let reads = AtomicUsize::new(0);
    let becomes = async |status: &'static str| {
        let is_it = async || {
            reads.fetch_add(1, Ordering::Relaxed);
            buyer.order(&order).await["status"] == status
        };
        poll_until(Duration::from_mins(1), &format!("the order is {status}"), is_it).await;
    };
    becomes("awaiting-payment").await;
    SystemClock.sleep(HUMAN_PAUSE).await;
    let payment: Value = buyer.begins_to_pay(&order).await.json;
    assert_eq!(buyer.enters_card(&payment, cards::VISA).await.status, 200);
    becomes("complete").await;
    reads.into_inner()
}

async fn commands_during(counts: &Counts, work: impl AsyncFnOnce()) -> BTreeMap<String, usize> {
    counts.lock().clear();
    work().await;
    std::mem::take(&mut *counts.lock())
}

/// A database server, a cluster of one process a service on it, and the counts of its commands.
async fn counted_cluster() -> (Server, Cluster, Counts) {
    let server = mongodb_server::start(ServerLocation::default()).expect("MongoDB starts");
    let address = server.url().trim_start_matches("mongodb://").split('/').next().expect("an address");
    let (proxy, counts) = count_commands(address.parse().expect("an address")).await;
    let url = format!("mongodb://{proxy}/?directConnection=true");
    let cluster = Cluster::start("5m", |config| {
        config.replicas = 1;
        config.mongodb_url = Some(url);
    })
    .await;
    (server, cluster, counts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_many_people_read_costs_ten_reads_a_second_and_shows_changes_at_once() {
    let _alone = one_at_a_time().await;
    let (_server, cluster, counts) = counted_cluster().await;
    let endpoints = cluster.endpoints();
    let seller = Person::sign_up(&endpoints, "seller").await;
    let price = common::Money { amount: 20_00, currency: common::Currency::Usd };
    for title in ["Concert", "Opera"] {
        let ticket = seller.sells(title, price).await;
        let page = endpoints.get("/api/tickets").await.json;
        assert_eq!(page["items"][0]["id"], ticket["id"], "{page}");
    }
    cluster.wait_until_consistent(Duration::from_mins(1)).await;
    let began = SystemClock.now();
    let counts = commands_during(&counts, async || {
        for _ in 0..MANY_READS {
            assert_eq!(endpoints.get("/api/tickets").await.status, 200);
        }
    });
    let reads = counts.await.remove("tickets.find tickets").unwrap_or_default();
    let tenths = usize::try_from((SystemClock.now() - began).as_millis() / 100).expect("short") + 1;
    assert!((1..=tenths + REGULAR_READS).contains(&reads), "{reads} reads in {tenths} tenths of a second");
    assert!(MANY_READS > 2 * (tenths + REGULAR_READS), "the page was read too slowly to tell");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_costs_no_more_commands_to_mongodb_than_its_budget() {
    let _alone = one_at_a_time().await;
    let (_server, cluster, counts) = counted_cluster().await;
    let endpoints = cluster.endpoints();
    let seller = Person::sign_up(&endpoints, "seller").await;
    let buyer = Person::sign_up(&endpoints, "buyer").await;
    cluster.wait_until_consistent(Duration::from_mins(1)).await;
    let idle = commands_during(&counts, async || SystemClock.sleep(IDLE_TIME).await).await;
    let (began, mut reads) = (SystemClock.now(), 0);
    let counts = commands_during(&counts, async || {
        for _ in 0..PURCHASES {
            reads += buys(&seller, &buyer).await;
        }
        SystemClock.sleep(PRUNED_WITHIN).await;
    });
    let mut counts = counts.await;
    let elapsed = SystemClock.now() - began;
    cluster.wait_until_consistent(Duration::from_mins(1)).await;
    let prunes = counts.remove(PRUNE).unwrap_or_default();
    let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
    // The regular reads of the services belong to no purchase.
    let millis = |time: Duration| usize::try_from(time.as_millis()).expect("small");
    let regular = |idle| sum(idle) * millis(elapsed) / millis(IDLE_TIME);
    let (idle_emails, idle): (BTreeMap<_, _>, _) =
        idle.into_iter().partition(|(command, _)| command.starts_with(EMAILS));
    let (emails, counts): (BTreeMap<_, _>, BTreeMap<_, _>) =
        counts.into_iter().partition(|(command, _)| command.starts_with(EMAILS));
    let commands = sum(&counts) - reads - regular(&idle);
    let email_commands = sum(&emails).saturating_sub(regular(&idle_emails));
    eprintln!(
        "{PURCHASES} purchases: {commands} commands, {email_commands} of emails, {prunes} prunes, {reads} of the test: \
         {counts:#?} {emails:#?}"
    );
    assert!(email_commands <= MAX_EMAIL_COMMANDS * PURCHASES, "{email_commands} commands for emails");
    assert!(commands <= MAX_COMMANDS * PURCHASES, "{commands} commands in {PURCHASES} purchases");
    assert!(prunes <= MAX_PRUNES * PURCHASES, "{prunes} prunes in {PURCHASES} purchases");
}
