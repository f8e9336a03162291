//! The `PaymentIntent`: its states and what each command makes of them, without storing, HTTP, clock or chance.

mod cancel;
mod capture;
mod confirm;
mod create;
mod id;
mod status;
mod view;

use std::collections::BTreeMap;

use common::{Currency, Time};
use serde::{Deserialize, Serialize};

pub(crate) use cancel::CancellationReason;
pub(crate) use confirm::Attempt;
pub(crate) use create::NewIntent;
pub(crate) use id::IntentId;
pub use status::Status;
pub(crate) use view::{for_browser, seconds};

use crate::card::{Failure, PaymentMethod};
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
    pub(crate) charge: Option<String>,
}

/// A wish to collect an amount, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: IntentId,
    pub(crate) client_secret: String,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) capture_method: CaptureMethod,
    pub(crate) description: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) payment_method_types: Vec<String>,
    pub(crate) automatic_payment_methods: bool,
    pub(crate) created: Time,
    pub(crate) status: Status,
    pub(crate) payment_method: Option<PaymentMethod>,
    pub(crate) return_url: Option<String>,
    pub(crate) latest_charge: Option<String>,
    pub(crate) last_payment_error: Option<PaymentError>,
    pub(crate) amount_received: i64,
    pub(crate) canceled_at: Option<Time>,
    pub(crate) cancellation_reason: Option<CancellationReason>,
    /// Oldest first.
    pub(crate) refunds: Vec<Refund>,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Step {
    /// The `PaymentIntent` as it is now.
    pub(crate) next: PaymentIntent,
    /// What is announced.
    pub(crate) events: Vec<EventType>,
    /// The card failed; the caller is told so.
    pub(crate) failure: Option<Failure>,
    /// Money went back; that is what the caller is shown.
    pub(crate) refund: Option<Refund>,
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
    fn with(next: PaymentIntent, event: EventType) -> Self {
        Self { next, events: vec![event], failure: None, refund: None }
    }
}

impl PaymentIntent {
    /// What may still be captured.
    pub(crate) fn amount_capturable(&self) -> i64 {
        if self.status == Status::RequiresCapture { self.amount } else { 0 }
    }
}
