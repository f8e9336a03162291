//! All texts of the pages. Another language is another value of [`Texts`]; the compiler finds missing texts.

mod english;
mod english_factors;
mod table;

use std::time::Duration;

use common::event::{CancelReason, DisputeStatus, OrderStatus, TicketStatus, Word};
use http::StatusCode;

use crate::api::Refusal;
use crate::price::PriceError;

pub(crate) use english::{ENGLISH, Texts};

/// The texts of an error page.
#[derive(Clone, Copy)]
pub(crate) struct ErrorTexts {
    /// The heading.
    pub(crate) title: &'static str,
    /// One sentence on what happened and what to do; empty if the detail of the problem is better.
    pub(crate) text: &'static str,
}

impl Texts {
    /// The success notice of this name in an address. Returns `None` for any other name.
    pub(crate) fn notice(&self, name: &str) -> Option<&'static str> {
        let notices = &self.notices;
        Some(match name {
            "listed" => notices.listed,
            "edited" => notices.edited,
            "withdrawn" => notices.withdrawn,
            "password" => notices.password,
            "revoked" => notices.revoked,
            "revoked-all" => notices.revoked_all,
            "signed-out" => notices.signed_out,
            "verification" => notices.verification,
            "verified" => notices.verified,
            "email" => notices.email,
            "reset" => notices.reset,
            "authenticator-removed" => notices.authenticator_removed,
            _ => return None,
        })
    }

    /// A dispute, for its buyer.
    pub(crate) fn dispute(&self, dispute: DisputeStatus) -> &'static str {
        let texts = &self.checkout;
        match dispute {
            DisputeStatus::Open => texts.dispute_open,
            DisputeStatus::Won => texts.dispute_won,
            DisputeStatus::Lost => texts.dispute_lost,
        }
    }

    /// A dispute, for the seller.
    pub(crate) fn sale_dispute(&self, dispute: DisputeStatus) -> &'static str {
        let texts = &self.sales;
        match dispute {
            DisputeStatus::Open => texts.dispute_open,
            DisputeStatus::Won => texts.dispute_won,
            DisputeStatus::Lost => texts.dispute_lost,
        }
    }

    /// A service's refusal.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> String {
        let texts = &self.refusals;
        let text = match refusal.code.as_str() {
            "not-signed-in" => texts.not_signed_in,
            "not-yours" => texts.not_yours,
            "email-not-verified" => texts.email_not_verified,
            "email-taken" => texts.email_taken,
            "invalid-credentials" => texts.invalid_credentials,
            "ticket-reserved" => texts.ticket_reserved,
            "ticket-sold" => texts.ticket_sold,
            "ticket-withdrawn" => texts.ticket_withdrawn,
            "price-changed" => texts.price_changed,
            "own-ticket" => texts.own_ticket,
            "order-paying" => texts.order_paying,
            "order-complete" => texts.order_complete,
            "already-verified" => texts.already_verified,
            "token-invalid" => texts.token_invalid,
            "invalid-code" => self.security.invalid_code,
            "challenge-expired" => self.security.challenge_expired,
            "reauthentication-required" => self.security.stale,
            "idempotency-key-reused" => texts.reused,
            "too-many-attempts" | "too-many-requests" => {
                let wait = self.minutes(refusal.retry_after.unwrap_or_default());
                let is_sign_in = refusal.code == "too-many-attempts";
                let text = if is_sign_in { texts.too_many } else { texts.too_many_requests };
                return text.replace("{wait}", &wait);
            }
            _ => &refusal.detail,
        };
        text.to_owned()
    }

    /// An event in the life of an account.
    pub(crate) fn activity(&self, what: &str) -> &'static str {
        let texts = &self.activity;
        match what {
            "sign-up" => texts.sign_up,
            "sign-in" => texts.sign_in,
            "sign-in-failed" => texts.sign_in_failed,
            "sign-out" => texts.sign_out,
            "reauthentication" => texts.reauthentication,
            "session-revoked" => texts.session_revoked,
            "sessions-revoked" => texts.sessions_revoked,
            "address-verified" => texts.address_verified,
            "address-change-requested" => texts.address_change_requested,
            "password-changed" => texts.password_changed,
            "password-reset" => texts.password_reset,
            "authenticator-added" => texts.authenticator_added,
            "authenticator-removed" => texts.authenticator_removed,
            "passkey-added" => texts.passkey_added,
            "passkey-removed" => texts.passkey_removed,
            // Of a newer auth.
            _ => texts.other,
        }
    }

    /// A duration in minutes, rounded up.
    pub(crate) fn minutes(&self, time: Duration) -> String {
        match time.as_secs().div_ceil(60) {
            0 | 1 => self.refusals.minute.to_owned(),
            minutes => self.refusals.minutes.replace("{n}", &minutes.to_string()),
        }
    }

    /// The texts of the error page for this status and code.
    pub(crate) fn error(&self, status: StatusCode, code: &str) -> ErrorTexts {
        let texts = &self.errors;
        let (title, text) = match (status, code) {
            (StatusCode::NOT_FOUND, _) => (texts.not_found, texts.not_found_text),
            (StatusCode::FORBIDDEN, "cross-site") => (texts.cross_site, texts.cross_site_text),
            (StatusCode::FORBIDDEN, _) => (texts.forbidden, texts.forbidden_text),
            (StatusCode::CONFLICT, _) => (texts.conflict, ""),
            (StatusCode::UNAUTHORIZED, _) => (texts.unauthorized, texts.unauthorized_text),
            (StatusCode::METHOD_NOT_ALLOWED, _) => (texts.method, texts.method_text),
            (StatusCode::PAYLOAD_TOO_LARGE, _) => (texts.large, texts.large_text),
            (StatusCode::TOO_MANY_REQUESTS, _) => (texts.many, texts.many_text),
            (StatusCode::INTERNAL_SERVER_ERROR, _) => (texts.internal, texts.internal_text),
            (StatusCode::SERVICE_UNAVAILABLE, _) => (texts.unavailable, texts.unavailable_text),
            _ => (texts.other, ""),
        };
        ErrorTexts { title, text }
    }

    /// The reason why a price does not parse.
    pub(crate) const fn price_error(&self, error: PriceError) -> &'static str {
        match error {
            PriceError::NotANumber => self.ticket_form.not_a_price,
            PriceError::TooManyDecimals => self.ticket_form.too_many_decimals,
            PriceError::TooLarge => self.ticket_form.too_large,
        }
    }

    pub(crate) fn ticket_status(&self, status: &Word<TicketStatus>) -> &'static str {
        match status.known() {
            Some(TicketStatus::Available) => self.status.available,
            Some(TicketStatus::Reserved) => self.status.reserved,
            Some(TicketStatus::Sold) => self.status.sold,
            Some(TicketStatus::Withdrawn) => self.status.withdrawn,
            None => self.status.not_for_sale,
        }
    }

    pub(crate) fn order_status(&self, status: &Word<OrderStatus>) -> &'static str {
        match status.known() {
            Some(OrderStatus::Created) => self.status.created,
            Some(OrderStatus::AwaitingPayment) => self.status.awaiting_payment,
            Some(OrderStatus::Paying) => self.status.paying,
            Some(OrderStatus::Complete) => self.status.complete,
            Some(OrderStatus::Cancelled) => self.status.cancelled,
            None => self.status.in_progress,
        }
    }

    pub(crate) fn cancel_reason(&self, reason: &Word<CancelReason>) -> &'static str {
        match reason.known() {
            Some(CancelReason::ByBuyer) => self.status.by_buyer,
            Some(CancelReason::Expired) => self.status.expired,
            Some(CancelReason::TicketUnavailable) => self.status.ticket_unavailable,
            Some(CancelReason::PriceChanged) => self.status.price_changed,
            Some(CancelReason::PaymentFailed) => self.status.payment_failed,
            None => self.status.no_sale,
        }
    }
}
