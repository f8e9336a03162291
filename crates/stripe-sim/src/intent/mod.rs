//! The `PaymentIntent`: its states and the transition that each command makes. Pure: no storage, HTTP, clock or
//! randomness.

mod charges;
mod create;
mod disputes;
mod refunds;
mod timers;
mod transitions;
mod update;
mod view;

use std::collections::BTreeMap;

use common::{Currency, Time};
use serde::{Deserialize, Serialize};

pub(crate) use create::NewIntent;
pub(crate) use disputes::NothingToDispute;
pub(crate) use refunds::RefundRefusal;
pub(crate) use transitions::Attempt;
pub(crate) use update::IntentUpdate;
pub(crate) use view::public_view;

use crate::balance::{Fees, Reason, Transaction};
use crate::card::PaymentMethod;
use crate::charge::Charge;
use crate::dispute::Dispute;
use crate::error::ApiError;
use crate::event::EventType;
use crate::failure::Failure;
use crate::id::{IntentId, ItemId, Kind};
use crate::refund::Refund;

/// The state of a `PaymentIntent` (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Without a payment method, at first or after a failed attempt.
    RequiresPaymentMethod,
    /// With a payment method, not yet confirmed.
    RequiresConfirmation,
    /// The buyer's bank requires 3-D Secure.
    RequiresAction,
    /// The money is authorized.
    RequiresCapture,
    /// The money is captured.
    Succeeded,
    /// Ended without a capture.
    Canceled,
}

impl Status {
    /// The name in Stripe's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) const fn can_be_confirmed(self) -> bool {
        matches!(self, Self::RequiresPaymentMethod | Self::RequiresConfirmation | Self::RequiresAction)
    }

    pub(crate) const fn can_be_canceled(self) -> bool {
        !matches!(self, Self::Succeeded | Self::Canceled)
    }
}

/// The capture after the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureMethod {
    Automatic,
    AutomaticAsync,
    Manual,
}

/// The caller's or Stripe's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CancellationReason {
    Duplicate,
    Fraudulent,
    RequestedByCustomer,
    Abandoned,
    /// The authorization expired; not for callers. API versions before 2025-03-31 called it `automatic`.
    Expired,
}

impl CancellationReason {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "duplicate" => Ok(Self::Duplicate),
            "fraudulent" => Ok(Self::Fraudulent),
            "requested_by_customer" => Ok(Self::RequestedByCustomer),
            "abandoned" => Ok(Self::Abandoned),
            _ => {
                let message = "Invalid cancellation_reason: must be one of duplicate, fraudulent, \
                               requested_by_customer, or abandoned";
                Err(ApiError::invalid(message).about_parameter("cancellation_reason"))
            }
        }
    }
}

/// The failure of the latest attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentError {
    pub(crate) failure: Failure,
    /// The position of the charge, if there is one.
    pub(crate) charge: Option<u32>,
    pub(crate) method: PaymentMethod,
}

/// Texts for people and for the merchant's accounting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) description: Option<String>,
    pub(crate) receipt_email: Option<String>,
    pub(crate) statement_descriptor: Option<String>,
    pub(crate) statement_descriptor_suffix: Option<String>,
    pub(crate) transfer_group: Option<String>,
}

/// A payment: amount, state, and the charges, refunds, disputes and balance transactions of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: IntentId,
    pub(crate) client_secret: String,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) capture_method: CaptureMethod,
    pub(crate) texts: Texts,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) payment_method_types: Vec<String>,
    pub(crate) automatic_payment_methods: bool,
    pub(crate) created: Time,
    pub(crate) status: Status,
    pub(crate) payment_method: Option<PaymentMethod>,
    pub(crate) return_url: Option<String>,
    pub(crate) last_payment_error: Option<PaymentError>,
    pub(crate) amount_received: i64,
    pub(crate) canceled_at: Option<Time>,
    pub(crate) cancellation_reason: Option<CancellationReason>,
    /// Oldest first, as the following.
    pub(crate) charges: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) transactions: Vec<Transaction>,
}

/// The clock's time and the fees for a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub(crate) now: Time,
    pub(crate) fees: Fees,
}

/// One of the objects of a payment, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Intent,
    Charge(u32),
    Refund(u32),
    Dispute(u32),
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Transition {
    /// The next state.
    pub(crate) next: PaymentIntent,
    /// The events and their objects.
    pub(crate) events: Vec<(EventType, Subject)>,
    /// The card's failure, for the reply.
    pub(crate) failure: Option<Failure>,
    /// The object of the reply.
    pub(crate) returns: Subject,
}

/// The reason that a command changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The status does not allow this command.
    UnexpectedState(&'static str),
    /// No payment method to charge.
    NoPaymentMethod,
    /// The amount exceeds the authorization.
    ExceedsAuthorization,
    /// The capture was declined permanently; the authorization remains until it is canceled.
    CaptureFailed(Failure),
}

impl Transition {
    /// A transition without events, whose reply is the `PaymentIntent`.
    pub(crate) fn of(next: PaymentIntent) -> Self {
        Self { next, events: Vec::new(), failure: None, returns: Subject::Intent }
    }

    #[must_use]
    pub(crate) fn with_event(mut self, kind: EventType, subject: Subject) -> Self {
        self.events.push((kind, subject));
        self
    }

    #[must_use]
    pub(crate) fn returning(mut self, subject: Subject) -> Self {
        self.returns = subject;
        self
    }
}

impl PaymentIntent {
    /// The amount that can be captured.
    pub(crate) fn amount_capturable(&self) -> i64 {
        if self.status == Status::RequiresCapture { self.amount } else { 0 }
    }

    /// The position of the latest charge.
    pub(crate) fn latest_charge(&self) -> Option<u32> {
        self.charges.len().checked_sub(1).map(crate::id::position)
    }

    /// The position of the balance transaction with this cause.
    pub(crate) fn transaction_of(&self, reason: Reason) -> Option<u32> {
        self.transactions.iter().position(|one| one.reason == reason).map(crate::id::position)
    }

    /// The id of one of the payment's objects.
    pub(crate) fn item(&self, kind: Kind, position: u32) -> String {
        ItemId::new(kind, self.id, position).to_string()
    }

    /// Stripe's currency code.
    pub(crate) fn currency_code(&self) -> String {
        self.currency.code().to_lowercase()
    }
}
