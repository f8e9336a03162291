//! A ticket as it stands in a list.

use askama::Template;
use askama::filters::HtmlSafe;
use common::Money;
use common::event::{TicketSnapshot, TicketStatus};
use serde::Deserialize;

use crate::price;
use crate::text::Texts;
use crate::when::When;

/// A page of a list, as the API gives it.
#[derive(Deserialize)]
pub(crate) struct Listed<T> {
    /// What stands on it.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

/// A ticket as it stands in a list.
#[derive(Template)]
#[template(path = "parts/card.html")]
pub(crate) struct Card {
    t: &'static Texts,
    ticket: TicketSnapshot,
    /// Whether its state is said, too.
    says_state: bool,
}

impl HtmlSafe for Card {}

impl Card {
    /// One of many that are on sale.
    pub(crate) fn on_sale(t: &'static Texts, ticket: TicketSnapshot) -> Self {
        Self { t, ticket, says_state: false }
    }

    /// One of somebody's own.
    pub(crate) fn own(t: &'static Texts, ticket: TicketSnapshot) -> Self {
        Self { t, ticket, says_state: true }
    }

    fn starts_at(&self) -> Option<When> {
        self.ticket.starts_at.map(When::from)
    }
}

/// The class of a ticket's state.
pub(crate) const fn state_class(status: TicketStatus) -> &'static str {
    match status {
        TicketStatus::Available => "available",
        TicketStatus::Reserved => "reserved",
        TicketStatus::Sold => "sold",
        TicketStatus::Withdrawn => "withdrawn",
    }
}

/// A price as people read it.
pub(crate) fn shown(price: &Money) -> String {
    price::show(*price)
}

/// One of six colours, the same for a ticket wherever it stands.
pub(crate) fn tone(ticket: &TicketSnapshot) -> u32 {
    let sum = ticket.title.chars().map(u32::from).fold(0_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(c));
    sum % 6
}
