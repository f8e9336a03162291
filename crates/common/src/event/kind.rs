//! Every event that a service announces.

use serde::{Deserialize, Serialize};

use super::snapshot::{
    DeadlinePassed, OrderSnapshot, PaymentSnapshot, ReservationRefused, SessionRevoked, TicketSnapshot,
};

/// Declares the events once: the variant, the subject on the wire, the schema and the payload.
macro_rules! events {
    ($($variant:ident => $subject:literal, $schema:literal, $payload:ty;)+) => {
        /// Something that happened, with the data that others need to act on it.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "subject", content = "data")]
        pub enum Event {
            $(
                #[doc = concat!("`", $subject, "`")]
                #[serde(rename = $subject)]
                $variant($payload),
            )+
        }

        /// The name of a kind of event: `<aggregate>.<event>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Subject {
            $(#[doc = concat!("`", $subject, "`")] $variant,)+
        }

        impl Event {
            /// The subject on which it is published.
            pub const fn subject(&self) -> Subject {
                match self { $(Self::$variant(_) => Subject::$variant,)+ }
            }
        }

        impl Subject {
            /// Every subject.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The subject as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $subject,)+ }
            }

            /// The present shape of its data.
            pub const fn schema(self) -> u32 {
                match self { $(Self::$variant => $schema,)+ }
            }
        }
    };
}

events! {
    TicketCreated => "ticket.created", 1, TicketSnapshot;
    TicketUpdated => "ticket.updated", 1, TicketSnapshot;
    TicketReserved => "ticket.reserved", 1, TicketSnapshot;
    TicketReleased => "ticket.released", 1, TicketSnapshot;
    TicketSold => "ticket.sold", 1, TicketSnapshot;
    TicketWithdrawn => "ticket.withdrawn", 1, TicketSnapshot;
    TicketReservationRefused => "ticket.reservation-refused", 1, ReservationRefused;
    OrderCreated => "order.created", 1, OrderSnapshot;
    OrderAwaitingPayment => "order.awaiting-payment", 1, OrderSnapshot;
    OrderPaymentAccepted => "order.payment-accepted", 1, OrderSnapshot;
    OrderCompleted => "order.completed", 1, OrderSnapshot;
    OrderCancelled => "order.cancelled", 1, OrderSnapshot;
    ExpirationCompleted => "expiration.completed", 1, DeadlinePassed;
    PaymentAuthorized => "payment.authorized", 1, PaymentSnapshot;
    PaymentCaptured => "payment.captured", 1, PaymentSnapshot;
    PaymentFailed => "payment.failed", 1, PaymentSnapshot;
    PaymentVoided => "payment.voided", 1, PaymentSnapshot;
    PaymentRefunded => "payment.refunded", 1, PaymentSnapshot;
    PaymentDisputed => "payment.disputed", 1, PaymentSnapshot;
    SessionRevoked => "session.revoked", 1, SessionRevoked;
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|subject| subject.as_str() == text).ok_or(())
    }
}
