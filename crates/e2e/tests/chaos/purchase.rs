//! One purchase, with one of the behaviors of buyers.

use std::time::Duration;

use common::clock::SimClock;
use common::{Clock, Currency, Money, Time};
use e2e::{Endpoints, Person, Reply, Rng, cards};
use serde_json::Value;

use crate::coverage::{self, Coverage};

const MAX_ATTEMPTS: usize = 8;

/// Of so many buyers who begin to pay one reloads the page before the reply.
const ABORTED_ONCE_IN: u32 = 5;
/// The longest time before such a reload.
const MAX_RELOAD_DELAY: Duration = Duration::from_millis(8);

pub(crate) const ABORTED: &str = "an aborted request";

/// The behavior of a buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    Pays,
    CancelsBeforePaying,
    CancelsWhilePaying,
    PaysInTwoTabs,
    PaysAtTheDeadline,
    PaysAfterTheDeadline,
    Abandons,
}

impl Behavior {
    pub(crate) const ALL: [Self; 7] = [
        Self::Pays,
        Self::CancelsBeforePaying,
        Self::CancelsWhilePaying,
        Self::PaysInTwoTabs,
        Self::PaysAtTheDeadline,
        Self::PaysAfterTheDeadline,
        Self::Abandons,
    ];

    /// Most buyers just pay.
    fn random(rng: &Rng) -> Self {
        match rng.below(20) {
            0 => Self::CancelsBeforePaying,
            1..=3 => Self::CancelsWhilePaying,
            4 | 5 => Self::PaysInTwoTabs,
            6..=8 => Self::PaysAtTheDeadline,
            9 => Self::PaysAfterTheDeadline,
            10 => Self::Abandons,
            _ => Self::Pays,
        }
    }
}

pub(crate) struct Purchase {
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    pub(crate) rival: Person,
    pub(crate) card: &'static str,
    pub(crate) clock: SimClock,
    pub(crate) rng: Rng,
    pub(crate) coverage: Coverage,
}

/// A payment whose card is entered later.
pub(crate) struct LatePayment {
    buyer: Person,
    begun: Value,
    card: &'static str,
    /// The time at which the card is entered.
    pub(crate) at: Time,
    rng: Rng,
    coverage: Coverage,
}

impl Purchase {
    /// Makes the purchase, up to a payment that is late.
    pub(crate) async fn run(self) -> Option<LatePayment> {
        let currency = self.rng.pick(&Currency::ALL);
        let price = Money { amount: 10_00 + i64::from(self.rng.below(90_00)), currency };
        let ticket = self.seller.sells("Seat", price).await;
        // Two buyers order at the same moment; the winner goes on.
        let (one, other) = tokio::join!(self.orders(&self.buyer, &ticket), self.orders(&self.rival, &ticket));
        assert!(one.status != 201 || other.status != 201, "one ticket, two orders");
        let (buyer, order) =
            if one.status == 201 { (self.buyer.clone(), one) } else { (self.rival.clone(), other) };
        let buyer = &buyer;
        if order.status == 404 {
            // Orders has no replica yet, because the event was lost.
            return None;
        }
        assert_eq!(order.status, 201, "{}", order.json);
        let behavior = Behavior::random(&self.rng);
        self.coverage.record(format!("{behavior:?}"));
        let order = order.json;
        if behavior == Behavior::CancelsBeforePaying {
            buyer.cancels(&order).await;
            return None;
        }
        // Without a reply the buyer lets the hold expire.
        let begun = self.begins(buyer, &order).await?;
        let (card, rng, coverage) = (self.card, &self.rng, &self.coverage);
        match behavior {
            Behavior::CancelsWhilePaying => {
                tokio::join!(buyer.cancels(&order), pays(buyer, &begun, card, rng, coverage));
            }
            Behavior::PaysInTwoTabs => {
                let other_tab = async {
                    if let Some(begun) = self.begins(buyer, &order).await {
                        pays(buyer, &begun, cards::VISA, rng, coverage).await;
                    }
                };
                tokio::join!(pays(buyer, &begun, card, rng, coverage), other_tab);
            }
            Behavior::PaysAtTheDeadline => {
                let early = Duration::from_millis(u64::from(rng.below(600)));
                let at = deadline(&order).before(Duration::from_millis(400)).after(early);
                return Some(self.later(buyer.clone(), begun, at));
            }
            Behavior::PaysAfterTheDeadline => {
                let at = deadline(&order).after(Duration::from_secs(u64::from(5 + rng.below(60))));
                return Some(self.later(buyer.clone(), begun, at));
            }
            _ if behavior == Behavior::Pays => pays(buyer, &begun, card, rng, coverage).await,
            _ => {}
        }
        None
    }

