//! A run: its preparation, and the generator of arrivals.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::LoadError;
use crate::audit::Audit;
use crate::client::Client;
use crate::clock::Stopwatch;
use crate::contract::{Contract, Ticket};
use crate::options::{Options, Scenario};
use crate::recorder::Recorder;
use crate::request::Request;
use crate::schedule::Arrival;
use crate::target::{Person, Target};

/// Requests in flight while a run is prepared or checked.
pub(crate) const MAX_UNMEASURED: usize = 16;
/// Writes of a person in a run: below the limit of the marketplace, 120 in a minute for each service.
const MAX_WRITES: usize = 40;
const MIN_PEOPLE: usize = 20;
/// Signing up this many takes some ten seconds.
const MAX_PEOPLE: usize = 1_000;
/// The accounts that the crowd of an on-sale shares.
const CROWD_PEOPLE: usize = 200;

/// Words of titles, for searches.
pub(crate) const WORDS: [&str; 8] =
    ["Opera", "Jazz", "Derby", "Ballet", "Comedy", "Festival", "Musical", "Marathon"];

/// A run in progress.
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    /// Contention: the buyers of one ticket.
    pub(crate) buyers: usize,
    pub(crate) settle_timeout: Duration,
    pub(crate) target: Target,
    pub(crate) people: Vec<Person>,
    /// Listed before the run.
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) audit: Audit,
}

impl Run {
    /// Signs people up and lists tickets.
    pub(crate) async fn prepare(options: &Options, arrivals: &[Arrival]) -> Result<Self, LoadError> {
        let target = Target {
            contract: options.contract,
            client: Client::new(&options.target, options.connections),
            recorder: Recorder::default(),
        };
        if options.scenario == Scenario::Search && target.contract.search("").is_none() {
            return Err(LoadError::NoSearch);
        }
        let count = people(options, arrivals.len());
        let people = stream::iter((0..count).map(|number| target.enter(number)));
        let people = people.buffered(MAX_UNMEASURED).try_collect().await?;
        let buyers = options.buyers.max(1) as usize;
        let mut run = Self {
            scenario: options.scenario,
            buyers,
            settle_timeout: options.settle,
            target,
            people,
            tickets: Vec::new(),
            audit: Audit::default(),
        };
        let listed = match run.scenario {
            Scenario::Sell | Scenario::Purchase | Scenario::SignIn => 0,
            Scenario::Order => arrivals.len(),
            Scenario::Contention => arrivals.len().div_ceil(buyers),
            _ => options.tickets.max(1),
        };
        let tickets = stream::iter((0..listed).map(|number| run.list(number)));
        run.tickets = tickets.buffered(MAX_UNMEASURED).try_collect().await?;
        let pays = matches!(run.scenario, Scenario::Purchase | Scenario::Mix | Scenario::OnSale);
        if pays && run.target.contract == Contract::Marketplace {
            run.require_simulator().await?;
        }
        Ok(run)
    }

    async fn list(&self, number: usize) -> Result<Ticket, LoadError> {
        let (seller, title, cents) = self.offer(number);
        let reply =
            self.target.ask(&self.target.contract.sell(&title, cents), Some(&self.people[seller])).await;
        let id = reply.json()["id"].as_str().map(str::to_owned).filter(|_| reply.status == 201);
        let id = id.ok_or_else(|| self.target.refused("a listing", &reply))?;
        Ok(Ticket { id, cents, seller })
    }

    /// The seller, the title and the price of the ticket of this number.
    pub(crate) fn offer(&self, number: usize) -> (usize, String, u32) {
        let cents = 20_00 + u32::try_from(number % 5_000).unwrap_or_default();
        (number % self.people.len(), format!("{} {number}", WORDS[number % WORDS.len()]), cents)
    }

    /// A buyer of a ticket: not its seller.
    pub(crate) fn buyer(&self, ticket: &Ticket, number: usize) -> usize {
        let others = self.people.len() - 1;
        (ticket.seller + 1 + number % others) % self.people.len()
    }

    /// Begins a payment and ends it before a card is entered, to see who the card processor is.
    async fn require_simulator(&self) -> Result<(), LoadError> {
        let (target, ticket) = (&self.target, self.list(0).await?);
        let buyer = Some(&self.people[self.buyer(&ticket, 0)]);
        let order = target.ask(&target.contract.order(&ticket), buyer).await;
        let id = order.json()["id"].as_str().map(str::to_owned);
        let id = id.filter(|_| order.status == 201).ok_or_else(|| target.refused("an order", &order))?;
        let payment = target.ask(&target.contract.pay(&id), buyer).await;
        let card = match payment.status {
            201 => target.contract.enter_card(&payment.json()).map(drop).map_err(LoadError::CardProcessor),
            _ => Err(target.refused("a payment", &payment)),
        };
        target.ask(&Request::cancel(&id), buyer).await;
        card
    }

    /// Sends each person off at the intended time, however busy the target is, and waits until all have ended.
    pub(crate) async fn generate(self: &Arc<Self>, arrivals: Vec<Arrival>) {
        let (sender, mut due) = mpsc::unbounded_channel();
        let start = Stopwatch::start();
        // A thread of its own: the timers of the runtime are coarse, and late when its workers are busy.
        let schedule = tokio::task::spawn_blocking(move || {
            for arrival in arrivals {
                start.after(arrival.at).block_until();
                if sender.send(arrival).is_err() {
                    return;
                }
            }
        });
        let journeys = TaskTracker::new();
        while let Some(arrival) = due.recv().await {
            let (run, intended) = (Arc::clone(self), start.after(arrival.at));
            self.target.recorder.arrival(intended.elapsed());
            journeys.spawn(async move { run.journey(arrival, intended).await });
        }
        journeys.close();
        journeys.wait().await;
        // The sender is gone, so the thread has ended.
        let _ = schedule.await;
    }
}

fn people(options: &Options, arrivals: usize) -> usize {
    let default = match options.scenario {
        Scenario::OnSale => CROWD_PEOPLE,
        Scenario::Browse | Scenario::Show | Scenario::Search | Scenario::SignIn => MIN_PEOPLE,
        Scenario::Contention => (options.buyers as usize + 1).max(arrivals / MAX_WRITES),
        _ => arrivals / MAX_WRITES,
    };
    // One sells, another buys.
    options.people.unwrap_or(default.clamp(MIN_PEOPLE, MAX_PEOPLE)).max(2)
}
