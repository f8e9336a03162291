//! The journeys of people, request by request.

use std::convert::Infallible;

use common::poll_until;
use serde_json::Value;

use crate::clock::Stopwatch;
use crate::contract::Ticket;
use crate::options::Scenario;
use crate::request::Request;
use crate::run::{Run, WORDS};
use crate::schedule::Arrival;

/// The mix of an ordinary day, in percent.
const MIX: [(u64, Scenario); 7] = [
    (50, Scenario::Browse),
    (25, Scenario::Show),
    (12, Scenario::Search),
    (4, Scenario::Sell),
    (4, Scenario::Order),
    (3, Scenario::Purchase),
    (2, Scenario::SignIn),
];

impl Run {
    /// Does what the person of this arrival came for. The first request's latency counts from the intended time, that of
    /// each further one from the reply before it.
    pub(crate) async fn journey(&self, arrival: Arrival, intended: Stopwatch) {
        let contract = self.target.contract;
        let person = &self.people[arrival.number % self.people.len()];
        match self.action(arrival) {
            Scenario::Browse | Scenario::Mix => {
                self.target.send(Request::browse(), None, intended).await;
            }
            Scenario::Show => {
                self.target.send(Request::show(&self.any_ticket(arrival).id), None, intended).await;
            }
            Scenario::Search => {
                let word = WORDS[pick(arrival, WORDS.len())];
                let request = contract.search(word).unwrap_or_else(Request::browse);
                self.target.send(request, None, intended).await;
            }
            Scenario::Sell => drop(self.sell(arrival, intended).await),
            Scenario::SignIn => {
                self.target.send(Request::sign_in(&person.email), None, intended).await;
            }
            Scenario::Order => {
                // In the mix, people may want the same ticket.
                let (ticket, is_contested) = match self.scenario {
                    Scenario::Mix => (self.any_ticket(arrival), true),
                    _ => (&self.tickets[arrival.number], false),
                };
                let buyer = self.buyer(ticket, arrival.number);
                if let Some(order) = self.order(ticket, buyer, is_contested, intended).await {
                    self.audit.cancels(ticket, &order);
                    let buyer = Some(&self.people[buyer]);
                    self.target.send(Request::cancel(&order), buyer, Stopwatch::start()).await;
                }
            }
            Scenario::Contention => {
                let ticket = &self.tickets[arrival.number / self.buyers];
                self.order(ticket, self.buyer(ticket, arrival.number), true, intended).await;
            }
            Scenario::Purchase => {
                let bought = self.purchase(arrival, intended).await;
                self.target.recorder.journey("purchase", intended.elapsed(), bought.is_some());
            }
            Scenario::OnSale => {
                if self.target.send(Request::browse(), None, intended).await.is_none() {
                    return;
                }
                let ticket = self.any_ticket(arrival);
                let buyer = self.buyer(ticket, arrival.number);
                if let Some(order) = self.order(ticket, buyer, true, Stopwatch::start()).await {
                    let bought = self.pay(ticket, &order, buyer).await;
                    self.target.recorder.journey("on-sale", intended.elapsed(), bought.is_some());
                }
            }
        }
    }

    fn action(&self, arrival: Arrival) -> Scenario {
        if self.scenario != Scenario::Mix {
            return self.scenario;
        }
        let mut rest = arrival.choice % 100;
        let action = MIX.iter().find(|(percent, _)| {
            let is_it = rest < *percent;
            rest = rest.saturating_sub(*percent);
            is_it
        });
        action.map_or(Scenario::Browse, |(_, action)| *action)
    }

    fn any_ticket(&self, arrival: Arrival) -> &Ticket {
        &self.tickets[pick(arrival, self.tickets.len())]
    }

    async fn sell(&self, arrival: Arrival, since: Stopwatch) -> Option<Ticket> {
        let (seller, title, cents) = self.offer(arrival.number);
        let request = self.target.contract.sell(&title, cents);
        let listed = self.target.send(request, Some(&self.people[seller]), since).await?.json();
        Some(Ticket { id: listed["id"].as_str()?.to_owned(), cents, seller })
    }

    /// Returns the order's id if it was placed.
    async fn order(
        &self,
        ticket: &Ticket,
        buyer: usize,
        is_contested: bool,
        since: Stopwatch,
    ) -> Option<String> {
        let mut request = self.target.contract.order(ticket);
        request.is_contested = is_contested;
        let order = self.target.send(request, Some(&self.people[buyer]), since).await?.json();
        self.ordered(ticket, buyer, &order).await;
        Some(order["id"].as_str()?.to_owned())
    }

    async fn purchase(&self, arrival: Arrival, intended: Stopwatch) -> Option<()> {
        let ticket = self.sell(arrival, intended).await?;
        let buyer = self.buyer(&ticket, arrival.number);
        let order = self.order(&ticket, buyer, false, Stopwatch::start()).await?;
        self.pay(&ticket, &order, buyer).await
    }

    /// Pays an order, and waits until it is complete.
    async fn pay(&self, ticket: &Ticket, order: &str, buyer: usize) -> Option<()> {
        let (target, person) = (&self.target, &self.people[buyer]);
        let started = target.send(target.contract.pay(order), Some(person), Stopwatch::start()).await?.json();
        self.check_payment(ticket, order, &started);
        if let Some(card) = target.contract.enter_card(&started).ok()? {
            target.send(card, None, Stopwatch::start()).await?;
        }
        self.audit.is_paid(ticket, order);
        let read = async || {
            let request = Request::read_order(order);
            let order = target.send(request, Some(person), Stopwatch::start()).await;
            let status = order.map(|reply| reply.json()["status"].take());
            Ok::<_, Infallible>(status.filter(|status| status == "complete" || status == "cancelled"))
        };
        let Ok(status) = poll_until(self.settle_timeout, read).await;
        status.filter(|status| status == &Value::from("complete")).map(drop)
    }
}

fn pick(arrival: Arrival, count: usize) -> usize {
    // The mix consumes the last two digits.
    usize::try_from(arrival.choice / 100).unwrap_or_default() % count
}
