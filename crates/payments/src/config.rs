//! The settings of the service: access to Stripe, and the secrets of Stripe's webhooks.

use std::fmt;

/// The settings that an operator decides.
#[derive(Clone)]
pub struct Config {
    /// The address of Stripe's API; `None` for Stripe's own.
    pub stripe_url: Option<String>,
    /// Stripe's secret key, `sk_...`.
    pub secret_key: String,
    /// Stripe's key for the buyer's browser, `pk_...`.
    pub publishable_key: String,
    /// The secrets that sign webhooks: several during a rotation.
    pub webhook_secrets: Vec<String>,
    /// The address of Stripe's script for the buyer's browser.
    pub stripe_js: String,
    /// Whether a key that moves real money is accepted.
    pub allow_live: bool,
}

/// A configuration with which the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A live key without permission: perhaps a copied configuration.
    #[error("the Stripe key moves real money; use a test key, or allow live keys with STRIPE_ALLOW_LIVE")]
    LiveKey,
    /// Without a secret, forged webhooks cannot be detected.
    #[error("a webhook secret is missing or empty; set STRIPE_WEBHOOK_SECRET")]
    NoWebhookSecret,
    /// The address or the key is malformed.
    #[error("Stripe's address or key is malformed; check both")]
    Client,
}

impl Config {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let live = |key: &str| key.starts_with("sk_live_") || key.starts_with("rk_live_");
        if live(&self.secret_key) && !self.allow_live {
            return Err(ConfigError::LiveKey);
        }
        // An empty secret is a public one.
        if self.webhook_secrets.is_empty() || self.webhook_secrets.iter().any(String::is_empty) {
            return Err(ConfigError::NoWebhookSecret);
        }
        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("stripe_url", &self.stripe_url)
            .field("publishable_key", &self.publishable_key)
            .field("stripe_js", &self.stripe_js)
            .field("allow_live", &self.allow_live)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(secret_key: &str, allow_live: bool) -> Config {
        Config {
            stripe_url: None,
            secret_key: secret_key.into(),
            publishable_key: "pk_test_sim".into(),
            webhook_secrets: vec!["whsec_sim".into()],
            stripe_js: "https://js.stripe.com/v3/".into(),
            allow_live,
        }
    }

    #[test]
    fn a_key_that_moves_real_money_must_be_meant() {
        assert!(config("sk_test_1", false).check().is_ok());
        assert!(config("sk_live_1", true).check().is_ok());
        for key in ["sk_live_1", "rk_live_1"] {
            assert!(matches!(config(key, false).check(), Err(ConfigError::LiveKey)), "{key}");
        }
    }

    #[test]
    fn webhooks_cannot_be_signed_with_nothing() {
        for webhook_secrets in [vec![], vec![String::new()], vec!["whsec_sim".into(), String::new()]] {
            let config = Config { webhook_secrets, ..config("sk_test_1", false) };
            assert!(matches!(config.check(), Err(ConfigError::NoWebhookSecret)));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", config("sk_test_hidden", false));
        assert!(!shown.contains("sk_test_hidden") && !shown.contains("whsec_sim"), "{shown}");
    }
}
