//! Lists of `PaymentIntent`s. Lists are consistent at once; Stripe's search, which could filter by metadata, is not.

use std::time::Duration;

use common::{OrderId, PaymentId, Time};
use stripe_core::payment_intent::ListPaymentIntent;
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::{ORDER, PAYMENT, Stripe, StripeError, WITH_MONEY};
use crate::domain::{IntentView, Payment};

/// The assumed maximum difference between Stripe's clock and ours.
pub(crate) const MAX_CLOCK_SKEW: Duration = Duration::from_mins(5);
/// The page size of the reconciler: the most that Stripe returns with the charges.
const LIST_PAGE_SIZE: i64 = 50;
/// The page size of a search: Stripe's maximum.
const FIND_PAGE_SIZE: i64 = 100;
/// The largest number of pages of a search, 20,000 `PaymentIntent`s; the rest is left for the next attempt.
const MAX_PAGES: usize = 200;

/// A `PaymentIntent` whose metadata name a payment.
pub(crate) struct Listed {
    pub(crate) view: IntentView,
    pub(crate) payment: PaymentId,
    pub(crate) order: Option<OrderId>,
}

/// A page of Stripe's list.
pub(crate) struct Page {
    /// Those of this service, newest first. Others on the same account are left alone.
    pub(crate) ours: Vec<Listed>,
    /// The cursor of the next page, if there is one.
    pub(crate) next: Option<String>,
}

impl Stripe {
    /// The `PaymentIntent`s that were created since this time.
    pub(crate) async fn list(&self, since: Time, after: Option<&str>) -> Result<Page, StripeError> {
        let mut request = since_request(since, LIST_PAGE_SIZE);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let page = request.send(&self.0).await?;
        let next = page.data.last().map(|intent| intent.id.to_string()).filter(|_| page.has_more);
        let mut ours = Vec::new();
        for intent in page.data {
            let Some(payment) = intent.metadata.get(PAYMENT).and_then(|id| id.parse().ok()) else { continue };
            let order = intent.metadata.get(ORDER).and_then(|id| id.parse().ok());
            ours.push(Listed { view: self.view(intent).await?, payment, order });
        }
        Ok(Page { ours, next })
    }

    /// Every `PaymentIntent` that was created for this payment, newest first.
    pub(crate) async fn find(&self, payment: &Payment) -> Result<Vec<IntentView>, StripeError> {
        let owner = payment.id.to_string();
        let mut request = since_request(payment.created_at.before(MAX_CLOCK_SKEW), FIND_PAGE_SIZE);
        let mut found = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = request.send(&self.0).await?;
            let last = page.data.last().map(|intent| intent.id.to_string());
            for intent in page.data {
                if intent.metadata.get(PAYMENT) == Some(&owner) {
                    found.push(self.view(intent).await?);
                }
            }
            match last.filter(|_| page.has_more) {
                Some(last) => request = request.starting_after(last),
                None => return Ok(found),
            }
        }
        Err(StripeError::unavailable("the list of PaymentIntents has too many pages"))
    }
}

fn since_request(since: Time, page_size: i64) -> ListPaymentIntent {
    let since = Some(since.as_millis() / 1000);
    let bounds = RangeBoundsTs { gt: None, gte: since, lt: None, lte: None };
    ListPaymentIntent::new()
        .created(RangeQueryTs::Bounds(bounds))
        .limit(page_size)
        .expand(vec![format!("data.{WITH_MONEY}")])
}
