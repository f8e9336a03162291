//! The actions that an account may take only once its email address is verified.

use std::str::FromStr;

use http::StatusCode;

use crate::Problem;

/// The actions that an account may take only once its email address is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VerifiedEmail {
    /// Nothing.
    #[default]
    Off,
    /// List and edit tickets.
    Sell,
    /// Order and pay.
    Buy,
    /// All of that.
    Both,
}

impl VerifiedEmail {
    /// Whether listing and editing tickets needs a verified address.
    pub fn to_sell(self) -> bool {
        matches!(self, Self::Sell | Self::Both)
    }

    /// Whether ordering and paying needs a verified address.
    pub fn to_buy(self) -> bool {
        matches!(self, Self::Buy | Self::Both)
    }
}

impl FromStr for VerifiedEmail {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "off" => Self::Off,
            "sell" => Self::Sell,
            "buy" => Self::Buy,
            "both" => Self::Both,
            _ => return Err("must be `off`, `sell`, `buy` or `both`"),
        })
    }
}

/// The user's email address must be verified before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the email address is not verified")]
pub struct EmailNotVerified;

impl From<EmailNotVerified> for Problem {
    fn from(_: EmailNotVerified) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "email-not-verified",
            "Verify your email address first, by the link in the email; `POST /api/users/verification` sends it again, \
             and `GET /api/users/currentuser` then renews the session cookie.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_names_what_needs_a_verified_address() {
        let needs = |name: &str| name.parse::<VerifiedEmail>().map(|needs| (needs.to_sell(), needs.to_buy()));
        assert_eq!(needs("off"), Ok((false, false)));
        assert_eq!(needs("sell"), Ok((true, false)));
        assert_eq!(needs("buy"), Ok((false, true)));
        assert_eq!(needs("both"), Ok((true, true)));
        for wrong in ["", "on", "Both", "sell,buy"] {
            assert!(needs(wrong).is_err(), "{wrong}");
        }
    }
}
