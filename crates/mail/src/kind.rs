//! The kinds of emails, with the parameters of each.

use std::fmt;

use common::{Money, OrderId, TicketId, Time};
use serde::{Deserialize, Serialize};

/// A secret that only its recipient may know, such as the token of a link. `Debug` omits it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret as text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A factor of sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// An authenticator app.
    Authenticator,
    /// A passkey.
    Passkey,
}

/// A kind of email, with its parameters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Kind {
    /// The link that verifies the address of an account.
    VerifyAddress {
        /// The token of the link.
        token: Secret,
    },
    /// The link that confirms a new address, sent to that address.
    ConfirmAddress {
        /// The token of the link.
        token: Secret,
    },
    /// The notice of a requested change, sent to the present address.
    AddressChanged {
        /// The new address.
        new: String,
    },
    /// The link that sets a new password.
    PasswordReset {
        /// The token of the link.
        token: Secret,
    },
    /// The notice that the password was changed.
    PasswordChanged {
        /// The time of the change.
        at: Time,
    },
    /// The notice of a sign-in from a browser that had not signed in to the account before.
    NewBrowser {
        /// The time of the sign-in.
        at: Time,
        /// The name of the browser, if the request had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        browser: Option<String>,
    },
    /// The notice of a new factor of sign-ins.
    FactorAdded {
        /// The factor.
        factor: Factor,
        /// The time of the change.
        at: Time,
    },
    /// The notice of a factor that is gone.
    FactorRemoved {
        /// The factor.
        factor: Factor,
        /// The time of the change.
        at: Time,
    },
    /// The order is complete, sent to the buyer. With a calendar file if the start is known.
    OrderComplete {
        /// The order.
        order: OrderId,
        /// The title of the ticket.
        title: String,
        /// The paid price.
        price: Money,
        /// The venue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        venue: Option<String>,
        /// The start of the event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        starts_at: Option<Time>,
    },
    /// The order was not paid in time, sent to the buyer.
    OrderExpired {
        /// The ticket.
        ticket: TicketId,
        /// The title of the ticket.
        title: String,
    },
    /// The ticket was sold, sent to the seller.
    TicketSold {
        /// The title of the ticket.
        title: String,
        /// The price.
        price: Money,
    },
    /// Money was returned, sent to the buyer.
    OrderRefunded {
        /// The order.
        order: OrderId,
        /// The title of the ticket.
        title: String,
        /// The amount that was returned so far.
        amount: Money,
    },
    /// Money was returned to the buyer, sent to the seller.
    SaleRefunded {
        /// The title of the ticket.
        title: String,
        /// The amount that was returned so far.
        amount: Money,
    },
}

impl Kind {
    /// The name of the kind, for metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VerifyAddress { .. } => "verify-address",
            Self::ConfirmAddress { .. } => "confirm-address",
            Self::AddressChanged { .. } => "address-changed",
            Self::PasswordReset { .. } => "password-reset",
            Self::PasswordChanged { .. } => "password-changed",
            Self::NewBrowser { .. } => "new-browser",
            Self::FactorAdded { .. } => "factor-added",
            Self::FactorRemoved { .. } => "factor-removed",
            Self::OrderComplete { .. } => "order-complete",
            Self::OrderExpired { .. } => "order-expired",
            Self::TicketSold { .. } => "ticket-sold",
            Self::OrderRefunded { .. } => "order-refunded",
            Self::SaleRefunded { .. } => "sale-refunded",
        }
    }
}

/// Without the parameters: tokens and addresses stay out of logs.
impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
