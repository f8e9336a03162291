//! The `PaymentIntent`: its states and what each command makes of them, without storing, HTTP, clock or chance.

mod cancel;
mod capture;
mod confirm;
mod create;
mod elapse;
mod id;
mod status;
mod update;
mod view;

use std::collections::BTreeMap;

use common::{Currency, Time};
use serde::{Deserialize, Serialize};

pub(crate) use cancel::CancellationReason;
pub(crate) use confirm::Attempt;
pub(crate) use create::{NewIntent, currency};
pub(crate) use id::IntentId;
pub use status::Status;
pub(crate) use update::{IntentUpdate, Texts};
pub(crate) use view::{for_browser, seconds, with_nulls};

use crate::balance::{Fees, Transaction};
use crate::card::{Failure, PaymentMethod};
use crate::charge::Charge;
use crate::dispute::Dispute;
use crate::event::EventType;
use crate::refund::Refund;

/// How the money is taken after the card was authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureMethod {
    Automatic,
    AutomaticAsync,
    Manual,
}

/// What went wrong with the latest attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentError {
    pub(crate) failure: Failure,
    /// The place of the charge, if it came to one.
    pub(crate) charge: Option<u32>,
    pub(crate) method: PaymentMethod,
}

/// A wish to collect an amount, how far it has come, and all that came of it.
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
    /// Oldest first, as are the following.
    pub(crate) charges: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) transactions: Vec<Transaction>,
}

/// Under what circumstances a command is carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) now: Time,
    /// What the money costs.
    pub(crate) fees: Fees,
}

/// One of the objects of a payment; lists by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Intent,
    Charge(u32),
    Refund(u32),
    Dispute(u32),
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Step {
    /// The `PaymentIntent` as it is now.
    pub(crate) next: PaymentIntent,
    /// What is announced, and of what.
    pub(crate) events: Vec<(EventType, Subject)>,
    /// The card failed; the caller is told so.
    pub(crate) failure: Option<Failure>,
    /// What the caller is shown.
    pub(crate) shown: Subject,
}

/// Why a command did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The status does not allow this command.
    UnexpectedState(&'static str),
    /// There is nothing to charge.
    NoPaymentMethod,
    /// More is to be captured than was authorized.
    MoreThanAuthorized,
    /// The capture was declined for good; the authorization stands until it is canceled.
    CaptureFailed(Failure),
}

impl Step {
    /// Nothing announced yet, and the `PaymentIntent` shown.
    pub(crate) fn of(next: PaymentIntent) -> Self {
        Self { next, events: Vec::new(), failure: None, shown: Subject::Intent }
    }

    #[must_use]
    pub(crate) fn announcing(mut self, kind: EventType, subject: Subject) -> Self {
        self.events.push((kind, subject));
        self
    }

    #[must_use]
    pub(crate) fn showing(mut self, subject: Subject) -> Self {
        self.shown = subject;
        self
    }
}

impl PaymentIntent {
    /// What may still be captured.
    pub(crate) fn amount_capturable(&self) -> i64 {
        if self.status == Status::RequiresCapture { self.amount } else { 0 }
    }

    /// The place of the latest charge.
    pub(crate) fn latest_charge(&self) -> Option<u32> {
        self.charges.len().checked_sub(1).map(crate::id::place)
    }
}
