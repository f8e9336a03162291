//! The form of a ticket: its fields as typed, and the API body that they make.

use common::Currency;
use common::event::TicketSnapshot;
use serde_json::{Value, json};

use crate::form::{FieldNames, Form, FormErrors};
use crate::text::Texts;
use crate::{datetime, price};

/// The fields as typed.
pub(crate) struct TicketForm {
    pub(crate) title: String,
    pub(crate) venue: String,
    /// A local date and time, or any other text.
    pub(crate) starts_at: String,
    /// The offset of `starts_at` in minutes east of UTC; empty for UTC.
    pub(crate) offset: String,
    pub(crate) description: String,
    pub(crate) price: String,
    pub(crate) currency: String,
}

impl TicketForm {
    pub(crate) fn empty() -> Self {
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

    pub(crate) fn from_sent(form: &Form) -> Self {
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

    pub(crate) fn from_ticket(ticket: &TicketSnapshot) -> Self {
        Self {
            title: ticket.title.clone(),
            venue: ticket.venue.clone().unwrap_or_default(),
            starts_at: ticket.starts_at.map(datetime::input_value).unwrap_or_default(),
            offset: String::new(),
            description: ticket.description.clone().unwrap_or_default(),
            price: price::to_decimal(ticket.price),
            currency: ticket.price.currency.code().to_owned(),
        }
    }

    pub(crate) const fn fields(t: &Texts) -> [FieldNames; 6] {
        [
            ("title", "title", t.ticket_form.title),
            ("venue", "venue", t.ticket_form.venue),
            ("startsAt", "startsAt", t.ticket_form.starts_at),
            ("description", "description", t.ticket_form.description),
            ("price.amount", "price", t.ticket_form.price),
            ("price.currency", "currency", t.ticket_form.currency),
        ]
    }

    /// The body for the API. A field that does not parse adds to `errors` and is omitted or sent as typed, so that the
    /// API refuses the body and names the errors of all other fields, too.
    pub(crate) fn body(&self, t: &Texts, errors: &mut FormErrors) -> Value {
        let texts = &t.ticket_form;
        let currency = self.currency.trim().parse::<Currency>();
        if currency.is_err() {
            errors.add("currency", texts.not_a_currency);
        }
        let amount = match price::parse(&self.price, currency.unwrap_or(Currency::Usd)) {
            Ok(price) => Some(price.amount),
            Err(_) if self.price.trim().is_empty() => {
                errors.add("price", texts.price_missing);
                None
            }
            Err(error) => {
                errors.add("price", t.price_error(error));
                None
            }
        };
        let starts_at = Some(self.starts_at.trim()).filter(|text| !text.is_empty());
        let starts_at = starts_at.map(|text| {
            datetime::parse(text, self.offset.trim()).map_or_else(
                || {
                    errors.add("startsAt", texts.not_a_time);
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

    /// The form for another try: a time that parses is converted to UTC, which the script localizes again.
    pub(crate) fn redisplayed(mut self) -> Self {
        if let Some(moment) = datetime::parse(self.starts_at.trim(), self.offset.trim()) {
            self.starts_at = datetime::input_value(moment);
        }
        self.offset = String::new();
        self
    }
}