    async fn orders(&self, buyer: &Person, ticket: &Value) -> Reply {
        let order = async || buyer.orders(ticket).await;
        self.retry_until(order, |reply| matches!(reply.status, 201 | 409)).await
    }

    /// The payment, with what the browser needs to enter a card.
    async fn begins(&self, buyer: &Person, order: &Value) -> Option<Value> {
        if self.rng.below(ABORTED_ONCE_IN) == 0 && self.aborts(buyer.begins_to_pay(order)).await {
            self.coverage.record(ABORTED);
        }
        let request = async || buyer.begins_to_pay(order).await;
        let begun = self.retry_until(request, |reply| matches!(reply.status, 200 | 201 | 409)).await;
        matches!(begun.status, 200 | 201).then_some(begun.json)
    }

    /// Drops a request after a moment. Returns whether its reply had not arrived yet.
    async fn aborts<T>(&self, request: impl Future<Output = T>) -> bool {
        let delay = MAX_RELOAD_DELAY.mul_f64(f64::from(self.rng.below(100)) / 100.0);
        tokio::time::timeout(delay, request).await.is_err()
    }

    /// Retries on the simulated clock until the reply is final or the attempts are exhausted.
    async fn retry_until<F: Future<Output = Reply>>(
        &self,
        mut send: impl FnMut() -> F,
        is_final: impl Fn(&Reply) -> bool,
    ) -> Reply {
        let mut reply = send().await;
        for _ in 1..MAX_ATTEMPTS {
            if is_final(&reply) {
                break;
            }
            self.clock.sleep(Duration::from_secs(1)).await;
            reply = send().await;
        }
        reply
    }

    fn later(self, buyer: Person, begun: Value, at: Time) -> LatePayment {
        LatePayment { buyer, begun, card: self.card, at, rng: self.rng, coverage: self.coverage }
    }
}

impl LatePayment {
    pub(crate) async fn pays(self, clock: &SimClock) {
        clock.sleep_until(self.at).await;
        pays(&self.buyer, &self.begun, self.card, &self.rng, &self.coverage).await;
    }
}

fn deadline(order: &Value) -> Time {
    order["expiresAt"].as_str().and_then(|time| time.parse().ok()).expect("a time")
}

/// Enters the card, answers 3-D Secure, and enters another card after some declines.
async fn pays(buyer: &Person, begun: &Value, card: &'static str, rng: &Rng, coverage: &Coverage) {
    let reply = enters_card(buyer, begun, card, coverage).await;
    if reply.json["status"] == "requires_action" {
        let answer = rng.pick(&["accept", "refuse", "abandon"]);
        let url = format!("{}/sim/3ds/{}/{answer}", buyer.endpoints.stripe, reply.text("id"));
        if Endpoints::send(buyer.endpoints.http.post(url)).await.status == 200 {
            coverage.record(coverage::three_d_secure(answer));
        }
    }
    if reply.status == 402 && rng.below(2) == 0 {
        enters_card(buyer, begun, cards::VISA, coverage).await;
    }
}

async fn enters_card(buyer: &Person, begun: &Value, card: &'static str, coverage: &Coverage) -> Reply {
    let mut reply = buyer.enters_card(begun, card).await;
    for _ in 1..MAX_ATTEMPTS {
        if !matches!(reply.status, 0 | 409 | 429 | 500..) {
            break;
        }
        reply = buyer.enters_card(begun, card).await;
    }
    // 400: the order is over, and with it the `PaymentIntent`; the card was not checked.
    if matches!(reply.status, 200 | 402) {
        coverage.record(coverage::card(card));
    }
    reply
}
