//! The checks of a run: what the target sells, to whom, and at what price.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use common::poll_until;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::client::Reply;
use crate::contract::{Contract, Ticket};
use crate::recorder::Outcome;
use crate::request::Request;
use crate::run::{MAX_UNMEASURED, Run};

/// An order that the target accepted.
#[derive(Debug, Clone)]
struct Placed {
    id: String,
    buyer: usize,
    is_cancelled: bool,
    is_paid: bool,
}

/// The orders of a run, by ticket, and the violations so far.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    tickets: Mutex<HashMap<Ticket, Vec<Placed>>>,
    violations: Mutex<BTreeSet<String>>,
}

/// The result of the checks.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// Orders that the target accepted.
    pub orders: usize,
    /// Of these, complete at the end.
    pub complete: usize,
    /// Of these, not readable at the end.
    pub unreadable: usize,
    /// Breaches of the two promises, and of an order's contents.
    pub violations: Vec<String>,
}

impl Audit {
    /// The buyer is about to cancel an order.
    pub(crate) fn cancels(&self, ticket: &Ticket, order: &str) {
        self.change(ticket, order, |placed| placed.is_cancelled = true);
    }

    /// The card processor accepted the card.
    pub(crate) fn is_paid(&self, ticket: &Ticket, order: &str) {
        self.change(ticket, order, |placed| placed.is_paid = true);
    }

    fn change(&self, ticket: &Ticket, order: &str, change: impl Fn(&mut Placed)) {
        let mut tickets = self.tickets.lock();
        tickets.get_mut(ticket).into_iter().flatten().filter(|placed| placed.id == order).for_each(change);
    }

    fn violation(&self, text: String) {
        self.violations.lock().insert(text);
    }
}

impl Run {
    /// Checks an accepted order: its contents, and that no other order has the ticket.
    pub(crate) async fn ordered(&self, ticket: &Ticket, buyer: usize, order: &Value) {
        self.check_order(ticket, buyer, order);
        let id = order["id"].as_str().unwrap_or_default().to_owned();
        let new = Placed { id: id.clone(), buyer, is_cancelled: false, is_paid: false };
        let before = {
            let mut tickets = self.audit.tickets.lock();
            let placed = tickets.entry(ticket.clone()).or_default();
            let before: Vec<_> = placed.iter().filter(|other| !other.is_cancelled).cloned().collect();
            placed.push(new.clone());
            before
        };
        for other in before {
            // Either may have ended by itself, and their replies may arrive in any order.
            if self.is_active(&other).await && self.is_active(&new).await {
                let (ticket, other) = (&ticket.id, &other.id);
                self.audit.violation(format!("ticket {ticket} was given to order {id} while {other} had it"));
            }
        }
    }

    /// Checks the amount of a payment, where the contract shows it.
    pub(crate) fn check_payment(&self, ticket: &Ticket, order: &str, payment: &Value) {
        let contract = self.target.contract;
        if contract == Contract::Marketplace && !contract.is_price(&payment["amount"], ticket.cents) {
            let (amount, cents) = (&payment["amount"], ticket.cents);
            self.audit.violation(format!("order {order} costs {amount} instead of {cents} cents"));
        }
    }

    fn check_order(&self, ticket: &Ticket, buyer: usize, order: &Value) {
        let (id, person) = (&order["id"], &self.people[buyer]);
        if order["userId"] != person.id {
            let (user, person) = (&order["userId"], &person.id);
            self.audit.violation(format!("order {id} belongs to {user}, not to its buyer {person}"));
        }
        if order["ticket"]["id"] != ticket.id {
            let (other, ticket) = (&order["ticket"]["id"], &ticket.id);
            self.audit.violation(format!("order {id} has ticket {other} instead of {ticket}"));
        }
        let price = &order["ticket"]["price"];
        if !self.target.contract.is_price(price, ticket.cents) {
            self.audit.violation(format!("order {id} has the price {price}, not {} cents", ticket.cents));
        }
    }

