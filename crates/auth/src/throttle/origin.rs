//! The origin of an attempt: the client's address, and the browser if it has signed in before.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use common::Problem;
use common::http::{ClientAddress, HttpContext};

use crate::Accounts;
use crate::device::Device;
use crate::domain::clean_user_agent;
use crate::security;

/// The origin of a request that proves who its sender is.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) address: IpAddr,
    pub(crate) device: Option<Device>,
    pub(crate) user_agent: Option<String>,
}

/// The origin of a request of a browser that is not known.
impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self { address, device: None, user_agent: None }
    }
}

impl FromRequestParts<Accounts> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, accounts: &Accounts) -> Result<Self, Problem> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, accounts).await?;
        let context = HttpContext::from_request_parts(parts, accounts).await?;
        let user_agent = parts.headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
        Ok(Self {
            address,
            device: Device::of(&parts.headers, &context, &accounts.key),
            user_agent: user_agent.and_then(clean_user_agent),
        })
    }
}

/// The origin of a sign-up, if the limit allows one more. An extractor, since 429 precedes every fault of the body.
pub(crate) struct SignUpAllowed(pub(crate) Origin);

impl FromRequestParts<Accounts> for SignUpAllowed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, accounts: &Accounts) -> Result<Self, Problem> {
        let origin = Origin::from_request_parts(parts, accounts).await?;
        let allowed = accounts.throttle.may_sign_up(origin.address, accounts.now()).await?;
        allowed.inspect_err(|_| security::sign_up_throttled())?;
        Ok(Self(origin))
    }
}
