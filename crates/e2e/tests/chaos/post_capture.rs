//! Refunds and disputes after a capture: by the operator's command, in Stripe's dashboard, or by the buyer's bank.

use std::sync::Arc;

use common::{OrderId, SharedClock};
use e2e::{Endpoints, Reply, Rng, World, cards};
use serde_json::Value;

use crate::coverage::Coverage;

const MAX_ATTEMPTS: usize = 12;

/// Cards of which a refund fails later, or stays pending for a while.
const SLOW_REFUNDS: [&str; 2] = [cards::REFUND_FAILS, "4000000000007726"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostCapture {
    None,
    RefundByOperator,
    RefundAtStripe,
    PartialRefundAtStripe,
    PartialRefundAtStripeThenByOperator,
    RefundByOperatorAndAtStripeAtOnce,
    DisputeWon,
    DisputeLost,
    DisputeUndecided,
    DisputeDuringRefund,
}

impl PostCapture {
    pub(crate) const ALL: [Self; 10] = [
        Self::None,
        Self::RefundByOperator,
        Self::RefundAtStripe,
        Self::PartialRefundAtStripe,
        Self::PartialRefundAtStripeThenByOperator,
        Self::RefundByOperatorAndAtStripeAtOnce,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::DisputeUndecided,
        Self::DisputeDuringRefund,
    ];
}

/// A captured payment.
pub(crate) struct Sale<'a> {
    world: &'a World,
    clock: SharedClock,
    order: OrderId,
    intent: String,
    charge: String,
    amount: i64,
    rng: &'a Rng,
}

impl<'a> Sale<'a> {
    /// The sale of this `PaymentIntent`, if it was captured.
    pub(crate) fn of(world: &'a World, intent: &Value, rng: &'a Rng) -> Option<Self> {
        let amount = intent["amount_received"].as_i64().filter(|taken| *taken > 0)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self {
            world,
            clock: Arc::new(world.clock.clone()),
            order: text(&intent["metadata"]["order"])?.parse().ok()?,
            intent: text(&intent["id"])?,
            charge: text(&intent["latest_charge"])?,
            amount,
            rng,
        })
    }

    /// Whether refunds to the card do not just succeed.
    pub(crate) async fn has_slow_refunds(&self) -> bool {
        let charge = self.world.endpoints.stripe_get(&format!("/v1/charges/{}", self.charge)).await.json;
        let card = &charge["payment_method_details"]["card"]["last4"];
        let last4 = card.as_str().unwrap_or_else(|| panic!("no card in {charge}"));
        SLOW_REFUNDS.iter().any(|card| card.ends_with(last4))
    }

    pub(crate) async fn perform(&self, action: PostCapture, coverage: &Coverage) {
        let part = || Some(1 + i64::from(self.rng.below(u32::try_from(self.amount - 1).expect("a price"))));
        match action {
            PostCapture::None => {}
            PostCapture::RefundByOperator => self.refunds().await,
            PostCapture::RefundAtStripe => drop(self.refunds_at_stripe(None).await),
            PostCapture::PartialRefundAtStripe => drop(self.refunds_at_stripe(part()).await),
            PostCapture::PartialRefundAtStripeThenByOperator => {
                self.refunds_at_stripe(part()).await;
                self.refunds().await;
            }
            PostCapture::RefundByOperatorAndAtStripeAtOnce => {
                tokio::join!(self.refunds(), self.refunds_at_stripe(part()));
            }
            PostCapture::DisputeWon => self.disputes(Some("win")).await,
            PostCapture::DisputeLost => self.disputes(Some("lose")).await,
            PostCapture::DisputeUndecided => self.disputes(None).await,
            PostCapture::DisputeDuringRefund => {
                let decision = self.rng.pick(&[Some("win"), Some("lose"), None]);
                tokio::join!(self.refunds(), self.disputes(decision));
            }
        }
        coverage.record(format!("{action:?}"));
    }

    /// The operator's command. A disputed payment is refused.
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

    /// A request of Stripe's dashboard.
    async fn at_stripe(&self, path: &str, form: String) -> Reply {
        let endpoints = &self.world.endpoints;
        let send = async || {
            let request =
                endpoints.http.post(format!("{}{path}", endpoints.stripe)).bearer_auth("sk_test_sim");
            let form_encoded = "application/x-www-form-urlencoded";
            Endpoints::send(request.header("content-type", form_encoded).body(form.clone())).await
        };
        let mut reply = send().await;
        for _ in 1..MAX_ATTEMPTS {
            if !matches!(reply.status, 429 | 500..) {
                break;
            }
            reply = send().await;
        }
        reply
    }
}
