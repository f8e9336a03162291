//! The reconciliation: compares our payments with Stripe's list in both directions, and heals what differs.
//!
//! It changes nothing by itself: what it finds it hands to the same steps and decisions as a webhook does, so several
//! may run at once. It holds one page at a time, and the ids of the payments that it has seen, up to a limit.

mod known;
mod report;
mod rounds;
mod unknown;

use std::collections::HashSet;
use std::time::Duration;

use bus::ConsumeError;
use common::event::{OrderStatus, PaymentStatus};
use common::{PaymentId, Time};
use metrics::gauge;
use runtime::ServiceContext;
use store::{Range, StoreError};

pub use report::{Finding, Report};
pub(crate) use rounds::{Rounds, worker};

use crate::advance::Trouble;
use crate::domain::Payment;
use crate::stripe::Failure;
use crate::{Config, ConfigError, Payments};

/// How far back it looks unless told: longer than a card's authorization lasts, which is seven days.
pub const WINDOW: Duration = Duration::from_hours(8 * 24);
/// How much earlier by our clock a payment may have been begun than its `PaymentIntent` says.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);
/// Of how many payments it remembers that Stripe has listed them (16 bytes each); the others are asked for one by one.
const MOST_SEEN: usize = 200_000;

/// The reconciliation did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Stripe did not answer as it should.
    #[error("Stripe does not answer as it should ({0}); run it again later")]
    Stripe(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The config are not such that it may start.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl From<Failure> for ReconcileError {
    fn from(failure: Failure) -> Self {
        Self::Stripe(failure.to_string())
    }
}

impl From<Trouble> for ReconcileError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Stripe(failure) => failure.into(),
            Trouble::Store(error) => error.into(),
        }
    }
}

impl From<ConsumeError> for ReconcileError {
    fn from(fault: ConsumeError) -> Self {
        Self::Store(StoreError::Unreadable(fault.into()))
    }
}

/// Reconciles once, beside running services or without them; `window`: how far back.
///
/// # Errors
/// [`ReconcileError`]. What was healed before stays so.
pub async fn reconcile(
    context: &ServiceContext,
    config: Config,
    window: Duration,
) -> Result<Report, ReconcileError> {
    let payments = Payments::new(context, config)?;
    let since = payments.clock.now().before(window);
    payments.compare_since(since).await
}

impl Payments {
    /// Compares everything that was begun since then.
    pub(crate) async fn compare_since(&self, since: Time) -> Result<Report, ReconcileError> {
        let mut report = Report::default();
        let seen = self.compare_theirs(since, &mut report).await?;
        self.compare_ours(since.after(CLOCKS_DIFFER), &seen, &mut report).await?;
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many open authorizations")]
        gauge!("open_authorizations").set(report.open_authorizations as f64);
        gauge!("money_without_ticket_seconds").set(report.money_without_ticket.as_secs_f64());
        gauge!("ticket_without_money_seconds").set(report.ticket_without_money.as_secs_f64());
        Ok(report)
    }

    /// Whatever Stripe has: do we know it, and in the same state?
    async fn compare_theirs(
        &self,
        since: Time,
        report: &mut Report,
    ) -> Result<HashSet<PaymentId>, ReconcileError> {
        let (mut seen, mut after) = (HashSet::new(), None::<String>);
        loop {
            let page = self.stripe.list(since, after.as_deref()).await?;
            for listed in &page.ours {
                report.at_stripe += 1;
                let payment = self.payments.get(listed.payment).await?;
                let adopted = payment.as_ref().and_then(|payment| payment.intent.as_ref());
                match payment
                    .as_ref()
                    .filter(|_| adopted.is_some_and(|ours| ours.id == listed.seen.intent.id))
                {
                    Some(known) => {
                        if seen.len() < MOST_SEEN {
                            seen.insert(known.id);
                        }
                        self.compare_known(known, &listed.seen, report).await?;
                    }
                    None => self.compare_unknown(listed, payment.as_ref(), report).await?,
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(seen);
            }
        }
    }

    /// Whatever we have: does Stripe know it, and does its order agree?
    async fn compare_ours(
        &self,
        since: Time,
        seen: &HashSet<PaymentId>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let mut after = None;
        loop {
            let range = Range::of(Payment::CREATED, []).at_least([since.into()]).after(after).limit(100);
            let page = self.payments.page(range).await?;
            for payment in &page.items {
                report.ours += 1;
                if !seen.contains(&payment.id) {
                    self.compare_unlisted(payment, report).await?;
                }
                self.compare_with_order(payment.id, report).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Stripe did not list it, or it was begun since.
    async fn compare_unlisted(&self, payment: &Payment, report: &mut Report) -> Result<(), ReconcileError> {
        let Some(intent) = &payment.intent else { return Ok(()) };
        match self.stripe.retrieve(&intent.id).await {
            Ok(seen) => self.compare_known(payment, &seen, report).await,
            Err(Failure::Missing) => {
                report.unhealed(format!(
                    "payment {} has {}, which Stripe does not know; check that the key is of the right account",
                    payment.id, intent.id
                ));
                Ok(())
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Both promises, as far as this service can see them.
    async fn compare_with_order(&self, id: PaymentId, report: &mut Report) -> Result<(), ReconcileError> {
        let Some(payment) = self.payments.get(id).await? else { return Ok(()) };
        let Some(order) = self.orders.get(payment.order_id).await? else { return Ok(()) };
        let (order, now) = (order.state, self.clock.now());
        let complete = order.status == OrderStatus::Complete;
        if payment.moved.left() > 0 && !complete {
            report.money_without_ticket = report.money_without_ticket.max(now - payment.updated_at);
        }
        let paid = matches!(
            payment.status,
            PaymentStatus::Captured | PaymentStatus::Refunding | PaymentStatus::Refunded
        );
        if complete && !paid {
            report.ticket_without_money = report.ticket_without_money.max(now - order.updated_at);
            report.unhealed(format!("order {} is complete, and its payment {id} took no money", order.id));
        }
        if payment.status == PaymentStatus::Captured && order.status == OrderStatus::Cancelled {
            self.follow_order(order.id).await?;
            report.healed(format!(
                "payment {id} took money for the cancelled order {}; it goes back",
                order.id
            ));
        }
        Ok(())
    }
}
