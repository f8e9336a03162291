//! The bare MongoDB driver, doing to the same server what an order does, with nothing around it.

mod document;

use std::sync::Arc;
use std::time::Duration;

use common::Ids;
use futures::future::try_join_all;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use mongodb::options::{Acknowledgment, ClientOptions, WriteConcern};
use mongodb::{Client, Collection, Database, IndexModel};
use parking_lot::Mutex;

use self::document::{Order, index};
use crate::commits::{orders, origins};
use crate::program::Failure;
use crate::watch::{Watch, pause};

/// For how long nobody must have written anything for all to be at rest.
const REST: Duration = Duration::from_secs(1);
/// How many times as long anybody waits for that.
const PATIENCE: u32 = 180;

/// The bare driver with a database of its own.
pub(super) struct Driver {
    database: Database,
    orders: Collection<RawDocumentBuf>,
    ids: Ids,
}

/// How many operations a server has done, as it counts them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operations {
    pub(super) inserts: f64,
    pub(super) queries: f64,
    pub(super) updates: f64,
}

impl Operations {
    fn writes(&self) -> f64 {
        self.inserts + self.updates
    }
}

impl Driver {
    /// Connects, with as many connections as there are callers, and makes the indexes that the orders service has.
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let mut options = ClientOptions::parse(url).await?;
        options.max_pool_size = Some(super::orders::CONNECTIONS.try_into()?);
        let confirmed = WriteConcern::builder().w(Acknowledgment::Majority).journal(true);
        options.write_concern = Some(confirmed.build());
        let database =
            Client::with_options(options)?.default_database().ok_or("the address names no database")?;
        let orders = database.collection("orders");
        let indexes: [IndexModel; 3] =
            [index("keys.by-buyer", false), index("claims.ticket", true), index("outbox.id", false)];
        orders.create_indexes(indexes).await?;
        Ok(Self { database, orders, ids: origins().1 })
    }

    /// What the server calls itself.
    pub(super) async fn server(&self) -> Result<String, Failure> {
        let about = self.ask("buildInfo").await?;
        Ok(match about.get_str("secantusVersion") {
            Ok(version) => format!("SecantusDB {version}"),
            Err(_) => format!("MongoDB {}", about.get_str("version")?),
        })
    }

    /// What the server has done so far.
    pub(super) async fn operations(&self) -> Result<Operations, Failure> {
        let status = self.ask("serverStatus").await?;
        let counted = status.get_document("opcounters")?;
        let count = |name| {
            let count = counted.get(name).and_then(|count| count.as_i64().or(count.as_i32().map(i64::from)));
            #[expect(clippy::cast_precision_loss, reason = "a bench does not do that much")]
            count.map(|count| count as f64).ok_or("the server does not count what it does")
        };
        Ok(Operations { inserts: count("insert")?, queries: count("query")?, updates: count("update")? })
    }

    /// Waits until nobody has written anything for a while.
    pub(super) async fn at_rest(&self) -> Result<(), Failure> {
        let mut before = self.operations().await?.writes();
        for _ in 0..PATIENCE {
            pause(REST).await;
            let now = self.operations().await?.writes();
            if now.total_cmp(&before).is_eq() {
                return Ok(());
            }
            before = now;
        }
        Err("the services never come to rest".into())
    }

    async fn ask(&self, question: &str) -> Result<Document, Failure> {
        Ok(self.database.client().database("admin").run_command(doc! { question: 1 }).await?)
    }

    /// Inserts so many orders from so many tasks at once; with `reading`, each task reads an order before each, as the
    /// service reads the ticket. Orders per second.
    pub(super) async fn insert(&self, count: usize, tasks: usize, reading: bool) -> Result<f64, Failure> {
        let documents = self.documents(count)?;
        let read = self.documents(1)?.swap_remove(0);
        self.orders.insert_one(read.inserted.clone()).await?;
        let queue = Arc::new(Mutex::new(documents.into_iter()));
        let watch = Watch::start();
        let task = async |queue: Arc<Mutex<std::vec::IntoIter<Order>>>| loop {
            let next = queue.lock().next();
            let Some(order) = next else { return Ok::<_, Failure>(()) };
            if reading {
                self.orders
                    .find_one(read.itself())
                    .projection(doc! { "version": 1, "state": 1 })
                    .await?
                    .ok_or("an order is gone")?;
            }
            self.orders.insert_one(order.inserted).await?;
        };
        try_join_all((0..tasks).map(|_| task(Arc::clone(&queue)))).await?;
        #[expect(clippy::cast_precision_loss, reason = "there are not that many orders")]
        Ok(count as f64 / watch.elapsed().as_secs_f64())
    }

    /// The three durable writes between a request and `awaiting-payment`, one after another: an order, the lock of its
    /// ticket, the order's next state. How long they take, in milliseconds.
    pub(super) async fn three_writes(&self) -> Result<f64, Failure> {
        let documents = self.documents(2)?;
        let [order, ticket] = documents.as_slice() else { return Err("two were asked for".into()) };
        self.orders.insert_one(ticket.inserted.clone()).await?;
        let watch = Watch::start();
        self.orders.insert_one(order.inserted.clone()).await?;
        for changed in [ticket, order] {
            self.orders.update_one(changed.at_version(1), changed.change()).await?;
        }
        Ok(watch.elapsed().as_secs_f64() * 1000.0)
    }

    fn documents(&self, count: usize) -> Result<Vec<Order>, Failure> {
        orders(&self.ids, count).into_iter().map(|order| Order::new(&order, &self.ids)).collect()
    }
}
