//! The reconciler compares payments with Stripe's list, in both directions, and corrects differences.
//!
//! Corrections are the same steps and decisions as those of webhooks, so several runs may overlap. A run holds one page
//! at a time, and the ids of the payments that Stripe listed, up to a limit.

mod compare;
mod report;
mod schedule;

use std::collections::HashSet;
use std::time::Duration;

use common::event::{OrderStatus, PaymentStatus};
use common::{PaymentId, Time};
use metrics::gauge;
use runtime::ServiceContext;
use store::{Range, StoreError};

pub use report::{Finding, Report};
pub(crate) use schedule::{ReconcileSchedule, worker};

use crate::domain::Payment;
use crate::steps::StepError;
use crate::storage::index;
use crate::stripe::{Listed, MAX_CLOCK_SKEW, StripeError};
use crate::{Config, ConfigError, Payments};

/// The default window: longer than a card's authorization lasts, which is seven days.
pub const WINDOW: Duration = Duration::from_hours(8 * 24);
/// The number of listed payments that are remembered (16 bytes each). The others are read from Stripe one by one.
const MAX_LISTED: usize = 200_000;

/// The reason why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Stripe failed.
    #[error("a call to Stripe failed ({0}); run the reconciliation again later")]
    Stripe(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration is unsafe or unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl From<StripeError> for ReconcileError {
    fn from(error: StripeError) -> Self {
        Self::Stripe(error.to_string())
    }
}

impl From<StepError> for ReconcileError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Stripe(error) => error.into(),
            StepError::Store(error) => error.into(),
        }
    }
}

/// Reconciles once, beside running services or without them; `window`: how far back.
///
/// # Errors
/// [`ReconcileError`]. Corrections made before the error remain.
pub async fn reconcile(
    context: &ServiceContext,
    config: Config,
    window: Duration,
) -> Result<Report, ReconcileError> {
    let payments = Payments::new(context, config)?;
    let since = payments.clock.now().before(window);
    payments.reconcile_since(since).await
}

impl Payments {
    /// Compares every payment and `PaymentIntent` that was created since this time.
    async fn reconcile_since(&self, since: Time) -> Result<Report, ReconcileError> {
        let mut report = Report::default();
        let listed = self.compare_stripes(since, &mut report).await?;
        self.compare_ours(since.after(MAX_CLOCK_SKEW), &listed, &mut report).await?;
        #[expect(clippy::cast_precision_loss, reason = "far fewer authorizations are ever open")]
        gauge!("open_authorizations").set(report.open_authorizations as f64);
        gauge!("money_without_ticket_seconds").set(report.money_without_ticket.as_secs_f64());
        gauge!("ticket_without_money_seconds").set(report.ticket_without_money.as_secs_f64());
        Ok(report)
    }

    /// Each `PaymentIntent` of Stripe's list: is its payment known, and in the same state?
    async fn compare_stripes(
        &self,
        since: Time,
        report: &mut Report,
    ) -> Result<HashSet<PaymentId>, ReconcileError> {
        let (mut listed, mut after) = (HashSet::new(), None::<String>);
        loop {
            let page = self.stripe.list(since, after.as_deref()).await?;
            for found in &page.ours {
                report.at_stripe += 1;
                let compared = self.compare_listed(found, &mut listed, report).await;
                report.pass_over_unreadable(compared)?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(listed);
            }
        }
    }

    /// A `PaymentIntent` of Stripe's list.
    async fn compare_listed(
        &self,
        found: &Listed,
        listed: &mut HashSet<PaymentId>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let payment = self.store.get(found.payment).await?;
        let adopted = payment.as_ref().and_then(|payment| payment.intent.as_ref());
        let is_match = adopted.is_some_and(|ours| ours.id == found.view.intent.id);
        match payment.as_ref().filter(|_| is_match) {
            Some(matched) => {
                if listed.len() < MAX_LISTED {
                    listed.insert(matched.id);
                }
                self.compare_matched(matched, &found.view, report).await
            }
            None => self.compare_unmatched(found, payment.as_ref(), report).await,
        }
    }

    /// Each of our payments: does Stripe know it, and does its order agree?
    async fn compare_ours(
        &self,
        since: Time,
        listed: &HashSet<PaymentId>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let mut after = None;
        loop {
            let range = Range::of(index::BY_CREATED, []).at_least([since.into()]).after(after).limit(100);
            let page = self.store.page(range).await?;
            for payment in &page.items {
                report.ours += 1;
                if !listed.contains(&payment.id) {
                    let compared = self.compare_unlisted(payment, report).await;
                    report.pass_over_unreadable(compared)?;
                }
                let compared = self.compare_with_order(payment.id, report).await;
                report.pass_over_unreadable(compared)?;
            }
            for id in page.unreadable {
                report.for_operator(format!("payment {id} cannot be read by this release"));
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// A payment that Stripe did not list, or that started since.
    async fn compare_unlisted(&self, payment: &Payment, report: &mut Report) -> Result<(), ReconcileError> {
        let Some(intent) = &payment.intent else { return Ok(()) };
        match self.stripe.retrieve(&intent.id).await {
            Ok(view) => self.compare_matched(payment, &view, report).await,
            Err(StripeError::NotFound) => {
                report.for_operator(format!(
                    "payment {} has {}, which Stripe does not know; check that the key is of the right account",
                    payment.id, intent.id
                ));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Both promises, as far as this service can check them.
    async fn compare_with_order(&self, id: PaymentId, report: &mut Report) -> Result<(), ReconcileError> {
        let Some(payment) = self.store.get(id).await? else { return Ok(()) };
        let Some(order) = self.orders.get(payment.order_id).await? else { return Ok(()) };
        let (order, now) = (order.state, self.clock.now());
        let complete = order.status == OrderStatus::Complete;
        if payment.totals.left() > 0 && !complete {
            report.money_without_ticket = report.money_without_ticket.max(now - payment.updated_at);
        }
        let paid = matches!(
            payment.status,
            PaymentStatus::Captured | PaymentStatus::Refunding | PaymentStatus::Refunded
        );
        if complete && !paid {
            report.ticket_without_money = report.ticket_without_money.max(now - order.updated_at);
            report.for_operator(format!(
                "order {} is complete, and its payment {id} is not captured",
                order.id
            ));
        }
        if payment.status == PaymentStatus::Captured && order.status == OrderStatus::Cancelled {
            self.follow_order(order.id).await?;
            report.corrected(format!(
                "payment {id} was captured for the cancelled order {}; it is being refunded",
                order.id
            ));
        }
        Ok(())
    }
}
