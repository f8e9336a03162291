//! Finds what was created for a payment when no answer told.

use std::time::Duration;

use stripe_core::payment_intent::ListPaymentIntent;
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::create::PAYMENT;
use super::intent::WITH_MONEY;
use super::{Failure, Stripe};
use crate::domain::{Payment, Seen};

/// How far Stripe's clock may be behind ours.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);
/// The longest page that Stripe gives.
const PAGE: i64 = 100;
/// How many pages are read before the rest is left for the next attempt: 20,000 `PaymentIntent`s.
const MOST_PAGES: usize = 200;

impl Stripe {
    /// Every `PaymentIntent` that was created for this payment, newest first. Lists are consistent at once; Stripe's
    /// search, which could filter by metadata, is not.
    pub(crate) async fn find(&self, payment: &Payment) -> Result<Vec<Seen>, Failure> {
        let owner = payment.id.to_string();
        let since = payment.created_at.before(CLOCKS_DIFFER).as_millis() / 1000;
        let bounds = RangeBoundsTs { gt: None, gte: Some(since), lt: None, lte: None };
        let mut request = ListPaymentIntent::new()
            .created(RangeQueryTs::Bounds(bounds))
            .limit(PAGE)
            .expand(vec![format!("data.{WITH_MONEY}")]);
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = request.send(&self.0).await?;
            let last = page.data.last().map(|intent| intent.id.to_string());
            for one in page.data {
                if one.metadata.get(PAYMENT) == Some(&owner) {
                    found.push(self.seen(one).await?);
                }
            }
            match last.filter(|_| page.has_more) {
                Some(last) => request = request.starting_after(last),
                None => return Ok(found),
            }
        }
        Err(Failure::away("the list of PaymentIntents has no end"))
    }
}
