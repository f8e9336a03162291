//! The bare MongoDB driver, with the same server, documents and commands as an order and nothing around them.

use std::sync::Arc;
use std::time::Duration;

use common::event::OrderSnapshot;
use common::{Event, EventId, Ids, poll_until};
use futures::future::try_join_all;
use loadgen::{Stopwatch, pause};
use mongodb::bson::{Bson, Document, RawDocumentBuf, Uuid, doc, serialize_to_bson};
use mongodb::options::{Acknowledgment, ClientOptions, IndexOptions, WriteConcern};
use mongodb::{Client, Collection, Database, IndexModel};
use parking_lot::Mutex;

use crate::commits::{clock_and_ids, orders};
use crate::program::Failure;

/// As many as there are callers.
pub(super) const CONNECTIONS: usize = 64;
/// A server without a write for so long is idle.
const QUIET_PERIOD: Duration = Duration::from_secs(1);
/// Past what the slowest server needs for all that follows from a round.
const IDLE_TIMEOUT: Duration = Duration::from_mins(3);

/// The bare driver with a database of its own.
pub(super) struct Driver {
    database: Database,
    orders: Collection<RawDocumentBuf>,
    ids: Ids,
}

/// A server's own counters of operations.
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

    /// The difference, per order.
    pub(super) fn since(self, before: Self, orders: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
        let orders = orders as f64;
        Self {
            inserts: (self.inserts - before.inserts) / orders,
            queries: (self.queries - before.queries) / orders,
            updates: (self.updates - before.updates) / orders,
        }
    }
}

impl Driver {
    /// Connects and makes the indexes that the orders service has.
    pub(super) async fn connect(url: &str) -> Result<Self, Failure> {
        let mut options = ClientOptions::parse(url).await?;
        options.max_pool_size = Some(CONNECTIONS.try_into()?);
        let confirmed = WriteConcern::builder().w(Acknowledgment::Majority).journal(true);
        options.write_concern = Some(confirmed.build());
        let database =
            Client::with_options(options)?.default_database().ok_or("the address names no database")?;
        let orders = database.collection("orders");
        let indexes: [IndexModel; 3] =
            [index("keys.by-buyer", false), index("claims.ticket", true), index("outbox.id", false)];
        orders.create_indexes(indexes).await?;
        Ok(Self { database, orders, ids: clock_and_ids().1 })
    }

    /// The server's name and version.
    pub(super) async fn server(&self) -> Result<String, Failure> {
        let about = self.run("buildInfo").await?;
        Ok(match about.get_str("secantusVersion") {
            Ok(version) => format!("SecantusDB {version}"),
            Err(_) => format!("MongoDB {}", about.get_str("version")?),
        })
    }

    /// The operations so far.
    pub(super) async fn operations(&self) -> Result<Operations, Failure> {
        let status = self.run("serverStatus").await?;
        let counted = status.get_document("opcounters")?;
        let count = |name| {
            let count = counted.get(name).and_then(|count| count.as_i64().or(count.as_i32().map(i64::from)));
            #[expect(clippy::cast_precision_loss, reason = "a bench does not do that much")]
            count.map(|count| count as f64).ok_or("the server does not count what it does")
        };
        Ok(Operations { inserts: count("insert")?, queries: count("query")?, updates: count("update")? })
    }

    /// Waits until nothing has been written for [`QUIET_PERIOD`].
    pub(super) async fn until_idle(&self) -> Result<(), Failure> {
        let is_idle = async || {
            let before = self.operations().await?.writes();
            pause(QUIET_PERIOD).await;
            let now = self.operations().await?.writes();
            Ok::<_, Failure>(now.total_cmp(&before).is_eq().then_some(()))
        };
        poll_until(IDLE_TIMEOUT, is_idle).await?.ok_or_else(|| "the services are still busy".into())
    }

    async fn run(&self, command: &str) -> Result<Document, Failure> {
        Ok(self.database.client().database("admin").run_command(doc! { command: 1 }).await?)
    }