    /// Reads every order and every sold ticket after the load, and cancels the orders that are still open.
    pub(crate) async fn check(&self) -> Checks {
        let tickets = self.audit.tickets.lock().clone();
        let checks = stream::iter(&tickets).map(|(ticket, placed)| self.check_ticket(ticket, placed));
        let mut all = checks
            .buffer_unordered(MAX_UNMEASURED)
            .fold(Checks::default(), async |all, one| Checks {
                orders: all.orders + one.orders,
                complete: all.complete + one.complete,
                unreadable: all.unreadable + one.unreadable,
                violations: Vec::new(),
            })
            .await;
        all.violations.extend(self.audit.violations.lock().iter().cloned());
        all
    }

    async fn check_ticket(&self, ticket: &Ticket, placed: &[Placed]) -> Checks {
        let (mut complete, mut open, mut unreadable) = (Vec::new(), Vec::new(), 0);
        for one in placed {
            let reply = self.read_settled(one).await;
            let order = reply.json();
            match (reply.status, order["status"].as_str()) {
                (404, _) => self.audit.violation(format!("order {} was accepted and is lost", one.id)),
                (200, Some("complete")) => complete.push(one),
                (200, Some("cancelled")) => {}
                (200, Some(_)) => open.push(one),
                _ => unreadable += 1,
            }
            if reply.status == 200 {
                self.check_order(ticket, one.buyer, &order);
            }
            if reply.status == 200 && one.is_paid && order["status"] != "complete" {
                let code = format!("paid, but {}", order["status"].as_str().unwrap_or_default());
                let outcome = Outcome { operation: "purchase", status: 200, code, expected: false };
                self.target.recorder.count(outcome);
            }
        }
        if complete.len() + open.len() > 1 {
            let ids: Vec<_> = complete.iter().chain(&open).map(|one| one.id.as_str()).collect();
            let word = if complete.len() > 1 { "sold" } else { "reserved" };
            self.audit.violation(format!(
                "ticket {} is {word} more than once: {}",
                ticket.id,
                ids.join(", ")
            ));
        }
        if let [order] = complete[..] {
            self.check_sold(ticket, &order.id).await;
        }
        for one in open {
            let cancel = Request::cancel(&one.id);
            self.target.ask(&cancel, Some(&self.people[one.buyer])).await;
        }
        Checks { orders: placed.len(), complete: complete.len(), unreadable, violations: Vec::new() }
    }

    async fn check_sold(&self, ticket: &Ticket, order: &str) {
        let contract = self.target.contract;
        let read = async || {
            let shown = self.target.ask(&Request::show(&ticket.id), None).await.json();
            Ok::<_, Infallible>(contract.is_sold(&shown, order).then_some(()))
        };
        let Ok(sold) = poll_until(self.settle_timeout, read).await;
        if sold.is_none() {
            self.audit.violation(format!("order {order} is complete, but ticket {} is not its", ticket.id));
        }
    }

    /// Reads an order; a paid one when it has settled.
    async fn read_settled(&self, order: &Placed) -> Reply {
        let read = async || {
            let reply = self.read(order).await;
            let status = reply.json()["status"].take();
            let is_settled = !order.is_paid || status == "complete" || status == "cancelled";
            Ok::<_, Infallible>(is_settled.then_some(reply))
        };
        let Ok(settled) = poll_until(self.settle_timeout, read).await;
        match settled {
            Some(reply) => reply,
            None => self.read(order).await,
        }
    }

    async fn is_active(&self, order: &Placed) -> bool {
        let status = self.read(order).await.json()["status"].take();
        status.is_string() && status != "cancelled"
    }

    async fn read(&self, order: &Placed) -> Reply {
        let request = Request::read_order(&order.id);
        self.target.ask(&request, Some(&self.people[order.buyer])).await
    }
}
