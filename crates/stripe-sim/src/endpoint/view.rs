//! The endpoint as Stripe writes it (<https://docs.stripe.com/api/webhook_endpoints/object>).

use serde_json::{Value, json};

use super::Endpoint;
use crate::intent::seconds;

impl Endpoint {
    /// Without its secret, which is told only once.
    pub(crate) fn view(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": null,
            "created": seconds(self.created),
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.disabled { "disabled" } else { "enabled" },
            "url": self.url,
        })
    }

    /// With its newest secret.
    pub(crate) fn view_with_secret(&self) -> Value {
        let mut view = self.view();
        view["secret"] = json!(self.secrets.first().map(|secret| &secret.text));
        view
    }
}
