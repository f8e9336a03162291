//! The restore of one service's database on the cluster: its programs export and recover, on MongoDB.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Currency, Money};
use e2e::cluster::programs;
use e2e::{Cluster, Person, cards, poll_until};
use futures::TryStreamExt;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::{Client, Database};
use serde_json::Value;

use crate::one_at_a_time;

const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };
const TIMEOUT: Duration = Duration::from_mins(1);

/// A copy of a database, as mongodump makes one.
struct Backup {
    client: Client,
    database: Database,
    collections: Vec<(String, Vec<RawDocumentBuf>)>,
}

impl Backup {
    async fn make(url: &str) -> Self {
        let client = Client::with_uri_str(url).await.expect("MongoDB");
        let database = client.default_database().expect("a database");
        let mut collections = Vec::new();
        for name in database.list_collection_names().await.expect("a list") {
            let all = database.collection::<RawDocumentBuf>(&name).find(doc! {}).await.expect("a cursor");
            collections.push((name, all.try_collect().await.expect("documents")));
        }
        Self { client, database, collections }
    }

    /// Leaves the indexes, and removes every document of after the backup.
    async fn restore(self) {
        for name in self.database.list_collection_names().await.expect("a list") {
            self.database.collection::<Document>(&name).delete_many(doc! {}).await.expect("deleted");
        }
        for (name, documents) in self.collections.iter().filter(|(_, documents)| !documents.is_empty()) {
            self.database.collection::<RawDocumentBuf>(name).insert_many(documents).await.expect("inserted");
        }
        self.client.shutdown().immediate(true).await;
    }
}

/// Runs a service's program on its database.
fn run(cluster: &Cluster, service: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(programs().join(service));
    command.args(arguments).env("STORE_URL", cluster.database_url(service));
    for (name, value) in [("SECRET_KEY", "sk_test_sim"), ("PUBLISHABLE_KEY", "pk_test_sim")] {
        command.env(format!("STRIPE_{name}"), value);
    }
    command.env("STRIPE_WEBHOOK_SECRET", "whsec_sim");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("the program reads");
    let output = child.wait_with_output().expect("the program ends");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{service} {arguments:?}: {words}");
    output.stdout
}

async fn becomes(buyer: &Person, order: &Value, status: &str) {
    let is = || async { buyer.order(order).await["status"] == status };
    poll_until(TIMEOUT, &format!("the order is {status}"), is).await;
}

async fn ordered(seller: &Person, buyer: &Person) -> Value {
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    becomes(buyer, &order, "awaiting-payment").await;
    order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_is_recovered_by_the_programs_of_its_service() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start("15m", |_| {}).await;
    let endpoints = cluster.endpoints();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let (paid, cancelled) = (ordered(&seller, &buyer).await, ordered(&seller, &buyer).await);
    let backup = Backup::make(cluster.database_url("orders")).await;
    buyer.pays(&paid, cards::VISA).await;
    becomes(&buyer, &paid, "complete").await;
    assert_eq!(buyer.cancels(&cancelled).await.status, 204);
    let (lost, open) = (ordered(&seller, &buyer).await, ordered(&seller, &buyer).await);
    buyer.pays(&lost, cards::VISA).await;
    becomes(&buyer, &lost, "complete").await;

    for process in ["orders-1", "orders-2"] {
        cluster.processes().process(process).expect("a process").stop().expect("stopped");
    }
    backup.restore().await;
    let sources = ["tickets", "expiration", "payments"];
    let events = sources.map(|source| run(&cluster, source, &["export-events"], &[])).concat();
    let recovered = run(&cluster, "orders", &["recover", "--events", "-"], &events);
    let summary = String::from_utf8_lossy(&recovered);
    assert!(summary.contains("Adopted: 2. Created: 2.") && summary.contains("Refused: 0."), "{summary}");
    for process in ["orders-1", "orders-2"] {
        cluster.processes().process(process).expect("a process").restart().expect("started");
    }

    for (order, status) in
        [(&paid, "complete"), (&cancelled, "cancelled"), (&lost, "complete"), (&open, "awaiting-payment")]
    {
        assert_eq!(buyer.order(order).await["status"], status, "{order}");
    }
    buyer.pays(&open, cards::VISA).await;
    becomes(&buyer, &open, "complete").await;
    let again = ordered(&seller, &buyer).await;
    buyer.cancels(&again).await;
    let snapshot = cluster.wait_until_consistent(TIMEOUT).await;
    assert_eq!((snapshot.ended("complete"), snapshot.ended("by-buyer")), (3, 2));
}
