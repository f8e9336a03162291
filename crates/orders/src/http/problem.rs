//! Refusals in the caller's words.

use common::Problem;

use crate::domain::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::OwnTicket => {
                ("own-ticket", "This is your own ticket; withdraw it if you want to keep it.")
            }
            Refusal::TicketSold => ("ticket-sold", "This ticket is sold; look for another one."),
            Refusal::TicketWithdrawn => {
                ("ticket-withdrawn", "The seller took this ticket back; look for another one.")
            }
            Refusal::TicketReserved => (
                "ticket-reserved",
                "Somebody else is buying this ticket; if they do not pay in time it is on sale again.",
            ),
            Refusal::ReservedByYou => (
                "ticket-reserved",
                "You have ordered this ticket already; pay for that order, or cancel it first.",
            ),
            Refusal::PriceChanged => {
                ("price-changed", "The price has changed since you saw it; look at the ticket again.")
            }
            Refusal::Paying => (
                "order-paying",
                "The payment of this order is under way, so it cannot be cancelled any more.",
            ),
            Refusal::Complete => {
                ("order-complete", "This order is paid, so it cannot be cancelled any more.")
            }
        };
        Self::conflict(code, detail)
    }
}
