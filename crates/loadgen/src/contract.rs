//! The differences of the contracts: this marketplace's, and that of the course "Microservices with Node JS and
//! React", whose ticketing app many programmers have built.

use clap::ValueEnum;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::client::Reply;
use crate::request::Request;

/// The form of the test card that always succeeds, as a browser posts it to the card processor.
pub const CARD: &str = "payment_method_data[type]=card&payment_method_data[card][number]=4242424242424242\
    &payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2034\
    &payment_method_data[card][cvc]=123";

/// The JSON that a target speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Contract {
    /// This marketplace's own.
    Marketplace,
    /// That of the course's app: prices are floating-point numbers, cards are tokens.
    Course,
}

/// A listed ticket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    pub(crate) id: String,
    /// The price in hundredths.
    pub(crate) cents: u32,
    /// The number of the person who sells it.
    pub(crate) seller: usize,
}

impl Contract {
    /// Returns `None` if the contract has no search.
    pub(crate) fn search(self, word: &str) -> Option<Request> {
        (self == Self::Marketplace).then(|| Request::get("search", format!("/api/tickets?q={word}")))
    }

    pub(crate) fn sell(self, title: &str, cents: u32) -> Request {
        Request::post("sell", "/api/tickets", 201, json!({ "title": title, "price": self.price(cents) }))
    }

    pub(crate) fn order(self, ticket: &Ticket) -> Request {
        let body = match self {
            Self::Marketplace => json!({ "ticketId": ticket.id, "price": self.price(ticket.cents) }),
            Self::Course => json!({ "ticketId": ticket.id }),
        };
        Request::post("order", "/api/orders", 201, body)
    }

    pub(crate) fn pay(self, order: &str) -> Request {
        let body = match self {
            Self::Marketplace => json!({ "orderId": order }),
            Self::Course => json!({ "orderId": order, "token": "tok_visa" }),
        };
        Request::post("pay", "/api/payments", 201, body)
    }

    /// The browser's request to the card processor after [`Contract::pay`]. `None`: there is none, the payment is made.
    ///
    /// # Errors
    /// The card processor is not the simulator.
    pub(crate) fn enter_card(self, payment: &Value) -> Result<Option<Request>, String> {
        if self == Self::Course {
            return Ok(None);
        }
        let [secret, key, script] =
            ["clientSecret", "publishableKey", "stripeJs"].map(|field| payment[field].as_str().unwrap_or(""));
        let origin = Url::parse(script).map_err(|_| "a payment has no `stripeJs`")?.origin();
        let origin = origin.ascii_serialization();
        if origin.ends_with("stripe.com") || key != "pk_test_sim" {
            return Err(format!(
                "the target's card processor is {origin}, not the simulator: purchases are made with test cards only"
            ));
        }
        let intent = secret.split("_secret").next().unwrap_or_default();
        let url = format!("{origin}/v1/payment_intents/{intent}/confirm");
        let form = Some((key.to_owned(), format!("client_secret={secret}&{CARD}")));
        Ok(Some(Request { form, ..Request::new("card", Method::POST, url, 200) }))
    }

    fn price(self, cents: u32) -> Value {
        match self {
            Self::Marketplace => json!({ "amount": cents, "currency": "USD" }),
            Self::Course => json!(f64::from(cents) / 100.0),
        }
    }

    /// Whether a price in a reply is this one.
    pub(crate) fn is_price(self, price: &Value, cents: u32) -> bool {
        match self {
            Self::Marketplace => *price == self.price(cents),
            Self::Course => {
                price.as_f64().is_some_and(|price| (price - f64::from(cents) / 100.0).abs() < 0.001)
            }
        }
    }

    /// Whether a ticket, read after its order was complete, belongs to that order.
    pub(crate) fn is_sold(self, ticket: &Value, order: &str) -> bool {
        match self {
            Self::Marketplace => ticket["status"] == "sold",
            Self::Course => ticket["orderId"] == order,
        }
    }

    /// Whether the reply refuses an order since the ticket is another buyer's.
    pub(crate) fn is_taken(self, reply: &Reply) -> bool {
        match (self, reply.status) {
            (Self::Marketplace, 409) => matches!(&*self.code(reply), "ticket-reserved" | "ticket-sold"),
            (Self::Course, 400) => self.code(reply) == "Ticket is already reserved",
            _ => false,
        }
    }

    /// Whether the service has not received yet what another published a moment ago, and the client must try again. The
    /// marketplace waits itself.
    pub(crate) fn is_behind(self, request: &Request, reply: &Reply) -> bool {
        self == Self::Course && request.method == Method::POST && reply.status == 404
    }

    /// The word for the outcome of a reply that is no success.
    pub(crate) fn code(self, reply: &Reply) -> String {
        let body = reply.json();
        let code = match self {
            Self::Marketplace => body["code"].as_str(),
            Self::Course => body["errors"][0]["message"].as_str(),
        };
        code.or(reply.failure).unwrap_or_default().to_owned()
    }
}
