//! Sellers and buyers that use the public API.

use std::net::SocketAddr;
use std::time::Duration;

use common::Time;
use loadgen::Stopwatch;
use serde_json::Value;

use crate::load::{Sent, each};
use crate::program::Failure;
use crate::wire::{Connection, Reply, get_as, header, post};

/// The price of every ticket.
const PRICE: &str = r#"{"amount":2500,"currency":"USD"}"#;
const CONNECTIONS: usize = 64;
const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// A seller, and buyers.
pub(crate) struct Crowd {
    address: SocketAddr,
    seller: String,
    buyers: Vec<String>,
}

impl Crowd {
    pub(crate) async fn sign_up(address: SocketAddr, buyers: usize) -> Result<Self, Failure> {
        let request = |number| post("/api/users/signup", "none=none", &Self::credentials(number));
        let requests = (0..=buyers).map(request);
        let mut cookies = each(address, 8, requests.collect(), 201, cookie).await?.replies;
        let seller = cookies.pop().ok_or("no user signed up")?;
        Ok(Self { address, seller, buyers: cookies })
    }

    /// The credentials of one of the users.
    pub(crate) fn credentials(number: usize) -> String {
        format!(r#"{{"email":"person{number}@example.com","password":"seven wild geese at dawn"}}"#)
    }

    /// The cookies of the buyers.
    pub(crate) fn buyers(&self) -> &[String] {
        &self.buyers
    }

    /// The same users at the address of a restarted program.
    pub(crate) fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// The same users at another address.
    pub(crate) fn seen_from(&self, address: SocketAddr) -> Self {
        Self { address, seller: self.seller.clone(), buyers: self.buyers.clone() }
    }

    /// Lists tickets. Returns their ids.
    pub(crate) async fn list(&self, count: usize) -> Result<Sent<String>, Failure> {
        self.list_over(count, CONNECTIONS).await
    }

    /// [`Crowd::list`] over so many connections.
    pub(crate) async fn list_over(&self, count: usize, connections: usize) -> Result<Sent<String>, Failure> {
        let requests = (0..count).map(|number| {
            let body = format!(
                r#"{{"title":"Evening {number} of the festival","venue":"Open air stage, Berlin","description":"Two seats beside each other, third row.","price":{PRICE}}}"#
            );
            post("/api/tickets", &self.seller, &body)
        });
        each(self.address, connections, requests.collect(), 201, id).await
    }

    /// Orders each ticket once, the buyers in turn. Returns the orders' ids.
    pub(crate) async fn order(
        &self,
        tickets: &[String],
        connections: usize,
    ) -> Result<Sent<String>, Failure> {
        let requests =
            tickets.iter().zip(self.buyers.iter().cycle()).map(|(ticket, buyer)| order(ticket, buyer));
        each(self.address, connections, requests.collect(), 201, id).await
    }

    /// Orders each ticket once, the buyers in turn. Returns the holds.
    pub(crate) async fn hold(&self, tickets: &[String], connections: usize) -> Result<Vec<Hold>, Failure> {
        let requests =
            tickets.iter().zip(self.buyers.iter().cycle()).map(|(ticket, buyer)| order(ticket, buyer));
        Ok(each(self.address, connections, requests.collect(), 201, Hold::of).await?.replies)
    }

    /// Orders a ticket and reads the order's events until it awaits its payment.
    pub(crate) async fn order_and_watch(&self, ticket: &str) -> Result<OrderTimes, Failure> {
        let buyer = self.buyers.first().ok_or("there is no buyer")?;
        let mut ordering = Connection::open(self.address).await?;
        let mut watching = Connection::open(self.address).await?;
        let watch = Stopwatch::start();
        let reply = ordering.send(&order(ticket, buyer)).await?;
        let until_reply = watch.millis();
        let id = id(&reply).filter(|_| reply.status == 201).ok_or("an order was refused")?;
        let events = get_as(&format!("/api/orders/{id}/events"), buyer);
        let payable = watching.read_until(&events, "\"status\":\"awaiting-payment\"");
        tokio::time::timeout(EVENT_TIMEOUT, payable)
            .await
            .map_err(|_| "an order did not reach `awaiting-payment`")??;
        Ok(OrderTimes { until_reply, until_payable: watch.millis() })
    }
}

/// Times since the request for an order, in milliseconds.
pub(crate) struct OrderTimes {
    pub(crate) until_reply: f64,
    pub(crate) until_payable: f64,
}

/// A held ticket.
pub(crate) struct Hold {
    pub(crate) ticket: String,
    /// The deadline, in milliseconds since 1970.
    pub(crate) until: i64,
}

impl Hold {
    fn of(reply: &Reply<'_>) -> Option<Self> {
        let order = json(reply)?;
        Some(Self { ticket: order["ticket"]["id"].as_str()?.to_owned(), until: time(&order["expiresAt"])? })
    }
}

/// The request for an order.
pub(crate) fn order(ticket: &str, buyer: &str) -> Vec<u8> {
    post("/api/orders", buyer, &format!(r#"{{"ticketId":"{ticket}","price":{PRICE}}}"#))
}

fn cookie(reply: &Reply<'_>) -> Option<String> {
    header(reply.head, "set-cookie")?.split(';').next().map(str::to_owned)
}

fn id(reply: &Reply<'_>) -> Option<String> {
    json(reply)?["id"].as_str().map(str::to_owned)
}

pub(crate) fn json(reply: &Reply<'_>) -> Option<Value> {
    serde_json::from_slice(reply.body).ok()
}

/// A time in milliseconds since 1970.
pub(crate) fn time(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<Time>().ok().map(Time::as_millis)
}
