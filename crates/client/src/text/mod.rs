//! Every word that a page says. Another language is another value of [`Texts`]; the compiler names what it lacks.

mod words;

use std::time::Duration;

use common::event::{CancelReason, DisputeStatus, OrderStatus, TicketStatus};
use http::StatusCode;

use crate::api::Refusal;
use crate::price::PriceError;

pub(crate) use words::{ENGLISH, Texts};

/// What an error page says.
#[derive(Clone, Copy)]
pub(crate) struct ErrorWords {
    /// Its heading.
    pub(crate) title: &'static str,
    /// What happened and what to do; empty: the problem says it better itself.
    pub(crate) text: &'static str,
}

impl Texts {
    /// What was just done, by the word in an address. Any other word says nothing.
    pub(crate) fn done(&self, word: &str) -> Option<&'static str> {
        let done = &self.done;
        Some(match word {
            "listed" => done.listed,
            "edited" => done.edited,
            "withdrawn" => done.withdrawn,
            "password" => done.password,
            "revoked" => done.revoked,
            "revoked-all" => done.revoked_all,
            "signed-out" => done.signed_out,
            _ => return None,
        })
    }

    /// How far a buyer's dispute is.
    pub(crate) fn dispute(&self, dispute: DisputeStatus) -> &'static str {
        let words = &self.checkout;
        match dispute {
            DisputeStatus::Open => words.dispute_open,
            DisputeStatus::Won => words.dispute_won,
            DisputeStatus::Lost => words.dispute_lost,
        }
    }

    /// How far a buyer's dispute is, for whoever sold to them.
    pub(crate) fn sale_dispute(&self, dispute: DisputeStatus) -> &'static str {
        let words = &self.sales;
        match dispute {
            DisputeStatus::Open => words.dispute_open,
            DisputeStatus::Won => words.dispute_won,
            DisputeStatus::Lost => words.dispute_lost,
        }
    }

    /// A service's no, in the words of this language.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> String {
        let words = &self.refusals;
        let text = match refusal.code.as_str() {
            "not-signed-in" => words.not_signed_in,
            "not-yours" => words.not_yours,
            "email-taken" => words.email_taken,
            "invalid-credentials" => words.invalid_credentials,
            "ticket-reserved" => words.ticket_reserved,
            "ticket-sold" => words.ticket_sold,
            "ticket-withdrawn" => words.ticket_withdrawn,
            "price-changed" => words.price_changed,
            "own-ticket" => words.own_ticket,
            "order-paying" => words.order_paying,
            "order-complete" => words.order_complete,
            "idempotency-key-reused" => words.reused,
            "too-many-attempts" => {
                let wait = self.minutes(refusal.retry_after.unwrap_or_default());
                return words.too_many.replace("{wait}", &wait);
            }
            _ => &refusal.detail,
        };
        text.to_owned()
    }

    /// A time to wait, rounded up.
    pub(crate) fn minutes(&self, time: Duration) -> String {
        match time.as_secs().div_ceil(60) {
            0 | 1 => self.refusals.minute.to_owned(),
            minutes => self.refusals.minutes.replace("{n}", &minutes.to_string()),
        }
    }

    /// What an error page of this status says.
    pub(crate) fn error(&self, status: StatusCode, code: &str) -> ErrorWords {
        let words = &self.errors;
        let (title, text) = match (status, code) {
            (StatusCode::NOT_FOUND, _) => (words.not_found, words.not_found_text),
            (StatusCode::FORBIDDEN, "cross-site") => (words.cross_site, words.cross_site_text),
            (StatusCode::FORBIDDEN, _) => (words.forbidden, words.forbidden_text),
            (StatusCode::CONFLICT, _) => (words.conflict, ""),
            (StatusCode::UNAUTHORIZED, _) => (words.unauthorized, words.unauthorized_text),
            (StatusCode::METHOD_NOT_ALLOWED, _) => (words.method, words.method_text),
            (StatusCode::PAYLOAD_TOO_LARGE, _) => (words.large, words.large_text),
            (StatusCode::TOO_MANY_REQUESTS, _) => (words.many, words.many_text),
            (StatusCode::INTERNAL_SERVER_ERROR, _) => (words.internal, words.internal_text),
            (StatusCode::SERVICE_UNAVAILABLE, _) => (words.away, words.away_text),
            _ => (words.other, ""),
        };
        ErrorWords { title, text }
    }

    /// Why a price could not be read.
    pub(crate) const fn price(&self, error: PriceError) -> &'static str {
        match error {
            PriceError::NotANumber => self.offer.not_a_price,
            PriceError::TooFine => self.offer.too_fine,
            PriceError::TooLarge => self.offer.too_large,
        }
    }

    /// The state of a ticket.
    pub(crate) const fn ticket(&self, status: TicketStatus) -> &'static str {
        match status {
            TicketStatus::Available => self.state.available,
            TicketStatus::Reserved => self.state.reserved,
            TicketStatus::Sold => self.state.sold,
            TicketStatus::Withdrawn => self.state.withdrawn,
        }
    }

    /// The state of an order.
    pub(crate) const fn order(&self, status: OrderStatus) -> &'static str {
        match status {
            OrderStatus::Created => self.state.created,
            OrderStatus::AwaitingPayment => self.state.awaiting_payment,
            OrderStatus::Paying => self.state.paying,
            OrderStatus::Complete => self.state.complete,
            OrderStatus::Cancelled => self.state.cancelled,
        }
    }

    /// Why an order was cancelled.
    pub(crate) const fn cancelled(&self, reason: CancelReason) -> &'static str {
        match reason {
            CancelReason::ByBuyer => self.state.by_buyer,
            CancelReason::Expired => self.state.expired,
            CancelReason::TicketUnavailable => self.state.ticket_unavailable,
            CancelReason::PriceChanged => self.state.price_changed,
            CancelReason::PaymentFailed => self.state.payment_failed,
        }
    }
}
