//! One purchase, by one of the ways in which people go about it.

use std::time::Duration;

use common::clock::SimClock;
use common::{Clock, Currency, Money, Time};
use e2e::{Person, Place, Reply, cards};
use serde_json::Value;

use crate::dice::Dice;
use crate::seen::{self, Seen};

/// How often somebody tries the same again before they give up.
const TRIES: usize = 8;

/// How somebody goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Pays,
    ThinksBetterOfIt,
    CancelsWhileThePaymentRuns,
    PaysInTwoTabs,
    PaysInTheSecondOfTheDeadline,
    PaysLongAfterTheDeadline,
    Forgets,
}

impl Way {
    pub(crate) const ALL: [Self; 7] = [
        Self::Pays,
        Self::ThinksBetterOfIt,
        Self::CancelsWhileThePaymentRuns,
        Self::PaysInTwoTabs,
        Self::PaysInTheSecondOfTheDeadline,
        Self::PaysLongAfterTheDeadline,
        Self::Forgets,
    ];

    /// Most people just pay.
    fn by(dice: &Dice) -> Self {
        match dice.roll(20) {
            0 => Self::ThinksBetterOfIt,
            1..=3 => Self::CancelsWhileThePaymentRuns,
            4 | 5 => Self::PaysInTwoTabs,
            6..=8 => Self::PaysInTheSecondOfTheDeadline,
            9 => Self::PaysLongAfterTheDeadline,
            10 => Self::Forgets,
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
    pub(crate) dice: Dice,
    pub(crate) seen: Seen,
}

/// An order that is to be paid later.
pub(crate) struct Later {
    buyer: Person,
    begun: Value,
    card: &'static str,
    /// When the card is entered.
    pub(crate) at: Time,
    dice: Dice,
    seen: Seen,
}

impl Purchase {
    /// Goes its way, or as far as it can go now.
    pub(crate) async fn goes_its_way(self) -> Option<Later> {
        let currency = self.dice.pick(&Currency::ALL);
        let price = Money { amount: 10_00 + i64::from(self.dice.roll(90_00)), currency };
        let ticket = self.seller.sells("Seat", price).await;
        // Two want it at the same moment; whoever gets it goes on.
        let (one, other) = tokio::join!(self.orders(&self.buyer, &ticket), self.orders(&self.rival, &ticket));
        assert!(one.status != 201 || other.status != 201, "one ticket, two orders");
        let (buyer, order) =
            if one.status == 201 { (self.buyer.clone(), one) } else { (self.rival.clone(), other) };
        let buyer = &buyer;
        assert_eq!(order.status, 201, "{}", order.json);
        let way = Way::by(&self.dice);
        self.seen.note(format!("{way:?}"));
        let order = order.json;
        if way == Way::ThinksBetterOfIt {
            buyer.cancels(&order).await;
            return None;
        }
        // Without an answer, this one gives up and lets the hold run out.
        let begun = self.begins(buyer, &order).await?;
        let (card, dice, seen) = (self.card, &self.dice, &self.seen);
        match way {
            Way::CancelsWhileThePaymentRuns => {
                tokio::join!(buyer.cancels(&order), pays(buyer, &begun, card, dice, seen));
            }
            Way::PaysInTwoTabs => {
                let other_tab = async {
                    if let Some(begun) = self.begins(buyer, &order).await {
                        pays(buyer, &begun, cards::VISA, dice, seen).await;
                    }
                };
                tokio::join!(pays(buyer, &begun, card, dice, seen), other_tab);
            }
            Way::PaysInTheSecondOfTheDeadline => {
                let early = Duration::from_millis(u64::from(dice.roll(600)));
                let at = deadline(&order).before(Duration::from_millis(400)).after(early);
                return Some(self.later(buyer.clone(), begun, at));
            }
            Way::PaysLongAfterTheDeadline => {
                let at = deadline(&order).after(Duration::from_secs(u64::from(5 + dice.roll(60))));
                return Some(self.later(buyer.clone(), begun, at));
            }
            _ if way == Way::Pays => pays(buyer, &begun, card, dice, seen).await,
            _ => {}
        }
        None
    }

    async fn orders(&self, who: &Person, ticket: &Value) -> Reply {
        let order = async || who.orders(ticket).await;
        self.poll_until(order, |reply| matches!(reply.status, 201 | 409)).await
    }

    /// The payment, with what the browser needs to enter a card.
    async fn begins(&self, buyer: &Person, order: &Value) -> Option<Value> {
        let ask = async || buyer.begins_to_pay(order).await;
        let begun = self.poll_until(ask, |reply| matches!(reply.status, 200 | 201 | 409)).await;
        matches!(begun.status, 200 | 201).then_some(begun.json)
    }

    /// Again after a moment, until it is an answer or the patience is at its end.
    async fn poll_until<F: Future<Output = Reply>>(
        &self,
        mut ask: impl FnMut() -> F,
        is_answer: impl Fn(&Reply) -> bool,
    ) -> Reply {
        let mut reply = ask().await;
        for _ in 1..TRIES {
            if is_answer(&reply) {
                break;
            }
            self.clock.sleep(Duration::from_secs(1)).await;
            reply = ask().await;
        }
        reply
    }

    fn later(self, buyer: Person, begun: Value, at: Time) -> Later {
        Later { buyer, begun, card: self.card, at, dice: self.dice, seen: self.seen }
    }
}

impl Later {
    pub(crate) async fn pays(self, clock: &SimClock) {
        clock.sleep_until(self.at).await;
        pays(&self.buyer, &self.begun, self.card, &self.dice, &self.seen).await;
    }
}

fn deadline(order: &Value) -> Time {
    order["expiresAt"].as_str().and_then(|time| time.parse().ok()).expect("a time")
}

/// Enters the card, does what its bank asks for, and takes another one if it is declined.
async fn pays(buyer: &Person, begun: &Value, card: &'static str, dice: &Dice, seen: &Seen) {
    let reply = enters(buyer, begun, card, seen).await;
    if reply.json["status"] == "requires_action" {
        let answer = dice.pick(&["accept", "refuse", "abandon"]);
        let url = format!("{}/sim/3ds/{}/{answer}", buyer.place.stripe, reply.text("id"));
        if Place::send(buyer.place.http.post(url)).await.status == 200 {
            seen.note(seen::three_d_secure(answer));
        }
    }
    if reply.status == 402 && dice.roll(2) == 0 {
        enters(buyer, begun, cards::VISA, seen).await;
    }
}

async fn enters(buyer: &Person, begun: &Value, card: &'static str, seen: &Seen) -> Reply {
    let mut reply = buyer.enters_card(begun, card).await;
    for _ in 1..TRIES {
        if !matches!(reply.status, 0 | 409 | 429 | 500..) {
            break;
        }
        reply = buyer.enters_card(begun, card).await;
    }
    // 400: the order is over, and with it the `PaymentIntent`; nobody has looked at the card.
    if matches!(reply.status, 200 | 402) {
        seen.note(seen::card(card));
    }
    reply
}
