//! Typed ids. Each is a `UUIDv7` and travels as a string.

/// Declares id types, distinct so that kinds of ids cannot be mixed up.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(uuid::Uuid);

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            /// Accepts only the hyphenated form, so that each id has one spelling.
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                let id: uuid::fmt::Hyphenated = text.parse()?;
                Ok(Self(id.into_uuid()))
            }
        }
    )+};
}

ids! {
    /// A user.
    UserId,
    /// A session of a user.
    SessionId,
    /// A listed ticket.
    TicketId,
    /// An order of one ticket by one buyer.
    OrderId,
    /// The payment of an order.
    PaymentId,
    /// A published event.
    EventId,
    /// A sign-in that waits for the second factor.
    ChallengeId,
    /// An entry of the audit trail of an account.
    ActivityId,
}

#[cfg(test)]
mod tests {
    use super::TicketId;

    #[test]
    fn only_the_hyphenated_spelling_is_an_id() {
        assert!("0192f0c0-7c1e-7e3a-8000-1234567890ab".parse::<TicketId>().is_ok());
        for other in ["0192f0c07c1e7e3a80001234567890ab", "{0192f0c0-7c1e-7e3a-8000-1234567890ab}", "", "7"] {
            assert!(other.parse::<TicketId>().is_err(), "{other}");
        }
    }
}
