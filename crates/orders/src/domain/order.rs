//! An order: one person's purchase of one ticket, from pressing "buy" to its end.

use std::time::Duration;

use common::event::{CancelReason, DisputeStatus, OrderSnapshot, OrderStatus, OrderedTicket, RefusalReason};
use common::{Decision, Event, Money, OrderId, Time, UserId};
use serde::{Deserialize, Serialize};

use super::{Refusal, StepError, Ticket};

/// One person's purchase of one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// What is bought, and the price that the buyer saw.
    pub ticket: OrderedTicket,
    /// How far it is.
    pub status: Status,
    /// What became of the money after it was taken.
    #[serde(default)]
    pub aftermath: Aftermath,
    /// From this moment on no payment is accepted.
    pub expires_at: Time,
    /// Its revision.
    pub version: u64,
    /// When it was placed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// What became of the money after it was taken. It changes nothing about whose the ticket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aftermath {
    /// How much of the price went back to the buyer, if any.
    pub refunded: Option<Money>,
    /// How far the buyer's dispute is, if there is one.
    pub dispute: Option<DisputeStatus>,
    /// The version of the payment that told it: what is older is not news.
    pub as_of: u64,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Placed; tickets has not confirmed the lock yet.
    Created,
    /// The ticket is locked for the buyer.
    AwaitingPayment,
    /// A payment was accepted in time; it is being captured.
    Paying,
    /// Paid; the ticket is the buyer's.
    Complete,
    /// Over without a sale.
    Cancelled(CancelReason),
}

impl Order {
    /// Places an order for `ticket` at the price that the buyer saw, to be paid within `hold`.
    ///
    /// # Errors
    /// The ticket is not for this buyer, or not at this price. Whether another order has it is not decided here but
    /// by the claim, when the order is committed.
    pub fn place(
        id: OrderId,
        buyer: UserId,
        ticket: &Ticket,
        price: Money,
        now: Time,
        hold: Duration,
    ) -> Result<Decision<Self>, Refusal> {
        ticket.may_be_ordered_by(buyer)?;
        if ticket.price != price {
            return Err(Refusal::PriceChanged);
        }
        let order = Self {
            id,
            user_id: buyer,
            ticket: OrderedTicket {
                id: ticket.id,
                title: ticket.title.clone(),
                price,
                seller_id: Some(ticket.seller_id),
            },
            status: Status::Created,
            aftermath: Aftermath::default(),
            expires_at: now.after(hold),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let event = order.event();
        Ok(Decision::with_event(order, event))
    }

    /// tickets locked the ticket for this order. If the order is over, tickets evidently does not know.
    pub fn lock_confirmed(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Created => Some(self.turn(Status::AwaitingPayment, now)),
            Status::AwaitingPayment | Status::Paying | Status::Complete => None,
            Status::Cancelled(_) => Some(self.tell_again()),
        }
    }

    /// tickets did not lock the ticket.
    pub fn lock_refused(&self, why: RefusalReason, now: Time) -> Option<Decision<Self>> {
        let why = match why {
            RefusalReason::TicketUnavailable => CancelReason::TicketUnavailable,
            RefusalReason::PriceChanged => CancelReason::PriceChanged,
        };
        match self.status {
            Status::Created => Some(self.turn(Status::Cancelled(why), now)),
            // It was locked meanwhile: the refusal answered an older delivery of the same wish.
            Status::AwaitingPayment | Status::Paying | Status::Complete | Status::Cancelled(_) => None,
        }
    }

