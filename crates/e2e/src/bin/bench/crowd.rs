//! People who list and order through the public API.

use std::net::SocketAddr;

use common::Time;
use serde_json::Value;

use crate::load::{Sent, each};
use crate::program::Failure;
use crate::wire::{Reply, header, post};

/// What everybody asks and pays.
const PRICE: &str = r#"{"amount":2500,"currency":"USD"}"#;
const CONNECTIONS: usize = 64;

/// A seller, and buyers.
pub(crate) struct Crowd {
    address: SocketAddr,
    seller: String,
    buyers: Vec<String>,
}

impl Crowd {
    pub(crate) async fn sign_up(address: SocketAddr, buyers: usize) -> Result<Self, Failure> {
        let requests = (0..=buyers).map(|number| {
            let body =
                format!(r#"{{"email":"person{number}@example.com","password":"seven wild geese at dawn"}}"#);
            post("/api/users/signup", "none=none", &body)
        });
        let mut cookies = each(address, 8, requests.collect(), 201, cookie).await?.replies;
        let seller = cookies.pop().ok_or("nobody signed up")?;
        Ok(Self { address, seller, buyers: cookies })
    }

    /// The same people at the address where the program was started again.
    pub(crate) fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Lists tickets; their ids.
    pub(crate) async fn list(&self, count: usize) -> Result<Sent<String>, Failure> {
        let requests = (0..count).map(|number| {
            let body = format!(
                r#"{{"title":"Evening {number} of the festival","venue":"Open air stage, Berlin","description":"Two seats beside each other, third row.","price":{PRICE}}}"#
            );
            post("/api/tickets", &self.seller, &body)
        });
        each(self.address, CONNECTIONS, requests.collect(), 201, id).await
    }

    /// Orders each of these tickets once, the buyers in turn; the orders' ids.
    pub(crate) async fn order(
        &self,
        tickets: &[String],
        connections: usize,
    ) -> Result<Sent<String>, Failure> {
        let requests =
            tickets.iter().zip(self.buyers.iter().cycle()).map(|(ticket, buyer)| order(ticket, buyer));
        each(self.address, connections, requests.collect(), 201, id).await
    }

    /// The same; until when each ticket is held.
    pub(crate) async fn hold(&self, tickets: &[String], connections: usize) -> Result<Vec<Hold>, Failure> {
        let requests =
            tickets.iter().zip(self.buyers.iter().cycle()).map(|(ticket, buyer)| order(ticket, buyer));
        Ok(each(self.address, connections, requests.collect(), 201, Hold::of).await?.replies)
    }
}

/// A ticket that is held.
pub(crate) struct Hold {
    pub(crate) ticket: String,
    /// Until when, in milliseconds since 1970.
    pub(crate) until: i64,
}

impl Hold {
    fn of(reply: &Reply<'_>) -> Option<Self> {
        let order = json(reply)?;
        Some(Self { ticket: order["ticket"]["id"].as_str()?.to_owned(), until: time(&order["expiresAt"])? })
    }
}

fn order(ticket: &str, buyer: &str) -> Vec<u8> {
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
