//! Rolling a secret: for a while the former one signs, too
//! (<https://docs.stripe.com/webhooks#roll-endpoint-secrets>).

use std::time::Duration;

use common::Time;

use super::{Endpoint, Secret};
use crate::error::ApiError;
use crate::param::Params;

/// Stripe's longest.
const LONGEST: u64 = 24 * 60 * 60;

/// For how long the former secret signs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rolling(Duration);

impl Rolling {
    /// `expires_in`: seconds; a day if it is not said.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.only(&["expires_in"])?;
        let seconds = match params.int("expires_in")? {
            None => Some(LONGEST),
            Some(seconds) => u64::try_from(seconds).ok().filter(|seconds| *seconds <= LONGEST),
        };
        seconds.map(|seconds| Self(Duration::from_secs(seconds))).ok_or_else(|| {
            let message = format!("Invalid integer: the former secret may sign for 0 to {LONGEST} seconds.");
            ApiError::parameter("parameter_invalid_integer", "expires_in", message)
        })
    }
}

impl Endpoint {
    /// The endpoint with this secret before the others, which end sometime.
    pub(crate) fn roll(&self, secret: String, rolling: Rolling, now: Time) -> Self {
        let end = now.after(rolling.0);
        let former = self.secrets.iter().cloned();
        let former = former
            .map(|secret| Secret { until: Some(secret.until.map_or(end, |until| until.min(end))), ..secret })
            .filter(|secret| secret.until.is_some_and(|until| now < until));
        let secrets = std::iter::once(Secret { text: secret, until: None }).chain(former).collect();
        Self { version: self.version + 1, secrets, ..self.clone() }
    }
}
