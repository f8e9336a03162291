//! Every `PaymentIntent` that Stripe has, page by page.

use common::{OrderId, PaymentId, Time};
use stripe_core::payment_intent::ListPaymentIntent;
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::create::{ORDER, PAYMENT};
use super::intent::WITH_MONEY;
use super::{Failure, Stripe};
use crate::domain::Seen;

/// As many as Stripe gives with the charges in them.
const PAGE: i64 = 50;

/// A `PaymentIntent` that says it was made by this service.
pub(crate) struct Listed {
    pub(crate) seen: Seen,
    pub(crate) payment: PaymentId,
    pub(crate) order: Option<OrderId>,
}

/// A page of Stripe's list.
pub(crate) struct Page {
    /// Those of ours, newest first. The others on the same account are none of our business.
    pub(crate) ours: Vec<Listed>,
    /// After which one the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

impl Stripe {
    /// The `PaymentIntent`s that were created since then.
    pub(crate) async fn list(&self, since: Time, after: Option<&str>) -> Result<Page, Failure> {
        let since = Some(since.as_millis() / 1000);
        let bounds = RangeBoundsTs { gt: None, gte: since, lt: None, lte: None };
        let mut request = ListPaymentIntent::new()
            .created(RangeQueryTs::Bounds(bounds))
            .limit(PAGE)
            .expand(vec![format!("data.{WITH_MONEY}")]);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let page = request.send(&self.0).await?;
        let next = page.data.last().map(|intent| intent.id.to_string()).filter(|_| page.has_more);
        let mut ours = Vec::new();
        for intent in page.data {
            let Some(payment) = intent.metadata.get(PAYMENT).and_then(|id| id.parse().ok()) else { continue };
            let order = intent.metadata.get(ORDER).and_then(|id| id.parse().ok());
            ours.push(Listed { seen: self.seen(intent).await?, payment, order });
        }
        Ok(Page { ours, next })
    }
}
