//! A ticket in a list.

use askama::Template;
use askama::filters::HtmlSafe;
use common::event::{TicketSnapshot, TicketStatus, Word};

use crate::datetime::TimeTag;
use crate::text::Texts;

/// A ticket in a list.
#[derive(Template)]
#[template(path = "ticket_card.html")]
pub(crate) struct TicketCard {
    t: &'static Texts,
    ticket: TicketSnapshot,
    /// Whether the status is shown even while the ticket is on sale.
    shows_status: bool,
}

impl HtmlSafe for TicketCard {}

impl TicketCard {
    /// A card in the list of tickets on sale.
    pub(crate) fn on_sale(t: &'static Texts, ticket: TicketSnapshot) -> Self {
        Self { t, ticket, shows_status: false }
    }

    /// A card in the visitor's own list.
    pub(crate) fn own(t: &'static Texts, ticket: TicketSnapshot) -> Self {
        Self { t, ticket, shows_status: true }
    }

    fn starts_at(&self) -> Option<TimeTag> {
        self.ticket.starts_at.map(TimeTag::from)
    }
}

/// The CSS class of a status.
pub(crate) fn status_class(status: &Word<TicketStatus>) -> &'static str {
    match status.known() {
        Some(TicketStatus::Available) => "available",
        Some(TicketStatus::Reserved) => "reserved",
        Some(TicketStatus::Sold) => "sold",
        Some(TicketStatus::Withdrawn) | None => "withdrawn",
    }
}

/// One of six colors, the same for a ticket on every page.
pub(crate) fn tone(ticket: &TicketSnapshot) -> u32 {
    let sum = ticket.title.chars().map(u32::from).fold(0_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(c));
    sum % 6
}