    /// The hold is said to have run out.
    ///
    /// # Errors
    /// [`StepError::NotYet`] while it has not, by the clock that the order goes by.
    pub fn expire(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment if now >= self.expires_at => {
                Ok(Some(self.turn(Status::Cancelled(CancelReason::Expired), now)))
            }
            Status::Created | Status::AwaitingPayment => Err(StepError::NotYet(self.expires_at - now)),
            Status::Paying | Status::Complete | Status::Cancelled(_) => Ok(None),
        }
    }

    /// The fence: a payment is authorized, and is accepted only if the ticket is locked and the deadline has not
    /// passed. From there on the order can neither expire nor be cancelled by its buyer. If the order is over,
    /// payments evidently does not know.
    ///
    /// # Errors
    /// [`StepError::NotYet`] while the lock is not confirmed, until the deadline decides.
    pub fn accept_payment(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment if now >= self.expires_at => {
                Ok(Some(self.turn(Status::Cancelled(CancelReason::Expired), now)))
            }
            Status::Created => Err(StepError::NotYet(self.expires_at - now)),
            Status::AwaitingPayment => Ok(Some(self.turn(Status::Paying, now))),
            Status::Paying | Status::Complete => Ok(None),
            Status::Cancelled(_) => Ok(Some(self.tell_again())),
        }
    }

    /// The money was taken.
    ///
    /// # Errors
    /// [`StepError::BrokenPromise`] if it was taken without having been accepted.
    pub fn complete(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Paying => Ok(Some(self.turn(Status::Complete, now))),
            Status::Complete => Ok(None),
            Status::Created | Status::AwaitingPayment => Err(StepError::BrokenPromise(
                "money was captured for an order whose payment was not accepted",
            )),
            Status::Cancelled(_) => {
                Err(StepError::BrokenPromise("money was captured for a cancelled order; it must be refunded"))
            }
        }
    }

    /// The money could not be taken, and nothing is held any more.
    ///
    /// # Errors
    /// [`StepError::BrokenPromise`] if it had been taken.
    pub fn payment_failed(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment | Status::Paying => {
                Ok(Some(self.turn(Status::Cancelled(CancelReason::PaymentFailed), now)))
            }
            Status::Cancelled(_) => Ok(None),
            Status::Complete => {
                Err(StepError::BrokenPromise("the payment of a complete order is said to have failed"))
            }
        }
    }

    /// The authorization was given up. That follows from a cancelled order, so nothing is left to decide.
    ///
    /// # Errors
    /// [`StepError::BrokenPromise`] if the order relies on it.
    pub fn payment_voided(&self) -> Result<(), StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment | Status::Cancelled(_) => Ok(()),
            Status::Paying | Status::Complete => {
                Err(StepError::BrokenPromise("a payment was voided after its order had accepted it"))
            }
        }
    }

    /// Money went back after it was taken, or the buyer disputes it. `None`: that is known, or concerns no order that
    /// is over.
    pub fn money_went_back(&self, told: Aftermath, now: Time) -> Option<Decision<Self>> {
        let is_over = matches!(self.status, Status::Complete | Status::Cancelled(_));
        let known = Aftermath { as_of: told.as_of, ..self.aftermath };
        if !is_over || told.as_of <= self.aftermath.as_of || told == known {
            return None;
        }
        let marked = Self { aftermath: told, ..self.clone() };
        Some(marked.turn(self.status, now))
    }

    /// The buyer gives it up. `Ok(None)`: it is over already.
    ///
    /// # Errors
    /// Refused once the payment was accepted: from there only the payment decides.
    pub fn cancel(&self, now: Time) -> Result<Option<Decision<Self>>, Refusal> {
        match self.status {
            Status::Created | Status::AwaitingPayment => {
                Ok(Some(self.turn(Status::Cancelled(CancelReason::ByBuyer), now)))
            }
            Status::Cancelled(_) => Ok(None),
            Status::Paying => Err(Refusal::Paying),
            Status::Complete => Err(Refusal::Complete),
        }
    }

    /// Whether nobody else can order the ticket. A complete order keeps it for ever: it is never sold twice.
    pub fn keeps_ticket(&self) -> bool {
        !matches!(self.status, Status::Cancelled(_))
    }

    /// What this order's hold on the ticket means to somebody who wants it too; `None`: it has let go.
    pub fn stands_in_the_way_of(&self, buyer: UserId) -> Option<Refusal> {
        match self.status {
            Status::Cancelled(_) => None,
            Status::Complete => Some(Refusal::TicketSold),
            _ if self.user_id == buyer => Some(Refusal::ReservedByYou),
            Status::Created | Status::AwaitingPayment | Status::Paying => Some(Refusal::TicketReserved),
        }
    }

    /// Its state without what belongs to it, and why it was cancelled, if it was.
    pub fn status_words(&self) -> (OrderStatus, Option<CancelReason>) {
        match self.status {
            Status::Created => (OrderStatus::Created, None),
            Status::AwaitingPayment => (OrderStatus::AwaitingPayment, None),
            Status::Paying => (OrderStatus::Paying, None),
            Status::Complete => (OrderStatus::Complete, None),
            Status::Cancelled(why) => (OrderStatus::Cancelled, Some(why)),
        }
    }

    /// The next state, announced.
    fn turn(&self, status: Status, now: Time) -> Decision<Self> {
        let next = Self { status, version: self.version + 1, updated_at: now, ..self.clone() };
        let event = next.event();
        Decision::with_event(next, event)
    }

    /// The same state, announced once more to whoever has not heard or has forgotten. The version grows so that
    /// nobody takes it for old news.
    fn tell_again(&self) -> Decision<Self> {
        self.turn(self.status, self.updated_at)
    }

    /// What the others are told of its state.
    fn event(&self) -> Event {
        let announce = match self.status {
            Status::Created => Event::OrderCreated,
            Status::AwaitingPayment => Event::OrderAwaitingPayment,
            Status::Paying => Event::OrderPaymentAccepted,
            Status::Complete => Event::OrderCompleted,
            Status::Cancelled(_) => Event::OrderCancelled,
        };
        announce(self.snapshot())
    }

    /// Its whole state, as others see it.
    pub fn snapshot(&self) -> OrderSnapshot {
        let (status, cancel_reason) = self.status_words();
        OrderSnapshot {
            id: self.id,
            user_id: self.user_id,
            ticket: self.ticket.clone(),
            status,
            cancel_reason,
            refunded: self.aftermath.refunded,
            dispute: self.aftermath.dispute,
            expires_at: self.expires_at,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
