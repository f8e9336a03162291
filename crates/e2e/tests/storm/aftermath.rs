//! What becomes of the money after a sale: the operator gives it back, somebody does so at Stripe, or the buyer goes to
//! their bank.

use std::sync::Arc;

use common::{OrderId, SharedClock};
use e2e::{Place, Reply, World, cards};
use serde_json::Value;

use crate::dice::Dice;
use crate::seen::Seen;

/// How often somebody tries the same again before they give up.
const TRIES: usize = 12;

/// Cards of which a refund fails later, or takes a while.
const REFUNDS_TAKE_THEIR_WAY: [&str; 2] = [cards::REFUND_FAILS, "4000000000007726"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aftermath {
    None,
    RefundByUs,
    RefundAtStripe,
    PartOfItAtStripe,
    PartOfItAtStripeAndTheRestByUs,
    RefundByUsAndAtStripeAtOnce,
    DisputeWon,
    DisputeLost,
    DisputeUndecided,
    DisputeWhileWeRefund,
}

impl Aftermath {
    pub(crate) const ALL: [Self; 10] = [
        Self::None,
        Self::RefundByUs,
        Self::RefundAtStripe,
        Self::PartOfItAtStripe,
        Self::PartOfItAtStripeAndTheRestByUs,
        Self::RefundByUsAndAtStripeAtOnce,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::DisputeUndecided,
        Self::DisputeWhileWeRefund,
    ];
}

/// A sale whose money may move again.
pub(crate) struct Sale<'a> {
    world: &'a World,
    clock: SharedClock,
    order: OrderId,
    intent: String,
    charge: String,
    amount: i64,
    dice: &'a Dice,
}

impl<'a> Sale<'a> {
    /// The sale that this `PaymentIntent` paid, if it paid one.
    pub(crate) fn of(world: &'a World, intent: &Value, dice: &'a Dice) -> Option<Self> {
        let amount = intent["amount_received"].as_i64().filter(|taken| *taken > 0)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self {
            world,
            clock: Arc::new(world.clock.clone()),
            order: text(&intent["metadata"]["order"])?.parse().ok()?,
            intent: text(&intent["id"])?,
            charge: text(&intent["latest_charge"])?,
            amount,
            dice,
        })
    }

    /// Whether it was paid with a card of which refunds do not just succeed.
    pub(crate) async fn is_of_interest_to_refund(&self) -> bool {
        let charge = self.world.place.stripe_get(&format!("/v1/charges/{}", self.charge)).await.json;
        let card = &charge["payment_method_details"]["card"]["last4"];
        let last4 = card.as_str().unwrap_or_else(|| panic!("no card in {charge}"));
        REFUNDS_TAKE_THEIR_WAY.iter().any(|card| card.ends_with(last4))
    }

    pub(crate) async fn has(&self, aftermath: Aftermath, seen: &Seen) {
        let part = || Some(1 + i64::from(self.dice.roll(u32::try_from(self.amount - 1).expect("a price"))));
        match aftermath {
            Aftermath::None => {}
            Aftermath::RefundByUs => self.refunds().await,
            Aftermath::RefundAtStripe => drop(self.refunds_at_stripe(None).await),
            Aftermath::PartOfItAtStripe => drop(self.refunds_at_stripe(part()).await),
            Aftermath::PartOfItAtStripeAndTheRestByUs => {
                self.refunds_at_stripe(part()).await;
                self.refunds().await;
            }
            Aftermath::RefundByUsAndAtStripeAtOnce => {
                tokio::join!(self.refunds(), self.refunds_at_stripe(part()));
            }
            Aftermath::DisputeWon => self.disputes(Some("win")).await,
            Aftermath::DisputeLost => self.disputes(Some("lose")).await,
            Aftermath::DisputeUndecided => self.disputes(None).await,
            Aftermath::DisputeWhileWeRefund => {
                let decision = self.dice.pick(&[Some("win"), Some("lose"), None]);
                tokio::join!(self.refunds(), self.disputes(decision));
            }
        }
        seen.note(format!("{aftermath:?}"));
    }

    /// The operator's command. What is disputed is refused.
    async fn refunds(&self) {
        let refund = payments::refund(self.world.payments(), &self.clock, self.order).await;
        assert!(
            !matches!(refund, Err(payments::RefundError::Store(_) | payments::RefundError::NoPayment(_))),
            "{refund:?}"
        );
    }

    async fn refunds_at_stripe(&self, amount: Option<i64>) -> Reply {
        let amount = amount.map(|amount| format!("&amount={amount}")).unwrap_or_default();
        self.at_stripe("/v1/refunds", format!("payment_intent={}{amount}", self.intent)).await
    }

    async fn disputes(&self, decision: Option<&str>) {
        let path = format!("/sim/charges/{}/dispute", self.charge);
        let begun = self.at_stripe(&path, "reason=product_not_received".to_owned()).await;
        if let (200, Some(decision)) = (begun.status, decision) {
            self.at_stripe(&format!("/sim/disputes/{}/{decision}", begun.text("id")), String::new()).await;
        }
    }

    /// Somebody does something at Stripe's dashboard.
    async fn at_stripe(&self, path: &str, form: String) -> Reply {
        let place = &self.world.place;
        let send = async || {
            let request = place.http.post(format!("{}{path}", place.stripe)).bearer_auth("sk_test_sim");
            let form_encoded = "application/x-www-form-urlencoded";
            Place::send(request.header("content-type", form_encoded).body(form.clone())).await
        };
        let mut reply = send().await;
        for _ in 1..TRIES {
            if !matches!(reply.status, 429 | 500..) {
                break;
            }
            reply = send().await;
        }
        reply
    }
}
