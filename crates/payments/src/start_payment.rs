//! The start of a payment: one for each order, with a `PaymentIntent` that the buyer's browser can confirm.

use std::time::Duration;

use common::event::{OrderStatus, PaymentStatus};
use common::http::{CurrentUser, EmailNotVerified};
use common::{OrderId, PaymentId, poll_until, trace};
use store::{CommitError, StoreError};
use tracing::{Instrument, debug_span, field};

use crate::Payments;
use crate::domain::{OrderReplica, Payment, RunWhen};

/// The time that the events of an order placed a moment ago have to arrive.
const ORDER_ARRIVAL_TIMEOUT: Duration = Duration::from_secs(1);
/// The timeout of a request that waits for the step of an earlier one, in any process: below
/// `MiddlewareStack::REQUEST_TIMEOUT`, so that the client gets a `Retry-After`, and above that of a call to Stripe.
const INTENT_TIMEOUT: Duration = Duration::from_secs(12);

/// The reason why the buyer cannot pay now.
#[derive(Debug)]
pub(crate) enum StartError {
    UnknownOrder,
    NotTheBuyer,
    NotVerified(EmailNotVerified),
    /// The order's status does not allow a payment; `None`: one of a newer release.
    NotPayable(Option<OrderStatus>),
    /// Stripe has not created the `PaymentIntent` yet. The step remains, for the worker and for the next request.
    NoIntent {
        retry_after: Duration,
    },
    Store(StoreError),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<EmailNotVerified> for StartError {
    fn from(refusal: EmailNotVerified) -> Self {
        Self::NotVerified(refusal)
    }
}

impl Payments {
    /// Starts the payment of an order, or continues with the one that exists. Returns whether the payment is new.
    pub(crate) async fn start_payment(
        &self,
        id: PaymentId,
        order: OrderId,
        buyer: &CurrentUser,
    ) -> Result<(Payment, bool), StartError> {
        let order = self.payable_order(order, buyer).await?;
        let in_flight = self.step_started();
        let (payment, is_new) = self.begin(id, &order).await?;
        self.refuse_if_cancelled(&payment, is_new).await?;
        let payment = if is_new {
            self.run_leased(payment.clone(), &in_flight).await?.unwrap_or(payment)
        } else {
            payment
        };
        Ok((self.with_intent(payment).await?, is_new))
    }

    /// The refusal of a payment whose `PaymentIntent` is not created yet. The client retries after the step is due, and
    /// soon if the step is in progress.
    pub(crate) fn no_intent(&self, payment: &Payment) -> StartError {
        let due = payment.schedule.due.filter(|_| !payment.schedule.leased);
        let wait = due.map_or(Duration::ZERO, |due| due - self.clock.now());
        StartError::NoIntent { retry_after: wait.max(Duration::from_secs(1)) }
    }

    async fn payable_order(&self, id: OrderId, buyer: &CurrentUser) -> Result<OrderReplica, StartError> {
        // Perhaps outdated: it is read again once the payment is stored.
        let mut order = self.orders.get_recent(id).await?;
        if order.is_none() {
            order = self.orders.wait_for(id, ORDER_ARRIVAL_TIMEOUT).await?;
        }
        let order = order.ok_or(StartError::UnknownOrder)?;
        if order.state.user_id != buyer.id {
            return Err(StartError::NotTheBuyer);
        }
        buyer.may_buy()?;
        if order.is_payable() { Ok(order) } else { Err(StartError::NotPayable(order.state.status.known())) }
    }

    /// The order's payment, and whether it is new: then this request has leased its first step. Most requests begin one, so
    /// nothing is read before; the unique key on the order decides.
    async fn begin(&self, id: PaymentId, order: &OrderReplica) -> Result<(Payment, bool), StoreError> {
        let OrderReplica { state: order, trace, .. } = order;
        let now = self.clock.now();
        let mut begun = Payment::leased(Payment::begin(id, order, now), now);
        let trace = trace.clone().or_else(trace::current);
        begun.next.trace.clone_from(&trace);
        let span = debug_span!("start", payment = %id, trace = field::Empty);
        trace::follow(&span, trace.as_deref());
        match trace::scope(trace, self.store.commit(begun)).instrument(span).await {
            Ok(payment) => Ok((payment, true)),
            Err(CommitError::DuplicateKey(_) | CommitError::Conflict) => {
                let payment = self.by_order(order.id).await?;
                let taken = || StoreError::Unreadable("a payment's id is taken".into());
                Ok((payment.ok_or_else(taken)?, false))
            }
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// The order may have ended since it was read, before there was a payment that its event could have found.
    async fn refuse_if_cancelled(&self, payment: &Payment, is_new: bool) -> Result<(), StartError> {
        if !self.order_is_cancelled(payment.order_id).await? {
            return Ok(());
        }
        if is_new {
            // This request has the lease and has not called Stripe.
            let void = |present: &Payment, now| {
                (present.version == payment.version).then(|| present.nothing_was_created(now)).flatten()
            };
            self.update(payment, void).await?;
        } else {
            self.follow_order(payment.order_id).await?;
        }
        Err(StartError::NotPayable(Some(OrderStatus::Cancelled)))
    }

    /// The payment after the step that creates its `PaymentIntent`, run here or joined: an earlier request, whose client
    /// may have aborted it, or another process has leased the step.
    async fn with_intent(&self, mut payment: Payment) -> Result<Payment, StartError> {
        if payment.is_to_be_created() {
            payment = self.run_step(&payment, RunWhen::Now).await?.unwrap_or(payment);
        }
        let id = payment.id;
        if payment.is_to_be_created() && payment.schedule.leased {
            let done = async || -> Result<Option<Payment>, StoreError> {
                let payment = self.store.get(id).await?;
                Ok(payment.filter(|payment| !payment.is_to_be_created() || !payment.schedule.leased))
            };
            payment = poll_until(INTENT_TIMEOUT, done).await?.unwrap_or(payment);
        }
        match payment.status {
            PaymentStatus::Voiding | PaymentStatus::Voided => {
                Err(StartError::NotPayable(Some(OrderStatus::Cancelled)))
            }
            _ => Ok(payment),
        }
    }
}