    /// Inserts orders from concurrent tasks. With `reading`, a task reads an order before each insert, as the service
    /// reads the ticket. Returns orders per second.
    pub(super) async fn insert(&self, count: usize, tasks: usize, reading: bool) -> Result<f64, Failure> {
        let documents = self.documents(count)?;
        let read = self.documents(1)?.swap_remove(0);
        self.orders.insert_one(read.inserted.clone()).await?;
        let queue = Arc::new(Mutex::new(documents.into_iter()));
        let watch = Stopwatch::start();
        let task = async |queue: Arc<Mutex<std::vec::IntoIter<Order>>>| loop {
            let next = queue.lock().next();
            let Some(order) = next else { return Ok::<_, Failure>(()) };
            if reading {
                self.orders
                    .find_one(read.itself())
                    .projection(doc! { "version": 1, "state": 1 })
                    .await?
                    .ok_or("an order is missing")?;
            }
            self.orders.insert_one(order.inserted).await?;
        };
        try_join_all((0..tasks).map(|_| task(Arc::clone(&queue)))).await?;
        Ok(watch.per_second(count))
    }

    /// Makes the three durable writes between a request and `awaiting-payment`, one after another: an order, the lock of
    /// its ticket, the order's next state. Returns their time in milliseconds.
    pub(super) async fn three_writes(&self) -> Result<f64, Failure> {
        let documents = self.documents(2)?;
        let [order, ticket] = documents.as_slice() else { return Err("two were asked for".into()) };
        self.orders.insert_one(ticket.inserted.clone()).await?;
        let watch = Stopwatch::start();
        self.orders.insert_one(order.inserted.clone()).await?;
        for changed in [ticket, order] {
            self.orders.update_one(changed.at_version(1), changed.change()).await?;
        }
        Ok(watch.millis())
    }

    fn documents(&self, count: usize) -> Result<Vec<Order>, Failure> {
        orders(&self.ids, count).into_iter().map(|order| Order::new(&order, &self.ids)).collect()
    }
}

/// An order as the store lays it out: `_id`, `version`, `state`, `keys`, `claims`, `outbox`.
struct Order {
    inserted: RawDocumentBuf,
    id: Uuid,
    state: Bson,
    event: Bson,
}

impl Order {
    fn new(order: &OrderSnapshot, ids: &Ids) -> Result<Self, Failure> {
        let id = Uuid::from_bytes(uuid::Uuid::from(order.id).into_bytes());
        let (buyer, created) = (uuid::Uuid::from(order.user_id), order.created_at.as_millis());
        let state = serialize_to_bson(order)?;
        let event = doc! {
            "id": serialize_to_bson(&ids.next::<EventId>())?,
            "schema": 1,
            "aggregate": id,
            "version": 1,
            "time": order.created_at.to_string(),
            "data": serialize_to_bson(&Event::OrderCreated(order.clone()))?,
        };
        let event = Bson::Document(doc! { "id": Uuid::new(), "event": event });
        let document = doc! {
            "_id": id,
            "version": 1_i64,
            "state": state.clone(),
            "keys": { "by-buyer": format!("03{}01{created:016x}.{}", buyer.simple(), order.id) },
            "claims": { "ticket": order.ticket.id.to_string() },
            "outbox": [event.clone()],
        };
        Ok(Self { inserted: RawDocumentBuf::try_from(&document)?, id, state, event })
    }

    /// A filter for the order.
    fn itself(&self) -> Document {
        doc! { "_id": self.id }
    }

    /// A filter for the order at this version.
    fn at_version(&self, version: i64) -> Document {
        doc! { "_id": self.id, "version": version }
    }

    /// The next state, with an event.
    fn change(&self) -> Document {
        doc! {
            "$set": { "version": 2_i64, "state": self.state.clone() },
            "$push": { "outbox": { "$each": [self.event.clone()] } },
        }
    }
}

/// A partial index as the store makes it: of the documents that have the field.
fn index(path: &str, is_unique: bool) -> IndexModel {
    let least = if path == "outbox.id" { Bson::from(Uuid::from_bytes([0; 16])) } else { Bson::from("") };
    let options = IndexOptions::builder()
        .name(path.to_owned())
        .partial_filter_expression(doc! { path: { "$gte": least } })
        .unique(is_unique.then_some(true))
        .build();
    IndexModel::builder().keys(doc! { path: 1 }).options(options).build()
}
