//! The form of a ticket: what was typed, and what it means.

use common::Currency;
use common::event::TicketSnapshot;
use serde_json::{Value, json};

use crate::faults::{Faults, Known};
use crate::form::Form;
use crate::text::Texts;
use crate::{price, when};

/// What somebody typed about a ticket.
pub(crate) struct Offer {
    pub(crate) title: String,
    pub(crate) venue: String,
    /// A local date and time, or whatever was typed instead.
    pub(crate) starts_at: String,
    /// How many minutes the typed time lies east of UTC; empty: it is UTC.
    pub(crate) offset: String,
    pub(crate) description: String,
    pub(crate) price: String,
    pub(crate) currency: String,
}

impl Offer {
    /// Nothing typed yet.
    pub(crate) fn blank() -> Self {
        let none = String::new;
        Self {
            title: none(),
            venue: none(),
            starts_at: none(),
            offset: none(),
            description: none(),
            price: none(),
            currency: Currency::Usd.code().to_owned(),
        }
    }

    /// What a form sent.
    pub(crate) fn typed(form: &Form) -> Self {
        let get = |name| form.get(name).to_owned();
        Self {
            title: get("title"),
            venue: get("venue"),
            starts_at: get("startsAt"),
            offset: get("offset"),
            description: get("description"),
            price: get("price"),
            currency: get("currency"),
        }
    }

    /// A ticket as it stands.
    pub(crate) fn of(ticket: &TicketSnapshot) -> Self {
        Self {
            title: ticket.title.clone(),
            venue: ticket.venue.clone().unwrap_or_default(),
            starts_at: ticket.starts_at.map(when::for_input).unwrap_or_default(),
            offset: String::new(),
            description: ticket.description.clone().unwrap_or_default(),
            price: price::plain(ticket.price),
            currency: ticket.price.currency.code().to_owned(),
        }
    }

    /// The fields: in the API, in the form and on the page.
    pub(crate) const fn known(t: &Texts) -> [Known; 6] {
        [
            ("title", "title", t.offer.title),
            ("venue", "venue", t.offer.venue),
            ("startsAt", "startsAt", t.offer.starts_at),
            ("description", "description", t.offer.description),
            ("price.amount", "price", t.offer.price),
            ("price.currency", "currency", t.offer.currency),
        ]
    }

    /// The body for the API. What cannot be read is left out or passed on as it is, so that the API refuses the whole
    /// and names the other faults, too; `faults` say it better for these fields.
    pub(crate) fn body(&self, t: &Texts, faults: &mut Faults) -> Value {
        let words = &t.offer;
        let currency = self.currency.trim().parse::<Currency>();
        if currency.is_err() {
            faults.add("currency", words.not_a_currency);
        }
        let amount = match price::parse(&self.price, currency.unwrap_or(Currency::Usd)) {
            Ok(price) => Some(price.amount),
            Err(_) if self.price.trim().is_empty() => {
                faults.add("price", words.price_missing);
                None
            }
            Err(error) => {
                faults.add("price", t.price(error));
                None
            }
        };
        let starts_at = Some(self.starts_at.trim()).filter(|text| !text.is_empty());
        let starts_at = starts_at.map(|text| {
            when::parse(text, self.offset.trim()).map_or_else(
                || {
                    faults.add("startsAt", words.not_a_time);
                    text.to_owned()
                },
                |moment| moment.to_string(),
            )
        });
        json!({
            "title": self.title,
            "venue": self.venue,
            "startsAt": starts_at,
            "description": self.description,
            "price": { "amount": amount, "currency": self.currency.trim() },
        })
    }

    /// The same, as the page shows it again: a time that could be read stands there in UTC, from which the script
    /// makes the reader's own once more.
    pub(crate) fn again(mut self) -> Self {
        if let Some(moment) = when::parse(self.starts_at.trim(), self.offset.trim()) {
            self.starts_at = when::for_input(moment);
        }
        self.offset = String::new();
        self
    }
}
